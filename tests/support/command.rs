use std::process::{Command, Stdio};

/// What a command did.
#[derive(Debug, Clone)]
pub struct Ran {
    line: String,
    code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Ran {
    /// Runs a command to its end, with nothing on its standard input.
    pub fn of(command: &mut Command) -> Self {
        let line = format!("{command:?}");
        let output = command.stdin(Stdio::null()).output();
        let output = output.unwrap_or_else(|error| panic!("cannot run {line}: {error}"));
        Self {
            line,
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Whether the command succeeded.
    pub fn succeeded(&self) -> bool {
        self.code == Some(0)
    }

    /// Standard output of a command that must have succeeded.
    pub fn success(self) -> String {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self.stdout
    }

    /// The one line on standard error of a command that must have failed: not crashed, no usage
    /// error, nothing on standard output.
    pub fn failure(self) -> String {
        assert_eq!(self.code, Some(1), "{self:#?}");
        assert_eq!(self.stdout, "", "{self:#?}");
        let lines: Vec<_> = self.stderr.lines().collect();
        assert!(
            lines.len() == 1 && lines[0].starts_with("error: "),
            "{self:#?}"
        );
        self.stderr
    }

    /// Standard output of a command that must have found something wrong and said so.
    pub fn found(self) -> String {
        assert_eq!(self.code, Some(1), "{self:#?}");
        assert!(self.stderr.starts_with("error: "), "{self:#?}");
        self.stdout
    }

    /// Standard output of a command that must have succeeded, as JSON.
    pub fn json(self) -> serde_json::Value {
        let line = self.line.clone();
        let text = self.success();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{line}: {error} in {text}"))
    }
}
