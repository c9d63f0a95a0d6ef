//! A power cut after the answer costs nothing: the system calls show that the file, its folder and
//! the catalog were synced before the server said so.

use sheaf_tests::{Syscall, Trace, content, objects};

const CALLS: &str = "fsync,fdatasync,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,\
                     write,writev,sendto,sendmsg";

/// What was called before the server sent its `201` for the file.
fn calls_before_the_answer() -> (Vec<Syscall>, Vec<String>) {
    let trace = Trace::start(CALLS);
    trace.server.admin().create("acme/model");
    let bytes = content::safetensors_of(1, &[100_000, 100_000]);
    trace
        .server
        .admin()
        .put("acme/model", "model.safetensors", &bytes)
        .expect(201);
    let objects = objects(&trace.server.object_store());
    let objects: Vec<_> = objects
        .iter()
        .map(|object| object.path.display().to_string())
        .collect();
    let mut calls = trace.finish();
    let answers = |call: &Syscall| call.rest.contains("HTTP/1.1 201");
    let last = calls
        .iter()
        .rposition(answers)
        .expect("the answer in the trace");
    calls.truncate(last);
    (calls, objects)
}

fn is_sync_of(call: &Syscall, path: &str) -> bool {
    let sync = call.name == "fsync" || call.name == "fdatasync";
    sync && call.rest.contains(&format!("<{path}>")) && call.rest.ends_with("= 0")
}

/// Whether a call makes a name: the new one stands last among its quoted words.
fn names(call: &Syscall, path: &str) -> bool {
    let new = call.rest.rsplit('"').nth(1);
    let makes = ["rename", "link", "mkdir"]
        .iter()
        .any(|verb| call.name.starts_with(verb));
    makes && new == Some(path) && call.rest.ends_with("= 0")
}

#[test]
fn file_and_folder_are_synced_before_the_answer() {
    let (calls, objects) = calls_before_the_answer();
    assert!(objects.len() >= 3, "{objects:?}");
    for path in &objects {
        let named = calls.iter().position(|call| names(call, path));
        let named = named.unwrap_or_else(|| panic!("{path} was never named"));
        // Under its temporary name, which begins with the final one.
        let staged = format!("<{path}");
        let is_file_sync = |call: &Syscall| {
            call.name.ends_with("sync") && call.rest.contains(&staged) && call.rest.ends_with("= 0")
        };
        assert!(
            calls[..named].iter().any(is_file_sync),
            "{path} was not synced"
        );

        // Its folder, and the folder of each folder that was made for it.
        let mut child = path.as_str();
        while let Some((folder, _)) = child.rsplit_once('/') {
            if let Some(made) = calls.iter().position(|call| names(call, child)) {
                let synced = calls[made..].iter().any(|call| is_sync_of(call, folder));
                assert!(synced, "{folder} was not synced after {child} was made");
            }
            child = folder;
        }
    }
}

#[test]
fn the_catalog_is_synced_after_the_blobs_and_before_the_answer() {
    let (calls, objects) = calls_before_the_answer();
    let last_named = calls
        .iter()
        .rposition(|call| objects.iter().any(|path| names(call, path)));
    let later = &calls[last_named.expect("blobs were named")..];
    let is_catalog_sync = |call: &Syscall| {
        call.name.ends_with("sync")
            && call.rest.contains("catalog.sqlite")
            && call.rest.ends_with("= 0")
    };
    assert!(later.iter().any(is_catalog_sync), "{later:#?}");
}
