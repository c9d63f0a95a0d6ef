use std::env;
use std::io;

use crate::command::{sheaf, success};

/// The names below `Commands:` in a help.
fn subcommands(help: &str) -> Vec<String> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        // Descriptions that go on are indented further.
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(String::from)
        .collect()
}

fn check(path: &[String]) {
    let mut command = sheaf(&env::temp_dir());
    let help = success(command.args(path).arg("--help"));
    let name = [&["sheaf".to_owned()], path].concat().join("-");
    // What clap ends empty lines of a long help with is no news.
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    let help = help.join("\n");
    insta::assert_snapshot!(name, &help);
    for subcommand in subcommands(&help) {
        check(&[path, &[subcommand]].concat());
    }
}

#[test]
fn every_command_has_its_help() {
    check(&[]);
}

#[test]
fn a_reader_that_has_enough_is_no_error() {
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let mut command = sheaf(&env::temp_dir());
    let output = command.arg("--help").stdout(writer).output().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stderr, b"");
}

#[test]
fn no_secret_is_in_the_help() {
    let mut command = sheaf(&env::temp_dir());
    let help = success(command.arg("--help").env("SHEAF_TOKEN", "hush-hush"));
    assert!(help.contains("SHEAF_TOKEN"));
    assert!(!help.contains("hush-hush"));
}
