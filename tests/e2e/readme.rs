//! The README's quickstart, typed as it is written.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use sheaf_tests::{Client, Server, corpus, sheaf};

/// The repository's own folder.
fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// What is typed in a block of the README, and what is shown of the answers.
#[derive(Default)]
struct Session {
    typed: String,
    shown: Vec<String>,
}

/// The sessions of the quickstart, behind the one that starts the server.
fn sessions() -> Vec<Session> {
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    let (_, quickstart) = readme.split_once("## Quickstart").unwrap();
    let (quickstart, _) = quickstart.split_once("\n## ").unwrap();
    let blocks = quickstart.split("```console\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    blocks
        .filter(|block| !block.contains("-- serve"))
        .map(session)
        .collect()
}

fn session(block: &str) -> Session {
    let mut session = Session::default();
    let mut goes_on = false;
    for line in block.lines() {
        let command = line.strip_prefix("$ ").or(goes_on.then_some(line));
        goes_on = command.is_some_and(|command| command.ends_with('\\'));
        match command {
            Some(command) => session.typed += &format!("{command}\n"),
            None => session.shown.push(without_numbers(line)),
        }
    }
    session
}

/// Revisions, times and sizes differ from one day to the next.
fn without_numbers(line: &str) -> String {
    let word = |word: &str| {
        let is_id = word.len() == 40 && word.bytes().all(|b| b.is_ascii_hexdigit());
        if is_id {
            "ID".into()
        } else {
            word.replace(|c: char| c.is_ascii_digit(), "")
        }
    };
    line.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// What the repository has, for somebody who built Sheaf in it.
fn clone_into(client: &Client) {
    fs::create_dir_all(client.path("target/release")).unwrap();
    symlink(sheaf(), client.path("target/release/sheaf")).unwrap();
    symlink(repository().join("tests"), client.path("tests")).unwrap();
    fs::copy(repository().join("README.md"), client.path("README.md")).unwrap();
}

#[test]
fn the_quickstart_works_as_written() {
    if corpus::files()
        .iter()
        .any(|file| corpus::get(&file.name).is_none())
    {
        return;
    }
    let server = Server::start_at_home();
    let client = server.client_at_home();
    clone_into(&client);
    let sessions = sessions();
    assert!(!sessions.is_empty(), "the README has no quickstart");
    // An alias lasts from one session to the next.
    let mut before = String::new();
    for Session { typed, shown } in sessions {
        let typed = typed.replace("http://127.0.0.1:8080", server.url());
        let script = format!("{before}{typed}");
        let ran = client.shell(&script, &corpus::folder());
        // A terminal shows progress among it, which is not always the same.
        let progress: Vec<_> = ran.stderr.lines().map(without_numbers).collect();
        let shown: Vec<_> = shown
            .into_iter()
            .filter(|line| !progress.contains(line))
            .collect();
        let said = ran.success();
        if !shown.is_empty() {
            let said: Vec<_> = said.lines().map(without_numbers).collect();
            assert_eq!(said, shown);
        }
        let aliases = typed.lines().filter(|line| line.starts_with("alias "));
        aliases.for_each(|alias| before += &format!("{alias}\n"));
    }
}
