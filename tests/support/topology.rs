use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;

use tempfile::TempDir;

use crate::binary::sheaf;
use crate::{Access, Client, Ran, skip};

/// What the script ends with when a program is missing.
const MISSING: i32 = 75;

/// Two servers behind a balancer, over Postgres and Garage, as `tests/topology/run` starts them. They end with
/// this value.
#[derive(Debug)]
pub struct Topology {
    script: Child,
    url: String,
    token: String,
    folder: TempDir,
}

impl Topology {
    /// Starts all of it. None, after saying so, when a program is missing.
    ///
    /// # Panics
    /// When one is missing though `CI=true`.
    pub fn start() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut script = Command::new(root.join("topology/run"))
            .arg(folder.path())
            .env("SHEAF_BINARY", sheaf())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a script that starts");
        let stdout = script.stdout.take().expect("its standard output");
        let mut line = String::new();
        let read = BufReader::new(stdout).read_line(&mut line);
        read.expect("a line of the script");
        let Some(url) = line.trim_end().strip_prefix("listening on ") else {
            let ended = script.wait().expect("a script that ends");
            assert_eq!(ended.code(), Some(MISSING), "see its errors above");
            skip("a program of the topology is missing, see above");
            return None;
        };
        let token = fs::read_to_string(folder.path().join("admin-token"));
        Some(Self {
            url: url.to_owned(),
            token: token.expect("an admin token").trim().to_owned(),
            script,
            folder,
        })
    }

    /// The registry as its administrator sees it, through the balancer.
    pub fn admin(&self) -> Access {
        Access::of_url(&self.url, Some(&self.token))
    }

    /// The `sheaf` command of an administrator, through the balancer.
    pub fn client(&self) -> Client {
        Client::new(&self.url, Some(&self.token))
    }

    /// Ends a server with `kill -9`.
    pub fn kill(&self, server: &str) {
        signal("KILL", &self.pid(server));
    }

    /// Ends a server as an administrator would, and waits until it is there again.
    pub fn restart(&self, server: &str) {
        let before = self.pid(server);
        signal("TERM", &before);
        while self.pid(server) == before {
            thread::yield_now();
        }
        self.wait(server);
    }

    /// Until a server is ready.
    pub fn wait(&self, server: &str) {
        let address = self.read(&format!("addresses/{server}"));
        let access = Access::of_url(&format!("http://{address}"), None);
        while access.get("/readyz").status != 200 {}
    }

    fn pid(&self, server: &str) -> String {
        self.read(&format!("pids/{server}"))
    }

    fn read(&self, name: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        let text = fs::read_to_string(path).expect("a file of the script");
        text.trim().to_owned()
    }
}

impl Drop for Topology {
    fn drop(&mut self) {
        signal("TERM", &self.script.id().to_string());
        // It ends all that it started first.
        let _ = self.script.wait();
    }
}

/// The shell has a `kill` of its own, the system may have none.
fn signal(signal: &str, pid: &str) {
    Ran::of(Command::new("sh").args(["-c", "kill -$0 $1", signal, pid])).success();
}
