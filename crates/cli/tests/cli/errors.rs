use std::fs;

use tempfile::TempDir;

use crate::command::{refusal, sheaf};

/// What `sheaf serve` says to a configuration file and a variable.
fn refused(file: &str, variable: (&str, &str)) -> String {
    let home = TempDir::new().unwrap();
    fs::write(home.path().join("sheaf.toml"), file).unwrap();
    let mut command = sheaf(home.path());
    command
        .args(["serve", "--config", "sheaf.toml", "--listen", "127.0.0.1:0"])
        .env(variable.0, variable.1);
    let (code, stderr) = refusal(&mut command);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(!home.path().join(".local").exists(), "nothing is made");
    stderr
}

const NONE: (&str, &str) = ("UNUSED", "");

#[test]
fn a_bad_configuration_is_refused_in_one_line() {
    insta::assert_snapshot!("unknown-key", refused("[catalog]\nuri = 'x'", NONE));
    insta::assert_snapshot!("no-toml", refused("listen =\n", NONE));
    insta::assert_snapshot!("bad-size", refused("[memory]\ningest = '1.5GiB'", NONE));
    insta::assert_snapshot!("bad-level", refused("[uploads]\nlevel = 'best'", NONE));
    insta::assert_snapshot!("bad-variable", refused("", ("SHEAF_CPU_THREADS", "many")));
}

#[test]
fn a_configuration_that_is_named_must_be_there() {
    let home = TempDir::new().unwrap();
    let (code, stderr) = refusal(sheaf(home.path()).args(["serve", "--config", "x.toml"]));
    assert_eq!(code, Some(1));
    insta::assert_snapshot!("no-file", stderr);
}

#[test]
fn wrong_usage_ends_with_2() {
    let home = TempDir::new().unwrap();
    let (code, stderr) = refusal(sheaf(home.path()).arg("sreve"));
    assert_eq!(code, Some(2));
    insta::assert_snapshot!("no-such-command", stderr);

    let (code, stderr) = refusal(&mut sheaf(home.path()));
    assert_eq!(code, Some(2));
    assert!(stderr.contains("Usage: sheaf"), "{stderr}");
}
