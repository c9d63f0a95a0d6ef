//! The command in a folder of its own, without the settings of whoever runs the tests.

use std::path::Path;
use std::process::{Command, Output};

/// The command, at home in a folder.
pub fn sheaf(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sheaf"));
    command.env_clear().env("HOME", home).current_dir(home);
    command
}

/// Exit code and standard error of a command that says nothing on standard output.
pub fn refusal(command: &mut Command) -> (Option<i32>, String) {
    let output = command.output().unwrap();
    assert_eq!(text(&output.stdout), "");
    (output.status.code(), text(&output.stderr))
}

/// Standard output of a command that succeeds.
pub fn success(command: &mut Command) -> String {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    assert!(status.success(), "{}", text(&stderr));
    text(&stdout)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
