//! `sheaf ls`, `info` and `rm`.

use std::fs;

use sheaf_tests::{Client, Server, content};

/// A client that has pushed one model.
fn with_model(server: &Server) -> Client {
    let client = server.client();
    fs::write(
        client.path("model.safetensors"),
        content::safetensors(1, 100_000),
    )
    .unwrap();
    client
        .run(["push", "model.safetensors", "acme/model"])
        .success();
    client
}

#[test]
fn ls_lists_repositories_and_files() {
    let server = Server::start();
    let client = with_model(&server);
    fs::write(client.path("other.bin"), "x").unwrap();
    client
        .run(["push", "other.bin", "zeta/other", "--private"])
        .success();

    let names = |client: &Client, arguments: &[&str]| -> Vec<String> {
        let list = client.run(arguments).json();
        let items = list.as_array().unwrap().iter();
        items
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        names(&client, &["ls", "--json"]),
        ["acme/model", "zeta/other"]
    );
    assert_eq!(
        names(&client, &["ls", "--search", "oth", "--json"]),
        ["zeta/other"]
    );
    assert_eq!(
        names(&server.client_with(None), &["ls", "--json"]),
        ["acme/model"]
    );

    assert!(client.run(["ls"]).success().contains("acme/model"));
    let files = client.run(["ls", "acme/model"]).success();
    assert!(files.contains("model.safetensors"), "{files}");
    let files = client.run(["ls", "acme/model", "--json"]).json();
    assert_eq!(
        files["files"][0]["size"],
        content::safetensors(1, 100_000).len()
    );
}

#[test]
fn info_has_the_words_of_savings() {
    let server = Server::start();
    let client = with_model(&server);
    let info = client.run(["info", "acme/model", "--json"]).json();
    let savings = server.admin().savings("acme/model");
    for (word, value) in savings.as_object().unwrap() {
        assert_eq!(&info[word], value, "{word}");
    }
    for word in [
        "raw_bytes",
        "stored_bytes",
        "base_bytes",
        "exclusive_bytes",
        "saved_by",
    ] {
        assert!(!info[word].is_null(), "{word}");
    }
    assert_eq!(info["name"], "acme/model");
    assert_eq!(info["revision"]["files"], 1);
    let text = client.run(["info", "acme/model"]).success();
    assert!(text.contains("400 kB of files"), "{text}");
}

#[test]
fn rm_takes_away_a_file_a_branch_or_a_repository() {
    let server = Server::start();
    let client = with_model(&server);
    client
        .run(["push", "model.safetensors", "acme/model@next"])
        .success();

    client
        .run(["rm", "acme/model@next", "model.safetensors"])
        .success();
    let files = client.run(["ls", "acme/model@next", "--json"]).json();
    assert_eq!(files["files"].as_array().unwrap().len(), 0);
    server
        .admin()
        .file("acme/model", "model.safetensors")
        .expect(200);

    client.run(["rm", "acme/model@next", "--yes"]).success();
    client.run(["ls", "acme/model@next"]).failure();
    client.run(["rm", "acme/model", "nothing.bin"]).failure();

    // Nobody can be asked here, and nothing goes without an answer.
    client.run(["rm", "acme/model"]).failure();
    client.run(["ls", "acme/model"]).success();
    client.run(["rm", "acme/model", "--yes"]).success();
    client.run(["ls", "acme/model"]).failure();
    assert_eq!(client.run(["ls"]).success(), "");
}

#[test]
fn quiet_says_nothing_and_results_are_results() {
    let server = Server::start();
    let client = server.client();
    fs::write(client.path("a.bin"), "x").unwrap();
    for arguments in [
        vec!["push", "a.bin", "acme/model"],
        vec!["pull", "acme/model"],
    ] {
        let ran = client.run(arguments.into_iter().chain(["--quiet"]));
        assert_eq!(ran.stderr, "");
        assert_eq!(ran.success(), "");
    }
    assert!(
        client
            .run(["ls", "--quiet"])
            .success()
            .contains("acme/model")
    );
}
