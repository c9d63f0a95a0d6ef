//! `sheaf login` and `sheaf token`, and the quickstart that needs neither.

use std::fs;

use sheaf_tests::{Client, Server, content};

#[test]
fn what_login_stored_is_used_from_then_on() {
    let server = Server::start();
    let client = Client::bare();
    let token = server.token("write", "acme");
    let login = ["login", "--server", server.url(), "--token", &token];
    let said = client.run(login).success();
    assert!(said.contains("write"), "{said}");
    assert!(!said.contains(&token), "{said}");

    fs::write(client.path("a.bin"), "x").unwrap();
    client.run(["push", "a.bin", "acme/model"]).success();
    client.run(["push", "a.bin", "other/model"]).failure();
    assert_eq!(
        server.admin().file("acme/model", "a.bin").expect(200).body,
        b"x"
    );
}

#[test]
fn a_token_that_does_not_work_is_not_stored() {
    let server = Server::start();
    let client = Client::bare();
    client
        .run(["login", "--server", server.url(), "--token", "sheaf_wrong"])
        .failure();
    let nothing = client.run(["ls", "--server", server.url()]);
    assert_eq!(nothing.success(), "");
}

#[test]
fn tokens_are_made_listed_and_revoked() {
    let server = Server::start();
    let client = server.client();
    let create = [
        "token",
        "create",
        "ci",
        "--role",
        "write",
        "--scope",
        "acme",
        "--expires",
        "1h",
    ];
    let secret = client.run(create).success();
    let holder = server.client_with(Some(secret.trim()));
    fs::write(holder.path("a.bin"), "x").unwrap();
    holder.run(["push", "a.bin", "acme/model"]).success();
    holder.run(["token", "ls"]).failure();

    let list = client.run(["token", "ls", "--json"]).json();
    let token = &list.as_array().unwrap()[0];
    assert_eq!(
        (&token["name"], &token["scope"]),
        (&"ci".into(), &"acme".into())
    );
    assert!(token["secret"].is_null());
    let shown = client.run(["token", "ls"]).success();
    assert!(
        shown.contains("ci") && !shown.contains(secret.trim()),
        "{shown}"
    );

    client
        .run(["token", "revoke", token["id"].as_str().unwrap()])
        .success();
    holder.run(["push", "a.bin", "acme/model"]).failure();
    assert_eq!(client.run(["token", "ls"]).success(), "");
}

#[test]
fn on_the_servers_own_machine_nothing_has_to_be_said() {
    // The README's quickstart: server and client of one user, data in the platform's folder.
    let server = Server::start_at_home();
    let client = server.client_at_home();
    fs::write(
        client.path("model.safetensors"),
        content::safetensors(1, 50_000),
    )
    .unwrap();
    client
        .run(["push", "model.safetensors", "acme/model"])
        .success();
    client.run(["pull", "acme/model", "there"]).success();
    let [sent, got] =
        ["model.safetensors", "there/model.safetensors"].map(|name| client.path(name));
    assert!(fs::read(sent).unwrap() == fs::read(got).unwrap());
}
