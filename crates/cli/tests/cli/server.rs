//! A server whose life the test controls.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};

/// A server that says where it listens. It ends with this value.
pub struct Server {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
    /// What it said first.
    pub line: String,
}

impl Server {
    /// Starts `sheaf serve` and waits for its line.
    pub fn start(command: &mut Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        Self {
            child,
            stdout,
            stderr,
            line,
        }
    }

    /// `ADDRESS:PORT`.
    pub fn address(&self) -> &str {
        self.line
            .trim_end()
            .strip_prefix("listening on http://")
            .unwrap()
    }

    /// Sends a signal, such as `TERM`.
    pub fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &line]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for a log line that has this in it.
    pub fn wait_for_log(&mut self, part: &str) {
        let mut line = String::new();
        while !line.contains(part) {
            line.clear();
            assert_ne!(
                self.stderr.read_line(&mut line).unwrap(),
                0,
                "no '{part}' in the log"
            );
        }
    }

    /// How it ended, and what it said on standard output since its first line.
    pub fn end(mut self) -> (ExitStatus, String) {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap(), rest)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `sheaf serve` on a free port with this data folder.
pub fn serve(home: &Path, data: &str) -> Command {
    let mut command = crate::command::sheaf(home);
    command.args(["serve", "--listen", "127.0.0.1:0", "--data", data]);
    command
}
