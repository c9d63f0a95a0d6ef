use std::path::Path;
use std::process::Command;

use crate::binary::sheaf;
use crate::{Access, Ran, Server, skip};

/// What an administrator was given, since nobody outside can read the small disk.
const SECRET: &str = "secret-of-the-small-disk";

/// A server whose data folder is a disk of its own, of a few megabytes.
#[derive(Debug)]
pub struct SmallDisk {
    server: Server,
}

impl SmallDisk {
    /// Starts a server on a disk of so many MiB. None, after saying so, where no disk can be mounted.
    ///
    /// # Panics
    /// When none can be mounted though `CI=true`.
    pub fn start(mebibytes: u32) -> Option<Self> {
        let probe = "mount -t tmpfs tmpfs /mnt";
        let mut probe = below("unshare", &["--user", "--map-root-user", "--mount"], probe);
        if !Ran::of(&mut probe).succeeded() {
            skip("no disk can be mounted here: that needs user namespaces");
            return None;
        }
        // Below the shell stands `sheaf serve … --data FOLDER`: the last word is where to mount.
        let script = format!(
            "for data; do :; done; mkdir -p \"$data\" && \
             mount -t tmpfs -o size={mebibytes}m tmpfs \"$data\" && exec \"$@\""
        );
        let mut command = below(
            "unshare",
            &["--user", "--map-root-user", "--mount"],
            &script,
        );
        command
            .arg("sh")
            .arg(sheaf())
            .env("SHEAF_ADMIN_TOKEN", SECRET);
        let server = Server::start_as(command);
        Some(Self { server })
    }

    /// The server as its administrator sees it.
    pub fn admin(&self) -> Access {
        self.server.with_secret(SECRET)
    }

    /// Makes the disk larger, as an administrator would who was told that it is full.
    pub fn grow(&self, mebibytes: u32) {
        let pid = self.server.pid().to_string();
        let data = self.server.data();
        let script = format!("mount -o remount,size={mebibytes}m {}", Path::display(data));
        let options = [
            "--target",
            &pid,
            "--user",
            "--mount",
            "--preserve-credentials",
        ];
        Ran::of(&mut below("nsenter", &options, &script)).success();
    }
}

fn below(command: &str, options: &[&str], script: &str) -> Command {
    let mut below = Command::new(command);
    below.args(options).args(["sh", "-c", script]);
    below
}
