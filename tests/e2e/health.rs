//! What a server says of itself: whether it is ready, and in its log which request a line is about.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::thread;

use serde_json::{Value, json};
use sheaf_tests::{Answer, Cluster, Postgres, Server, content, objects, sheaf};
use tokio::runtime::Runtime;

use crate::light::Light;

fn ready(server: &Server) -> Answer {
    server.anybody().get("/readyz")
}

#[track_caller]
fn reasons(answer: Answer) -> Value {
    let body = answer.expect(503).json();
    assert_eq!(body["ready"], false);
    body["reasons"].clone()
}

/// Asks until it is ready: what is known of it is a second old at most.
#[track_caller]
fn becomes_ready(server: &Server) {
    let answers = || ready(server).status == 200;
    assert!((0..2000).any(|_| answers()), "it never is");
}

#[track_caller]
fn stops_being_ready(server: &Server) -> Value {
    let mut answers = (0..2000).map(|_| ready(server));
    let answer = answers.find(|answer| answer.status != 200);
    reasons(answer.expect("an answer that it is not"))
}

/// Until there is a line with these words in the log.
#[track_caller]
fn waits_for_line(log: &Path, words: &[&str]) {
    let has = |line: &str| words.iter().all(|words| line.contains(words));
    while !fs::read_to_string(log).unwrap().lines().any(has) {
        thread::yield_now();
    }
}

#[test]
fn a_server_that_answers_is_ready() {
    let server = Server::start();
    let body = ready(&server).expect(200).json();
    assert_eq!(body, json!({"ready": true, "reasons": []}));
}

#[test]
fn without_its_bucket_it_is_not_ready_and_says_so() {
    let runtime = Runtime::new().unwrap();
    let mut light = runtime.block_on(Light::start());
    let mut command = Command::new(sheaf());
    command.env("SHEAF_BLOBS_URL", "s3://models/r");
    light.set(&mut command);
    let server = Server::start_as(command);
    becomes_ready(&server);
    runtime.block_on(light.stop());
    assert_eq!(
        stops_being_ready(&server),
        json!(["the object store does not answer"])
    );
    runtime.block_on(light.start_again());
    becomes_ready(&server);
}

#[test]
fn without_its_folder_it_is_not_ready() {
    let server = Server::start();
    fs::rename(server.object_store(), server.data().join("elsewhere")).unwrap();
    assert_eq!(
        stops_being_ready(&server),
        json!(["the object store does not answer"])
    );
    fs::rename(server.data().join("elsewhere"), server.object_store()).unwrap();
    becomes_ready(&server);
}

#[test]
fn without_postgres_it_is_not_ready_and_a_start_waits_for_it() {
    let Some(postgres) = Postgres::own() else {
        return;
    };
    let cluster = Cluster::new(postgres);
    let server = cluster.server();
    becomes_ready(&server);
    cluster.postgres.kill();
    assert_eq!(
        stops_being_ready(&server),
        json!(["the catalog does not answer"])
    );

    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut command = Command::new(sheaf());
    command
        .envs(cluster.settings())
        .stderr(File::create(&log).unwrap());
    let starting = thread::spawn(move || Server::start_as(command));
    waits_for_line(
        &log,
        &[
            "WARN",
            "the catalog does not answer: waiting for up to a minute",
        ],
    );
    cluster.postgres.start();
    becomes_ready(&starting.join().unwrap());
    becomes_ready(&server);
}

#[test]
fn a_server_that_stops_says_so_while_it_still_answers() {
    let mut command = Command::new(sheaf());
    command.env("SHEAF_SHUTDOWN_ANNOUNCE_FOR", "300s");
    let mut server = Server::start_as(command);
    server.admin().create("acme/model");
    server.terminate();
    assert_eq!(stops_being_ready(&server), json!(["it is stopping"]));
    server.admin().put("acme/model", "a.bin", "x").expect(201);
    // A second one means now.
    server.terminate();
    assert!(server.wait_for_end().success());
}

#[test]
fn log_lines_and_answers_have_the_id_of_the_request() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut command = Command::new(sheaf());
    command
        .env("SHEAF_LOG_FORMAT", "json")
        .stderr(File::create(&log).unwrap());
    let server = Server::start_as(command);
    let admin = server.admin();
    admin.create("acme/model");
    admin
        .put("acme/model", "a.bin", content::noise(1, 300_000))
        .expect(201);
    let object = &objects(&server.object_store())[0];
    fs::write(&object.path, "damaged").unwrap();

    let request = admin.request("/acme/model/resolve/main/a.bin");
    let answer = request.header("X-Request-Id: the-tests-own-id").send();
    assert_eq!(answer.header("x-request-id"), Some("the-tests-own-id"));
    answer.expect_error(500, "blob_damaged");
    waits_for_line(
        &log,
        &[
            "a stored blob is damaged",
            "the-tests-own-id",
            "/acme/model/resolve",
        ],
    );
    let other = admin.get("/healthz");
    assert!(
        other
            .header("x-request-id")
            .is_some_and(|id| id.len() == 36)
    );
}
