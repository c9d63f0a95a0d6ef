//! A push and a pull that are under way.

use std::fs;
use std::process::Child;

use sheaf_tests::{Access, Client, content};

/// Starts the push of a file to `acme/model`; returns once its upload is open, with the file's bytes.
pub fn push(client: &Client, admin: &Access) -> (Child, Vec<u8>) {
    let bytes = content::safetensors_of(1, &[100_000; 60]);
    fs::write(client.path("model.safetensors"), &bytes).unwrap();
    let arguments = ["push", "model.safetensors", "acme/model"];
    let mut push = client.command().args(arguments).spawn().unwrap();
    let open = || {
        let answer = admin.get("/api/v1/repositories/acme/model/uploads");
        answer.status == 200 && answer.json()["items"][0]["id"].is_string()
    };
    while !open() {
        assert!(push.try_wait().unwrap().is_none(), "the push was too quick");
    }
    (push, bytes)
}

/// Starts the pull of `acme/model` into the folder `here`; returns once something is in that.
pub fn pull(client: &Client) -> Child {
    let arguments = ["pull", "acme/model", "here"];
    let mut pull = client.command().args(arguments).spawn().unwrap();
    let begun = || fs::read_dir(client.path("here")).is_ok_and(|mut files| files.next().is_some());
    while !begun() {
        assert!(pull.try_wait().unwrap().is_none(), "the pull was too quick");
    }
    pull
}
