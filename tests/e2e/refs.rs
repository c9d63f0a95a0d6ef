//! Branches and tags over HTTP.

use serde_json::{Value, json};
use sheaf_tests::{Access, Answer, Server};

/// A server with two revisions on main, and their ids.
fn server() -> (Server, [Value; 2]) {
    let server = Server::start();
    server.admin().create("acme/model");
    let put = |text: &str| {
        let answer = server.admin().put("acme/model", "a.bin", text);
        answer.expect(201).json()["id"].clone()
    };
    let ids = ["one", "two"].map(put);
    (server, ids)
}

fn path(rest: &str) -> String {
    format!("/api/v1/repositories/acme/model/{rest}")
}

fn set(access: &Access, rest: &str, body: &Value) -> Answer {
    access.request(&path(rest)).json(body).method("PUT").send()
}

#[test]
fn a_branch_starts_anywhere_and_moves_when_expected() {
    let (server, [one, two]) = server();
    let admin = server.admin();
    let made = set(&admin, "branches/old", &json!({"target": one}))
        .expect(200)
        .json();
    assert_eq!(
        made,
        json!({"name": "old", "kind": "branch", "revision": one})
    );
    assert_eq!(admin.get_json(&path("refs/old")), made);
    assert_eq!(
        admin.get("/acme/model/resolve/old/a.bin").expect(200).body,
        b"one"
    );

    let body = json!({"target": "main", "expected": two});
    set(&admin, "branches/old", &body).expect_error(409, "branch_moved");
    let body = json!({"target": "main", "expected": one});
    assert_eq!(
        set(&admin, "branches/old", &body).expect(200).json()["revision"],
        two
    );
}

#[test]
fn a_tag_stays_where_it_is() {
    let (server, [one, two]) = server();
    let admin = server.admin();
    set(&admin, "tags/v1", &json!({"target": one})).expect(200);
    set(&admin, "tags/v1", &json!({"target": two})).expect_error(409, "ref_exists");
    set(&admin, "tags/main", &json!({"target": two})).expect_error(409, "ref_exists");
    set(&admin, "branches/v1", &json!({"target": two})).expect_error(409, "ref_exists");
    assert_eq!(admin.get_json(&path("refs/v1"))["revision"], one);
}

#[test]
fn refs_are_listed_and_deleted() {
    let (server, [one, _]) = server();
    let admin = server.admin();
    set(&admin, "tags/v1%2Fbeta", &json!({"target": one})).expect(200);
    let refs = admin.get_json(&path("refs"));
    let names: Vec<_> = refs["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| &of["name"])
        .collect();
    assert_eq!(names, ["main", "v1/beta"]);
    admin.delete(&path("refs/v1%2Fbeta")).expect(204);
    admin
        .get(&path("refs/v1%2Fbeta"))
        .expect_error(404, "ref_not_found");
    admin
        .delete(&path("refs/v1%2Fbeta"))
        .expect_error(404, "ref_not_found");
}

#[test]
fn a_ref_to_nothing_is_refused() {
    let (server, _) = server();
    let admin = server.admin();
    for target in ["nothing", &"0".repeat(40)] {
        let answer = set(&admin, "branches/new", &json!({"target": target}));
        answer.expect_error(404, "ref_not_found");
    }
    let digits = format!("branches/{}", "a".repeat(40));
    set(&admin, &digits, &json!({"target": "main"})).expect(400);
}

#[test]
fn what_no_ref_reaches_counts_no_more() {
    let (server, [one, _]) = server();
    let admin = server.admin();
    let raw = || admin.savings("acme/model")["raw_bytes"].clone();
    assert_eq!(raw(), 6);
    set(&admin, "branches/old", &json!({"target": one})).expect(200);
    admin.delete(&path("refs/main")).expect(204);
    assert_eq!(raw(), 3);
    admin
        .get("/acme/model/resolve/main/a.bin")
        .expect_error(404, "ref_not_found");
    assert_eq!(
        admin.get("/acme/model/resolve/old/a.bin").expect(200).body,
        b"one"
    );
}
