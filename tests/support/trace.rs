use std::fs;
use std::process::Command;
use std::thread::{self, JoinHandle};

use crate::binary::sheaf;
use crate::{Ran, Server};

/// A server below `strace`, which notes its system calls.
#[derive(Debug)]
pub struct Trace {
    /// The server.
    pub server: Server,
    reader: JoinHandle<String>,
}

/// A system call that came back, with the paths of its file descriptors.
#[derive(Debug, Clone)]
pub struct Syscall {
    /// As `fsync`.
    pub name: String,
    /// From its opening parenthesis on, as strace writes it.
    pub rest: String,
}

impl Trace {
    /// Starts a server of which these system calls are noted.
    ///
    /// # Panics
    /// When strace is missing or may not trace.
    pub fn start(calls: &str) -> Self {
        let probe = Ran::of(Command::new("strace").args(["-e", "trace=none", "true"]));
        assert!(
            probe.clone().stderr.contains("exited with 0"),
            "strace cannot trace here (in a container it needs the capability SYS_PTRACE): {probe:?}"
        );
        let folder = tempfile::tempdir().expect("a temporary folder");
        let pipe = folder.path().join("strace");
        Ran::of(Command::new("mkfifo").arg(&pipe)).success();
        let mut strace = Command::new("strace");
        // With -D the server, not strace, is the child that the test ends.
        strace.args([
            "-D",
            "-f",
            "-y",
            "-s",
            "32",
            "-e",
            &format!("trace={calls}"),
            "-o",
        ]);
        strace.arg(&pipe).arg(sheaf());
        let reader = thread::spawn(move || fs::read_to_string(pipe).expect("strace's words"));
        let server = Server::start_as(strace);
        // The pipe needs its name no longer: strace has opened it.
        drop(folder);
        Self { server, reader }
    }

    /// Ends the server and gives its system calls, in the order in which they came back.
    pub fn finish(mut self) -> Vec<Syscall> {
        self.server.kill();
        let text = self.reader.join().expect("strace's words");
        completed(&text)
    }
}

/// Puts calls that were interrupted by another thread's together again, at the place where they
/// came back.
fn completed(text: &str) -> Vec<Syscall> {
    let mut begun: Vec<(&str, &str)> = Vec::new();
    let mut calls = Vec::new();
    for line in text.lines() {
        let Some((pid, call)) = line.split_once(' ') else {
            continue;
        };
        let call = call.trim_start();
        if let Some(start) = call.strip_suffix("<unfinished ...>") {
            begun.push((pid, start));
        } else if let Some((_, end)) = call.split_once(" resumed>") {
            let at = begun.iter().rposition(|(of, _)| *of == pid);
            let start = at.map_or("", |at| begun.remove(at).1);
            calls.extend(syscall(&format!("{start}{end}")));
        } else {
            calls.extend(syscall(call));
        }
    }
    calls
}

fn syscall(text: &str) -> Option<Syscall> {
    let at = text.find('(')?;
    let (name, rest) = text.split_at(at);
    Some(Syscall {
        name: name.to_owned(),
        rest: rest.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn interrupted_calls_stand_where_they_came_back() {
        let text = "7 fsync(3</a> <unfinished ...>\n\
                    8 write(4, \"x\", 1) = 1\n\
                    7 <... fsync resumed>) = 0\n\
                    7 +++ exited with 0 +++\n";
        let calls = completed(text);
        let names: Vec<_> = calls.iter().map(|call| call.name.as_str()).collect();
        assert_eq!(names, ["write", "fsync"]);
        assert_eq!(calls[1].rest, "(3</a> ) = 0");
    }
}
