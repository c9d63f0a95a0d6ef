//! Files that would run something when loaded: their pushers and pullers are told, or they are refused.

use std::fs;
use std::process::Command;

use serde_json::json;
use sheaf_tests::{Client, Server, sheaf};

/// What runs a command, in protocol 0.
const BAD: &[u8] = b"cos\nsystem\n(S'touch pwned'\ntR.";

/// A pickle by names from the memo, in a zip file whose entry says that it is encrypted.
fn bad_model() -> Vec<u8> {
    let pickle = b"\x80\x04\x8c\x05posix\x940\x8c\x06system\x940h\0h\x01\x93\x8c\x02id\x85R.";
    let name = b"archive/data.pkl";
    let mut sizes = Vec::new();
    sizes.extend([0; 4]);
    sizes.extend((pickle.len() as u32).to_le_bytes());
    sizes.extend((pickle.len() as u32).to_le_bytes());
    sizes.extend((name.len() as u16).to_le_bytes());
    let mut file = b"PK\x03\x04\x14\0\x01\0\0\0\0\0\0\0".to_vec();
    file.extend(&sizes);
    file.extend([0; 2]);
    file.extend(name);
    file.extend(pickle);
    let start = file.len() as u32;
    file.extend(b"PK\x01\x02\x14\0\x14\0\x01\0\0\0\0\0\0\0");
    file.extend(&sizes);
    file.extend([0; 16]);
    file.extend(name);
    let len = file.len() as u32 - start;
    file.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    file.extend(len.to_le_bytes());
    file.extend(start.to_le_bytes());
    file.extend([0; 2]);
    file
}

fn with_model(client: &Client) {
    fs::create_dir(client.path("model")).unwrap();
    fs::write(client.path("model/model.pt"), bad_model()).unwrap();
    fs::write(client.path("model/good.pkl"), b"\x80\x04}.").unwrap();
    fs::write(client.path("model/config.json"), "{}").unwrap();
}

#[test]
fn who_pulls_a_suspicious_pickle_is_warned() {
    let server = Server::start();
    let client = server.client();
    with_model(&client);
    client.run(["push", "model", "acme/model"]).success();
    let admin = server.admin();
    let verdict = &admin.manifest("acme/model", "model.pt")["pickles"];
    assert_eq!(verdict["state"], "suspicious");
    let import = json!({"module": "posix", "name": "system", "kind": "dangerous"});
    assert_eq!(verdict["imports"], json!([import]));
    assert_eq!(verdict["calls"][0]["arguments"], "\"id\"");
    let tree = admin.get_json("/api/v1/repositories/acme/model/tree/main");
    let states = tree["items"].as_array().unwrap().iter();
    let states: Vec<_> = states
        .map(|file| (&file["path"], &file["pickles"]))
        .collect();
    assert_eq!(
        json!(states),
        json!([
            ["config.json", null],
            ["good.pkl", "clean"],
            ["model.pt", "suspicious"]
        ])
    );
    let listed = client.run(["ls", "acme/model"]).success();
    let line = |name: &str| listed.lines().find(|line| line.contains(name)).unwrap();
    assert!(line("model.pt").ends_with("pickles suspicious"), "{listed}");
    assert!(line("config.json").ends_with("config.json"), "{listed}");
    let good = admin.manifest("acme/model", "good.pkl");
    assert_eq!(good["pickles"]["state"], "clean");
    assert!(admin.manifest("acme/model", "config.json")["pickles"].is_null());

    let pulled = client.run(["pull", "acme/model", "there"]);
    let lines = pulled.stderr.lines();
    let warnings: Vec<&str> = lines.filter(|line| line.starts_with("warning: ")).collect();
    assert_eq!(warnings.len(), 1, "{pulled:#?}");
    assert!(
        warnings[0].starts_with("warning: model.pt: its pickles are suspicious: "),
        "{warnings:?}"
    );
    pulled.success();
    let pulled = client.run(["pull", "acme/model", "again", "--json"]);
    assert_eq!(pulled.json()["pickles"][0]["path"], "model.pt");
    // What is there already may run code all the same.
    let pulled = client.run(["pull", "acme/model", "there", "--json"]).json();
    assert_eq!(pulled["skipped"], 3);
    assert_eq!(pulled["pickles"][0]["path"], "model.pt");
}

#[test]
fn raw_uploads_are_judged_too() {
    let server = Server::start();
    let admin = server.admin();
    admin.create("acme/model");
    admin.put("acme/model", "a.bin", BAD).expect(201);
    // The same bytes under another name are known, and judged again where the name says more.
    admin.put("acme/model", "b.bin", BAD).expect(201);
    admin.put("acme/model", "c.pkl", BAD).expect(201);
    for name in ["a.bin", "b.bin", "c.pkl"] {
        let verdict = &admin.manifest("acme/model", name)["pickles"];
        assert_eq!(verdict["state"], "suspicious", "{name}");
    }
}

#[test]
fn a_server_can_refuse_them() {
    let mut command = Command::new(sheaf());
    command.env("SHEAF_UPLOADS_SUSPICIOUS_PICKLES", "refuse");
    let server = Server::start_as(command);
    let admin = server.admin();
    admin.create("acme/model");
    let answer = admin.put("acme/model", "model.bin", BAD);
    answer.expect_error(422, "pickle_refused");
    let unknown = b"cmodels\nNet\n)R.";
    admin.put("acme/model", "net.pkl", unknown).expect(201);

    let client = server.client();
    with_model(&client);
    let pushed = client.run(["push", "model", "acme/model"]);
    let refusal = "error: 'model.pt' is refused, since loading it may run code: it imports \
        posix.system, which can run code";
    assert!(
        !pushed.succeeded() && pushed.stderr.contains(refusal),
        "{pushed:#?}"
    );
    let tree = admin.get_json("/api/v1/repositories/acme/model/tree/main");
    assert_eq!(tree["items"].as_array().unwrap().len(), 1);
}
