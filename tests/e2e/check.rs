//! A check finds what is wrong, names whom it hurts, and finds nothing where nothing is.

mod found;
mod job;
mod meanwhile;
mod mended;
mod records;
mod world;

use serde_json::{Value, json};
use sheaf_tests::Access;

/// What a check finds that is asked for as a job.
fn checked(admin: &Access, mut check: Value) -> Value {
    check["kind"] = json!("check");
    let job = admin.post("/api/v1/jobs", &check);
    assert!(matches!(job.status, 200 | 201), "{job:?}");
    ended(admin, &job.json())["result"]["check"].clone()
}

/// A job once it is done.
fn ended(admin: &Access, job: &Value) -> Value {
    let path = format!("/api/v1/jobs/{}?wait=30", job["id"]);
    loop {
        let job = admin.get_json(&path);
        match job["state"].as_str().unwrap() {
            "queued" | "running" => {}
            "done" => return job,
            _ => panic!("{job}"),
        }
    }
}

fn flipped(bytes: &[u8], at: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[at] ^= 4;
    bytes
}
