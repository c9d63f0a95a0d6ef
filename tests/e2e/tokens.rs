//! What tokens allow, where, and for how long.

use serde_json::json;
use sheaf_tests::{Access, Server};

fn server() -> Server {
    let server = Server::start();
    server.admin().create("acme/model");
    server.admin().create("acme/other");
    server.admin().create_private("acme/secret");
    server
}

fn create(access: &Access, repository: &str) -> sheaf_tests::Answer {
    access.post("/api/v1/repositories", &json!({"name": repository}))
}

#[test]
fn a_write_needs_a_token() {
    let server = server();
    let anybody = server.anybody();
    anybody
        .put("acme/model", "a.bin", "x")
        .expect_error(401, "token_needed");
    create(&anybody, "acme/new").expect_error(401, "token_needed");
    let path = "/api/v1/repositories/acme/model";
    anybody.delete(path).expect_error(401, "token_needed");
    anybody.get_json(path);
    anybody.file("acme/model", "a.bin").expect(404);
}

#[test]
fn one_who_may_read_may_not_write() {
    let server = server();
    let reader = server.with_secret(&server.token("read", "*"));
    reader.get_json("/api/v1/repositories/acme/secret");
    reader
        .put("acme/secret", "a.bin", "x")
        .expect_error(403, "forbidden");
    create(&reader, "acme/new").expect_error(403, "forbidden");
    reader
        .delete("/api/v1/repositories/acme/secret")
        .expect_error(403, "forbidden");
    reader.get("/api/v1/tokens").expect_error(403, "forbidden");
}

#[test]
fn a_token_reaches_as_far_as_its_scope() {
    let server = server();
    let one = server.with_secret(&server.token("write", "acme/model"));
    one.put("acme/model", "a.bin", "x").expect(201);
    one.put("acme/other", "a.bin", "x")
        .expect_error(403, "forbidden");
    one.put("acme/secret", "a.bin", "x")
        .expect_error(404, "repository_not_found");
    create(&one, "acme/new").expect_error(403, "forbidden");

    let namespace = server.with_secret(&server.token("write", "ACME"));
    namespace.put("acme/secret", "a.bin", "x").expect(201);
    create(&namespace, "acme/new").expect(201);
    create(&namespace, "other/new").expect_error(403, "forbidden");
}

#[test]
fn only_the_administrator_of_everything_makes_tokens() {
    let server = server();
    let new = json!({"name": "more", "role": "admin"});
    for (role, scope) in [("write", "*"), ("admin", "acme"), ("read", "*")] {
        let access = server.with_secret(&server.token(role, scope));
        access
            .post("/api/v1/tokens", &new)
            .expect_error(403, "forbidden");
    }
    server
        .anybody()
        .post("/api/v1/tokens", &new)
        .expect_error(401, "token_needed");
    let admin = server.with_secret(&server.token("admin", "*"));
    admin.post("/api/v1/tokens", &new).expect(201);
}

#[test]
fn a_revoked_token_is_none() {
    let server = server();
    let secret = server.token("read", "*");
    let holder = server.with_secret(&secret);
    let who = holder.get_json("/api/v1/whoami");
    assert_eq!(who["token"]["role"], "read");
    let id = who["token"]["id"].as_str().unwrap();
    server
        .admin()
        .delete(&format!("/api/v1/tokens/{id}"))
        .expect(204);
    holder
        .get("/api/v1/whoami")
        .expect_error(401, "token_invalid");
    // Not even what everybody may see: the caller believes to be somebody.
    holder
        .get("/api/v1/repositories/acme/model")
        .expect_error(401, "token_invalid");
    server
        .admin()
        .delete(&format!("/api/v1/tokens/{id}"))
        .expect_error(404, "token_not_found");
}

#[test]
fn a_token_expires() {
    let server = server();
    let body = json!({"name": "brief", "role": "read", "expires_in": 1});
    let token = server
        .admin()
        .post("/api/v1/tokens", &body)
        .expect(201)
        .json();
    assert!(token["expires_at"].as_str().unwrap() > token["created_at"].as_str().unwrap());
    let holder = server.with_secret(token["secret"].as_str().unwrap());
    // As long as it takes: the test would not end were it never refused.
    while holder.get("/api/v1/whoami").status == 200 {}
    holder
        .get("/api/v1/whoami")
        .expect_error(401, "token_invalid");
}

#[test]
fn secrets_are_shown_once_and_stored_nowhere() {
    let server = server();
    let secret = server.token("write", "acme/model");
    let list = server.admin().get("/api/v1/tokens").expect(200);
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 1);
    assert!(!String::from_utf8(list.body).unwrap().contains(&secret));
    for file in std::fs::read_dir(server.data()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{}", path.display());
        }
    }
}

#[cfg(unix)]
#[test]
fn the_admin_token_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let server = server();
    let path = server.data().join("admin-token");
    let mode = std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_secret_may_come_as_a_password() {
    let server = server();
    let user = format!("anything:{}", server.admin_token());
    let request = server.anybody().request("/acme/secret/resolve/main/a.bin");
    request
        .option(["--user", &user])
        .bytes("x")
        .send()
        .expect(201);
    let wrong = server
        .anybody()
        .request("/api/v1/whoami")
        .option(["--user", "a:b"]);
    wrong.send().expect_error(401, "token_invalid");
}
