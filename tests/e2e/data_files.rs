//! Files of tensors whose layout is in a file beside them.

use serde_json::{Value, json};
use sheaf_tests::{Access, Server, content, objects};

const COUNT: usize = 300_000;

/// An index of two tensors of `weights.bin`.
fn index() -> Value {
    let tensor =
        |name: &str, count: usize| json!({"name": name, "shape": [count], "dtype": "float32"});
    let weights = [tensor("few", 100), tensor("w", COUNT)];
    json!({"weightsManifest": [{"paths": ["weights.bin"], "weights": weights}]})
}

fn data() -> Vec<u8> {
    [content::weights(9, 100), content::weights(1, COUNT)].concat()
}

/// The chunk of the tensor of so many elements, as a safetensors file has it.
fn chunk_of_tensor(admin: &Access) -> String {
    admin.create("acme/single");
    let file = content::safetensors(1, COUNT);
    admin
        .put("acme/single", "model.safetensors", file)
        .expect(201);
    admin.chunks("acme/single", "model.safetensors").remove(1)
}

#[test]
fn a_push_and_a_raw_upload_cut_alike_what_an_index_names() {
    let server = Server::start();
    let admin = server.admin();
    let same = chunk_of_tensor(&admin);
    let client = server.client();
    let folder = client.path("model");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("model.json"), index().to_string()).unwrap();
    std::fs::write(folder.join("weights.bin"), data()).unwrap();
    client.run(["push", "model", "acme/pushed"]).success();

    admin.create("acme/put");
    admin
        .put("acme/put", "model.json", index().to_string())
        .expect(201);
    admin.put("acme/put", "weights.bin", data()).expect(201);

    let pushed = admin.chunks("acme/pushed", "weights.bin");
    assert!(pushed.contains(&same), "{pushed:?} without {same}");
    assert_eq!(admin.chunks("acme/put", "weights.bin"), pushed);
    assert_eq!(
        admin.file("acme/put", "weights.bin").expect(200).body,
        data()
    );

    let said = admin.get_json("/api/v1/repositories/acme/put/tensors/main/weights.bin");
    assert_eq!(said["format"], "tfjs");
    let names: Vec<_> = said["tensors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| &t["name"])
        .collect();
    assert_eq!(names, ["few", "w"]);
    assert_eq!(said["tensors"][1]["start"], 400);
}

#[test]
fn an_index_that_comes_later_changes_no_file() {
    let server = Server::start();
    let admin = server.admin();
    let same = chunk_of_tensor(&admin);
    admin.create("acme/put");
    admin.put("acme/put", "weights.bin", data()).expect(201);
    let before = admin.chunks("acme/put", "weights.bin");
    assert!(!before.contains(&same));
    admin
        .put("acme/put", "model.json", index().to_string())
        .expect(201);
    // The same bytes again are no change.
    admin.put("acme/put", "weights.bin", data()).expect(200);
    assert_eq!(admin.chunks("acme/put", "weights.bin"), before);
    // What has them anew has them by the index.
    admin
        .put("acme/put", "other.json", json!({}).to_string())
        .expect(201);
    admin
        .delete("/acme/put/resolve/main/weights.bin")
        .expect(200);
    admin.put("acme/put", "weights.bin", data()).expect(201);
    assert!(admin.chunks("acme/put", "weights.bin").contains(&same));
    assert_eq!(
        admin.file("acme/put", "weights.bin").expect(200).body,
        data()
    );
}

#[test]
fn a_data_file_that_is_pushed_alone_is_cut_by_the_index_of_the_branch() {
    let server = Server::start();
    let admin = server.admin();
    let same = chunk_of_tensor(&admin);
    let client = server.client();
    std::fs::write(client.path("model.json"), index().to_string()).unwrap();
    std::fs::write(client.path("weights.bin"), data()).unwrap();
    client.run(["push", "model.json", "acme/model"]).success();
    client.run(["push", "weights.bin", "acme/model"]).success();
    assert!(admin.chunks("acme/model", "weights.bin").contains(&same));
}

#[test]
fn a_push_goes_on_where_an_index_of_the_branch_cannot_be_read() {
    let server = Server::start();
    let client = server.client();
    std::fs::write(client.path("model.json"), index().to_string()).unwrap();
    std::fs::write(client.path("weights.bin"), data()).unwrap();
    client.run(["push", "model.json", "acme/model"]).success();
    for object in objects(&server.object_store()) {
        if object
            .path
            .components()
            .any(|part| part.as_os_str() == "blobs")
        {
            let mut blob = std::fs::read(&object.path).unwrap();
            *blob.last_mut().unwrap() ^= 1;
            std::fs::write(&object.path, blob).unwrap();
        }
    }
    let pushed = client.run(["push", "--json", "weights.bin", "acme/model"]);
    let warnings = pushed.json()["warnings"].clone();
    let warning = warnings[0].as_str().unwrap();
    assert!(
        warning.starts_with("weights.bin: no file beside it could be asked"),
        "{warning}"
    );
    let stored = server.admin().file("acme/model", "weights.bin");
    assert_eq!(stored.expect(200).body, data());
}

#[test]
fn a_data_file_is_not_rounded_and_a_push_says_so() {
    let server = Server::start();
    let client = server.client();
    let folder = client.path("model");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("model.json"), index().to_string()).unwrap();
    std::fs::write(folder.join("weights.bin"), data()).unwrap();
    let args = [
        "push",
        "--json",
        "--near-lossless",
        "10",
        "model",
        "acme/model",
    ];
    let pushed = client.run(args);
    let report = pushed.json();
    let warning = "weights.bin: it is not rounded: what its tensors are is in another file";
    assert_eq!(report["warnings"], json!([warning]));
    assert_eq!(report["near_lossless"], json!([]));
    let stored = server.admin().file("acme/model", "weights.bin");
    assert_eq!(stored.expect(200).body, data());
}

#[test]
fn an_inspection_shows_the_tensors_of_both() {
    let client = sheaf_tests::Client::bare();
    std::fs::write(client.path("model.json"), index().to_string()).unwrap();
    std::fs::write(client.path("weights.bin"), data()).unwrap();
    let of_data = client.run(["inspect", "--json", "weights.bin"]).json();
    let of_index = client.run(["inspect", "--json", "model.json"]).json();
    for (report, file) in [(&of_data, Value::Null), (&of_index, "weights.bin".into())] {
        assert_eq!(report["format"], "tfjs");
        let tensors = report["tensors"].as_array().unwrap();
        assert_eq!(tensors.len(), 2);
        assert_eq!(tensors[1]["name"], "w");
        assert_eq!(tensors[1]["bytes"], 4 * COUNT);
        assert_eq!(tensors[1]["file"], file);
    }
    assert_eq!(of_data["class"], "regular");
    let text = client.run(["inspect", "model.json"]).success();
    assert!(
        text.contains("w       float32  [300000]  1200000  weights.bin"),
        "{text}"
    );
}
