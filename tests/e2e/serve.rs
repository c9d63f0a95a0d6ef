//! `sheaf serve` itself: its data folder, its configuration, its address.

use std::fs;

use sheaf_tests::{Client, Server};

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let server = Server::start();
    let data = server.data().to_str().unwrap();
    let second = Client::bare().serve(&["--listen", "127.0.0.1:0", "--data", data]);
    let error = second.failure();
    assert!(error.contains(data), "{error}");
    server.admin().get("/healthz").expect(200);
}

#[test]
fn a_port_that_is_taken_is_said_in_one_line() {
    let server = Server::start();
    let client = Client::bare();
    let error = client
        .serve(&["--listen", server.address(), "--data", "data"])
        .failure();
    assert!(error.contains(server.address()), "{error}");
}

#[test]
fn a_configuration_with_an_unknown_key_is_refused() {
    let client = Client::bare();
    for text in [
        "liste = \"127.0.0.1:0\"",
        "[blobs]\nurll = \"file:x\"",
        "listen = 1",
        "[",
    ] {
        fs::write(client.path("sheaf.toml"), text).unwrap();
        let error = client
            .serve(&["--config", "sheaf.toml", "--data", "data"])
            .failure();
        assert!(error.contains("sheaf.toml"), "{error}");
    }
    let other = "[blobs]\nurl = \"gs://bucket/prefix\"";
    fs::write(client.path("sheaf.toml"), other).unwrap();
    let error = client
        .serve(&["--config", "sheaf.toml", "--data", "data"])
        .failure();
    assert!(error.contains("not one that is supported"), "{error}");
}

#[test]
fn it_says_that_it_is_well_and_what_it_can() {
    let server = Server::start();
    assert_eq!(server.anybody().get("/healthz").expect(200).body, b"ok");
    let openapi = server.anybody().get_json("/openapi.json");
    assert!(openapi["openapi"].as_str().unwrap().starts_with("3."));
    server
        .anybody()
        .get("/api/v1/nothing")
        .expect_error(404, "route_not_found");
    let wrong = server.anybody().request("/healthz").method("DELETE").send();
    wrong.expect_error(405, "method_not_allowed");
}

#[test]
fn the_admin_secret_can_be_given() {
    let client = Client::bare();
    let mut server = client.command();
    server.env("SHEAF_ADMIN_TOKEN", "some-secret-of-20-letters-or-more");
    let server = Server::start_as(server);
    let holder = server.with_secret("some-secret-of-20-letters-or-more");
    holder.create("acme/model");
    assert!(!server.data().join("admin-token").exists());
}
