use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use crate::Ran;
use crate::binary::sheaf;

/// The `sheaf` command of somebody with a home folder of their own, where nothing is cached.
#[derive(Debug)]
pub struct Client {
    server: Option<String>,
    token: Option<String>,
    home: Arc<TempDir>,
}

impl Client {
    pub(crate) fn new(server: &str, token: Option<&str>) -> Self {
        Self {
            server: Some(server.to_owned()),
            token: token.map(str::to_owned),
            home: temporary_folder(),
        }
    }

    /// Somebody in a home folder that is there already, told no token.
    pub(crate) fn at_home(server: &str, home: Arc<TempDir>) -> Self {
        Self {
            server: Some(server.to_owned()),
            token: None,
            home,
        }
    }

    /// Somebody who was told neither a server nor a token.
    pub fn bare() -> Self {
        Self {
            server: None,
            token: None,
            home: temporary_folder(),
        }
    }

    /// The home folder, which is also where the commands run.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A path below the home folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Runs `sheaf` with these arguments.
    pub fn run(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
        Ran::of(self.command().args(arguments))
    }

    /// Runs a `sheaf serve` that will not start, without the log that would stand beside its error.
    pub fn serve(&self, arguments: &[&str]) -> Ran {
        let mut command = self.command();
        command.env("SHEAF_LOG_FILTER", "off").arg("serve");
        Ran::of(command.args(arguments))
    }

    /// `sheaf`, to be started with more arguments.
    pub fn command(&self) -> Command {
        self.own(Command::new(sheaf()))
    }

    /// Runs a script as somebody types it into a shell, in the home folder. `corpus` is where real
    /// weights are kept.
    pub fn shell(&self, script: &str, corpus: &Path) -> Ran {
        let mut shell = self.own(Command::new("bash"));
        let options = ["-e", "-o", "pipefail", "-O", "expand_aliases", "-c", script];
        Ran::of(shell.args(options).env("SHEAF_CORPUS", corpus))
    }

    fn own(&self, mut command: Command) -> Command {
        without_settings(&mut command, self.home());
        command.current_dir(self.home());
        let settings = [("SHEAF_SERVER", &self.server), ("SHEAF_TOKEN", &self.token)];
        for (name, value) in settings {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command
    }
}

/// Takes the settings of whoever runs the tests away from a command.
pub(crate) fn without_settings(command: &mut Command, home: &Path) {
    let foreign = |name: &str| {
        name.starts_with("SHEAF_")
            || name.starts_with("AWS_")
            || name.starts_with("XDG_")
            || name.ends_with("_proxy")
    };
    for (name, _) in env::vars_os() {
        let kept = command.get_envs().any(|(set, _)| set == name);
        if !kept && name.to_str().is_some_and(foreign) {
            command.env_remove(name);
        }
    }
    command.env("HOME", home);
}

pub(crate) fn temporary_folder() -> Arc<TempDir> {
    Arc::new(tempfile::tempdir().expect("a temporary folder"))
}
