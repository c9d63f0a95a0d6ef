//! A check as a job: whose, how much of all it looks at, and that it goes on.

use std::process::Command;

use serde_json::{Value, json};
use sheaf_tests::{Access, Cluster, Postgres, Server, content, objects, sheaf};

use super::world::{FILE, World};
use super::{checked, ended, flipped};

#[test]
fn a_check_goes_on_after_the_server_was_killed() {
    let mut world = World::embedded();
    let bytes = content::safetensors_of(1, &[70_000; 12]);
    world.admin().create("acme/model");
    world.admin().put("acme/model", FILE, &bytes).expect(201);
    let chunks = objects(&world.server.object_store())
        .len()
        .max(world.objects().len());
    let slow = json!({"kind": "check", "bytes_per_second": 400_000});
    let job = world.admin().post("/api/v1/jobs", &slow).expect(201).json();
    let path = format!("/api/v1/jobs/{}", job["id"]);
    loop {
        let job = world.admin().get_json(&path);
        assert_ne!(job["state"], "done", "it was not killed in the middle");
        if job["progress"]["done"].as_u64() > Some(2) {
            break;
        }
    }
    world.server.restart_after_kill();
    let job = ended(&world.admin(), &job);
    assert!(job["attempts"].as_u64() > Some(1), "{job}");
    let report = &job["result"]["check"];
    assert_eq!(report["faults_found"], 0, "{report}");
    // What was done after the last note is done again, and counted once.
    assert_eq!(report["chunks"], chunks, "{report}");
    assert_eq!(report["objects"], chunks, "{report}");
}

#[test]
fn a_sample_looks_at_other_chunks_each_time() {
    let world = World::embedded();
    let bytes = content::safetensors_of(1, &[66_000; 40]);
    world.admin().create("acme/model");
    world.admin().put("acme/model", FILE, &bytes).expect(201);
    let (key, blob) = world.victim("acme/model");
    world.write(&key, &flipped(&blob, blob.len() - 1));
    let sample = json!({"sample_percent": 50});
    let all = world.objects().len() as u64;
    let mut found = [false, false];
    for _ in 0..100 {
        let report = checked(&world.admin(), sample.clone());
        let chunks = report["chunks"].as_u64().unwrap();
        assert!(chunks < all, "{chunks} of {all}");
        found[report["faults_found"].as_u64().unwrap() as usize] = true;
        if found == [true, true] {
            return;
        }
    }
    panic!("of a hundred samples all had the damaged chunk, or none: {found:?}");
}

#[test]
fn another_server_goes_on_with_the_check_of_one_that_was_killed() {
    let Some(postgres) = Postgres::shared() else {
        return;
    };
    let cluster = Cluster::new(postgres);
    let mut servers = [0, 1].map(|_| {
        let mut command = Command::new(sheaf());
        command.envs(cluster.settings());
        command.env("SHEAF_JOBS_LEASE", "3s");
        Server::start_as(command)
    });
    let bytes = content::safetensors_of(1, &[70_000; 12]);
    let admins = servers.each_ref().map(Server::admin);
    admins[0].create("acme/model");
    admins[0].put("acme/model", FILE, &bytes).expect(201);
    let slow = json!({"kind": "check", "bytes_per_second": 400_000});
    let job = admins[0].post("/api/v1/jobs", &slow).expect(201).json();
    let path = format!("/api/v1/jobs/{}", job["id"]);
    let runner = loop {
        let job = admins[0].get_json(&path);
        assert_ne!(job["state"], "done", "it was not killed in the middle");
        if job["progress"]["done"].as_u64() > Some(2) {
            break job["runner"].as_str().unwrap().to_owned();
        }
    };
    let killed = servers
        .iter()
        .position(|server| runner.ends_with(&port(server)));
    let killed = killed.unwrap_or_else(|| panic!("no server is {runner}"));
    servers[killed].kill();
    let job = ended(&admins[1 - killed], &job);
    assert!(
        job["runner"]
            .as_str()
            .unwrap()
            .ends_with(&port(&servers[1 - killed])),
        "{job}"
    );
    let report = &job["result"]["check"];
    assert_eq!(report["faults_found"], 0, "{report}");
    let chunks = objects(&cluster.object_store()).len();
    assert_eq!(report["chunks"], chunks, "{report}");
}

fn port(server: &Server) -> String {
    let port = server.address().rsplit(':').next().unwrap();
    format!(":{port}")
}

#[test]
fn a_check_is_for_administrators_and_asks_for_what_there_is() {
    let world = World::embedded();
    world.put_model("acme/model", 1);
    let check = |access: &Access, mut body: Value| {
        body["kind"] = json!("check");
        access.post("/api/v1/jobs", &body)
    };
    let writer = world.server.token("write", "*");
    let writer = world.server.with_secret(&writer);
    check(&writer, json!({})).expect(403);
    check(&world.server.anybody(), json!({})).expect(401);
    let admin = world.admin();
    check(&admin, json!({"sample_percent": 0})).expect_error(400, "invalid");
    check(&admin, json!({"bytes_per_second": 0})).expect_error(400, "invalid");
    let nowhere = json!({"repository": "acme/nowhere"});
    check(&admin, nowhere).expect_error(404, "repository_not_found");
    check(&admin, json!({"deep": true})).expect(400);
}
