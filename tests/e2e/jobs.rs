//! What is done in the background: who sees it, what becomes of what fails.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use sheaf_tests::{Chunk, Cluster, Postgres, Server, Upload, content, objects, sheaf};

/// A server that collects only when it is asked.
fn server() -> Server {
    let mut command = Command::new(sheaf());
    command.env("SHEAF_COLLECTION_EVERY", "0s");
    Server::start_as(command)
}

fn ids(page: &Value) -> Vec<i64> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|job| job["id"].as_i64().unwrap()).collect()
}

/// An upload of a chunk whose blob is damaged in the store, whose commit cannot be: and how to heal it.
fn damaged(server: &Server) -> (Upload, Chunk, impl Fn() + use<>) {
    let chunk = Chunk::new(content::weights(1, 100_000));
    let upload = Upload::open(&server.admin(), "acme/model");
    upload.put(&chunk).expect(200);
    let path = objects(&server.object_store()).pop().unwrap().path;
    let good = fs::read(&path).unwrap();
    let mut bad = good.clone();
    bad[good.len() / 2] ^= 1;
    fs::write(&path, &bad).unwrap();
    (upload, chunk, move || fs::write(&path, &good).unwrap())
}

#[test]
fn a_commit_that_dies_for_good_tells_its_client_and_can_be_had_when_the_cause_is_gone() {
    let server = server();
    let admin = server.admin();
    admin.create("acme/model");
    let (upload, chunk, heal) = damaged(&server);
    let answer = upload.commit_file("a.bin", &[&chunk]);
    assert_eq!(answer.json()["error"]["code"], "blob_damaged");

    let failed = admin.get_json("/api/v1/jobs?state=failed");
    let job = &failed["items"][0];
    assert_eq!(
        (&job["kind"], &job["attempts"]),
        (&json!("commit"), &json!(4))
    );
    assert_eq!(job["repository"], "acme/model");
    assert_eq!(job["error"]["code"], "blob_damaged");
    let cause = job["error"]["message"].as_str().unwrap();
    assert!(
        cause.contains("blobs/"),
        "an administrator is told: {cause}"
    );

    heal();
    let client = server.client();
    let id = job["id"].to_string();
    client.run(["jobs", "retry", &id]).success();
    let outcome = upload.outcome().json();
    assert_eq!(outcome["state"], "committed", "{outcome}");
    assert!(admin.file("acme/model", "a.bin").expect(200).body == chunk.raw);
    let gone = admin.get(&format!("/api/v1/jobs/{id}"));
    gone.expect_error(404, "job_not_found");
}

#[test]
fn a_commit_that_was_given_up_can_be_dropped_and_made_again_by_its_client() {
    let server = server();
    let admin = server.admin();
    admin.create("acme/model");
    let (upload, chunk, heal) = damaged(&server);
    upload.commit_file("a.bin", &[&chunk]);
    let failed = ids(&admin.get_json("/api/v1/jobs?state=failed"));
    let id = failed[0].to_string();
    let said = server.client().run(["jobs", "drop", &id]).success();
    assert_eq!(said.trim(), format!("dropped {id}"));
    let again = server.client().run(["jobs", "drop", &id]);
    assert!(again.failure().contains("there is no such job"));
    heal();
    upload.commit_file("a.bin", &[&chunk]).expect(200);
    assert!(admin.file("acme/model", "a.bin").expect(200).body == chunk.raw);
}

#[test]
fn a_commit_that_its_client_got_wrong_is_not_kept() {
    let server = server();
    let admin = server.admin();
    admin.create("acme/model");
    let chunk = Chunk::new(content::weights(1, 1000));
    let upload = Upload::open(&admin, "acme/model");
    upload.put(&chunk).expect(200);
    let mut file = sheaf_tests::file_of("a.bin", &[&chunk]);
    file["sha256"] = json!("00".repeat(32));
    let answer = upload.commit(&json!({"branch": "main", "files": [file]}));
    answer.expect_error(422, "file_mismatch");
    assert_eq!(ids(&admin.get_json("/api/v1/jobs")), [0i64; 0]);
}

#[test]
fn a_collection_is_a_job_that_can_be_started_and_looked_at() {
    let server = server();
    let admin = server.admin();
    let job = admin.post("/api/v1/jobs", &json!({"kind": "collect"}));
    let id = job.expect(201).json()["id"].to_string();
    let ended = admin.get_json(&format!("/api/v1/jobs/{id}?wait=30"));
    assert_eq!(ended["state"], "done", "{ended}");
    let taken = json!({"revisions": 0, "chunks": 0, "objects": 0, "bytes": 0});
    assert_eq!(ended["result"], json!({"collect": taken}));
    admin
        .post(&format!("/api/v1/jobs/{id}/retry"), &json!({}))
        .expect_error(409, "job_not_failed");

    let client = server.client();
    let table = client.run(["jobs"]).success();
    let columns: Vec<&str> = table.split_whitespace().collect();
    assert_eq!(columns[..3], [&id, "collect", "done"], "{table}");
    assert!(table.contains("0 objects deleted"), "{table}");
    assert_eq!(client.run(["jobs", "list"]).success(), table);
    assert_eq!(client.run(["jobs", "--state", "failed"]).success(), "");
    let shown = client.run(["jobs", "show", &id, "--json"]).json();
    assert_eq!(shown, ended);
    let listed = client.run(["jobs", "--json"]).json();
    assert_eq!(listed, json!([ended]));
}

#[test]
fn jobs_are_for_administrators_and_those_who_may_write() {
    let server = server();
    let admin = server.admin();
    admin.create("acme/model");
    admin.create("acme/other");
    let (upload, chunk, _) = damaged(&server);
    upload.commit_file("a.bin", &[&chunk]);
    let id = ids(&admin.get_json("/api/v1/jobs"))[0];
    let (job, of) = (
        format!("/api/v1/jobs/{id}"),
        "/api/v1/jobs?repository=acme/model",
    );

    let writer = server.with_secret(&server.token("write", "acme/model"));
    assert_eq!(ids(&writer.get_json(of)), [id]);
    writer.get(&job).expect(200);
    writer.get("/api/v1/jobs").expect_error(403, "forbidden");
    let start = json!({"kind": "collect"});
    writer
        .post("/api/v1/jobs", &start)
        .expect_error(403, "forbidden");

    for (role, scope) in [("read", "*"), ("write", "acme/other")] {
        let other = server.with_secret(&server.token(role, scope));
        other.get(of).expect_error(403, "forbidden");
        other.get(&job).expect_error(404, "job_not_found");
        other.delete(&job).expect_error(404, "job_not_found");
        let retry = format!("{job}/retry");
        other
            .post(&retry, &json!({}))
            .expect_error(404, "job_not_found");
    }
    server.anybody().get(of).expect_error(401, "token_needed");
    server
        .anybody()
        .get(&job)
        .expect_error(404, "job_not_found");
    assert_eq!(ids(&admin.get_json("/api/v1/jobs")), [id]);
}

#[test]
fn of_servers_that_share_a_catalog_one_collects_for_all() {
    let Some(postgres) = Postgres::shared() else {
        return;
    };
    let cluster = Cluster::new(postgres);
    // Each collects once an hour, and as it starts.
    let servers = [cluster.server(), cluster.server()];
    let queued = || ids(&servers[0].admin().get_json("/api/v1/jobs?kind=collect"));
    let id = loop {
        if let Some(id) = queued().pop() {
            break id;
        }
    };
    let path = format!("/api/v1/jobs/{id}?wait=30");
    let ended = servers[1].admin().get_json(&path);
    assert_eq!(ended["state"], "done");
    assert_eq!(ids(&servers[1].admin().get_json("/api/v1/jobs")), [id]);
}
