//! `sheaf push` and `sheaf pull` as people use them.

use std::fs;

use sheaf_tests::{Client, Server, content, sha256, sha256_of_file};

/// A client with a folder of a few files.
fn with_model(server: &Server) -> Client {
    let client = server.client();
    fs::create_dir_all(client.path("model/deep")).unwrap();
    for (name, bytes) in files() {
        fs::write(client.path("model").join(name), bytes).unwrap();
    }
    client
}

fn files() -> [(&'static str, Vec<u8>); 4] {
    [
        ("config.json", b"{}\n".to_vec()),
        ("deep/notes.txt", b"notes".to_vec()),
        ("empty.txt", vec![]),
        (
            "model.safetensors",
            content::safetensors_of(1, &[100_000, 100_000]),
        ),
    ]
}

fn listed(client: &Client, target: &str) -> Vec<String> {
    let list = client.run(["ls", target, "--json"]).json();
    let files = list["files"].as_array().unwrap().iter();
    files
        .map(|file| file["path"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_folder_is_pushed_and_pulled() {
    let server = Server::start();
    let client = with_model(&server);
    let said = client.run(["push", "model", "acme/model"]).success();
    assert!(said.contains("acme/model@main"), "{said}");
    let said = client.run(["pull", "acme/model", "there"]).success();
    assert!(said.contains("4 files"), "{said}");
    for (name, bytes) in files() {
        assert_eq!(
            sha256_of_file(client.path("there").join(name)),
            sha256(&bytes),
            "{name}"
        );
    }
    // Without a destination it is the repository's name.
    let elsewhere = server.client();
    elsewhere.run(["pull", "acme/model"]).success();
    assert!(elsewhere.path("model/deep/notes.txt").is_file());
}

#[test]
fn pushing_again_sends_nothing_and_makes_no_revision() {
    let server = Server::start();
    let client = with_model(&server);
    let first = client.run(["push", "model", "acme/model", "--json"]).json();
    assert_eq!(
        (&first["created"], &first["changed"]),
        (&true.into(), &true.into())
    );
    let again = client.run(["push", "model", "acme/model", "--json"]).json();
    assert_eq!(
        (&again["created"], &again["changed"]),
        (&false.into(), &false.into())
    );
    assert_eq!(again["sent_bytes"], 0);
    assert_eq!(again["revision"]["id"], first["revision"]["id"]);
    assert_eq!(server.admin().revisions("acme/model").len(), 1);
}

#[test]
fn a_push_adds_to_what_is_there_unless_told_to_delete() {
    let server = Server::start();
    let client = with_model(&server);
    client.run(["push", "model", "acme/model"]).success();
    fs::remove_file(client.path("model/config.json")).unwrap();
    fs::write(client.path("model/new.txt"), "new").unwrap();
    let message = ["push", "model", "acme/model", "--message", "Adds new.txt"];
    client.run(message).success();
    let all = [
        "config.json",
        "deep/notes.txt",
        "empty.txt",
        "model.safetensors",
        "new.txt",
    ];
    assert_eq!(listed(&client, "acme/model"), all);
    assert_eq!(
        server.admin().revisions("acme/model")[0]["message"],
        "Adds new.txt"
    );

    client
        .run(["push", "model", "acme/model", "--delete"])
        .success();
    assert_eq!(listed(&client, "acme/model"), all[1..]);
}

#[test]
fn only_what_is_included_travels() {
    let server = Server::start();
    let client = with_model(&server);
    let push = ["push", "model", "acme/model", "--exclude", "*.txt"];
    client.run(push).success();
    assert_eq!(
        listed(&client, "acme/model"),
        ["config.json", "model.safetensors"]
    );
    client
        .run(["pull", "acme/model", "there", "--include", "*.json"])
        .success();
    let there: Vec<_> = fs::read_dir(client.path("there")).unwrap().collect();
    assert_eq!(there.len(), 1);
}

#[test]
fn a_pull_skips_what_is_there_and_mends_what_is_not() {
    let server = Server::start();
    let client = with_model(&server);
    client.run(["push", "model", "acme/model"]).success();
    client.run(["pull", "acme/model", "there"]).success();
    let again = client.run(["pull", "acme/model", "there", "--json"]).json();
    assert_eq!(
        (&again["skipped"], &again["received_bytes"]),
        (&4.into(), &0.into())
    );

    let weights = client.path("there/model.safetensors");
    let mut bytes = fs::read(&weights).unwrap();
    bytes[500_000] ^= 1;
    fs::write(&weights, bytes).unwrap();
    let mended = client.run(["pull", "acme/model", "there", "--json"]).json();
    assert_eq!(mended["skipped"], 3);
    assert_eq!(sha256_of_file(&weights), sha256(&files()[3].1));
}

#[test]
fn another_branch_a_tag_and_an_old_revision_can_be_pulled() {
    let server = Server::start();
    let client = with_model(&server);
    let first = client
        .run(["push", "model", "acme/model@next", "--json"])
        .json();
    fs::write(client.path("model/config.json"), "{\"new\": true}").unwrap();
    client.run(["push", "model", "acme/model@next"]).success();
    let id = first["revision"]["id"].as_str().unwrap();
    for (target, config) in [("next", "{\"new\": true}"), (id, "{}\n")] {
        let target = format!("acme/model@{target}");
        client.run(["pull", &target, target.as_str()]).success();
        let pulled = fs::read_to_string(client.path(&target).join("config.json")).unwrap();
        assert_eq!(pulled, config);
    }
    let error = client.run(["pull", "acme/model", "nowhere"]).failure();
    assert!(error.contains("main"), "{error}");
}

#[test]
fn what_cannot_be_pushed_or_pulled_is_said_in_one_line() {
    let server = Server::start();
    let client = with_model(&server);
    assert!(
        client
            .run(["push", "nothing", "acme/model"])
            .failure()
            .contains("nothing")
    );
    assert!(
        client
            .run(["pull", "acme/nothing"])
            .failure()
            .contains("acme/nothing")
    );
    let nobody = server.client_with(None);
    fs::write(nobody.path("a.bin"), "x").unwrap();
    assert!(
        nobody
            .run(["push", "a.bin", "acme/model"])
            .failure()
            .contains("token")
    );
    let stranger = server.client_with(Some("sheaf_wrong"));
    assert!(stranger.run(["ls"]).failure().contains("token"));
}

#[test]
fn nobody_listening_is_said_in_one_line() {
    let mut server = Server::start();
    server.kill();
    let client = server.client();
    let error = client.run(["ls"]).failure();
    assert!(error.contains(server.url()), "{error}");
}

#[cfg(unix)]
#[test]
fn a_pull_follows_no_link_that_is_in_its_way() {
    let server = Server::start();
    let client = with_model(&server);
    client.run(["push", "model", "acme/model"]).success();
    fs::create_dir_all(client.path("there")).unwrap();
    fs::create_dir_all(client.path("outside")).unwrap();
    std::os::unix::fs::symlink(client.path("outside"), client.path("there/deep")).unwrap();
    client.run(["pull", "acme/model", "there"]).failure();
    assert_eq!(fs::read_dir(client.path("outside")).unwrap().count(), 0);
}
