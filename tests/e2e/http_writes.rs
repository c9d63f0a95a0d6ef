//! Raw bytes in one request: what a PUT and a DELETE make of a branch.

use sheaf_tests::{Server, content};

const FILE: &str = "/acme/model/resolve/main/a.bin";

fn server() -> Server {
    let server = Server::start();
    server.admin().create("acme/model");
    server
}

#[test]
fn each_change_is_one_revision() {
    let server = server();
    let admin = server.admin();
    let first = admin.put("acme/model", "a.bin", "one").expect(201).json();
    assert_eq!(first["files"], 1);
    assert_eq!(first["bytes"], 3);
    assert!(first["parent"].is_null());

    let path = format!("{FILE}?message=Better%20weights");
    let second = admin.request(&path).bytes("two!").send().expect(201).json();
    assert_eq!(second["parent"], first["id"]);
    assert_eq!(second["message"], "Better weights");
    assert_eq!(admin.file("acme/model", "a.bin").expect(200).body, b"two!");

    // What was is still there under its own name.
    let old = format!(
        "/acme/model/resolve/{}/a.bin",
        first["id"].as_str().unwrap()
    );
    assert_eq!(admin.get(&old).expect(200).body, b"one");

    let third = admin.delete(FILE).expect(200).json();
    assert_eq!(third["parent"], second["id"]);
    assert_eq!(third["files"], 0);
    admin
        .file("acme/model", "a.bin")
        .expect_error(404, "file_not_found");
    assert_eq!(admin.revisions("acme/model"), [third, second, first]);
}

#[test]
fn the_same_bytes_again_change_nothing() {
    let server = server();
    let bytes = content::safetensors(1, 200_000);
    let first = server
        .admin()
        .put("acme/model", "a.bin", &bytes)
        .expect(201)
        .json();
    let again = server
        .admin()
        .put("acme/model", "a.bin", &bytes)
        .expect(200)
        .json();
    assert_eq!(again["id"], first["id"]);
    assert_eq!(server.admin().revisions("acme/model").len(), 1);
}

#[test]
fn a_body_of_unknown_length_is_taken() {
    let server = server();
    let bytes = content::noise(1, 3_000_000);
    let request = server
        .admin()
        .request(FILE)
        .header("Transfer-Encoding: chunked");
    request.bytes(&bytes).send().expect(201);
    assert!(server.anybody().get(FILE).expect(200).body == bytes);
}

#[test]
fn any_length_comes_back() {
    let server = server();
    for len in [0, 1, 2, 3, 7, 255, 4095, 65_537, 262_144, 1_048_577] {
        let bytes = content::noise(len as u64, len);
        let name = format!("{len}.bin");
        server.admin().put("acme/model", &name, &bytes).expect(201);
        assert!(
            server.anybody().file("acme/model", &name).expect(200).body == bytes,
            "{len}"
        );
    }
}

#[test]
fn names_may_hold_what_urls_encode() {
    let server = server();
    for name in [
        "a%20b.bin",
        "50%25.bin",
        "%C3%BC/%2B%23%3F.bin",
        "a+b.bin",
        "a%2Fb.bin",
    ] {
        server.admin().put("acme/model", name, name).expect(201);
        assert_eq!(
            server.anybody().file("acme/model", name).expect(200).body,
            name.as_bytes()
        );
    }
    let tree = server
        .anybody()
        .get_json("/api/v1/repositories/acme/model/tree/main");
    let paths = tree["items"].as_array().unwrap().iter();
    let paths: Vec<_> = paths.map(|item| item["path"].as_str().unwrap()).collect();
    assert_eq!(
        paths,
        ["50%.bin", "a b.bin", "a+b.bin", "a/b.bin", "ü/+#?.bin"]
    );
}

#[test]
fn a_branch_may_have_slashes_and_a_tag_does_not_move() {
    let server = server();
    let admin = server.admin();
    let path = "/acme/model/resolve/refs%2Fpr%2F1/a.bin";
    let revision = admin.request(path).bytes("one").send().expect(201).json();
    assert_eq!(admin.get(path).expect(200).body, b"one");
    admin.get(FILE).expect_error(404, "ref_not_found");

    let tag = "/api/v1/repositories/acme/model/tags/v1";
    let target = serde_json::json!({"target": "refs/pr/1"});
    admin
        .request(tag)
        .method("PUT")
        .json(&target)
        .send()
        .expect(200);
    let tagged = "/acme/model/resolve/v1/a.bin";
    assert_eq!(admin.get(tagged).expect(200).body, b"one");
    admin
        .request(tagged)
        .bytes("two")
        .send()
        .expect_error(409, "not_a_branch");
    let id = revision["id"].as_str().unwrap();
    let by_id = format!("/acme/model/resolve/{id}/a.bin");
    admin
        .request(&by_id)
        .bytes("two")
        .send()
        .expect_error(409, "not_a_branch");
    assert_eq!(admin.get(path).expect(200).body, b"one");
}

#[test]
fn many_puts_at_once_all_arrive() {
    let server = server();
    let names: Vec<_> = (0..8).map(|number| format!("{number}.bin")).collect();
    std::thread::scope(|scope| {
        for name in &names {
            let admin = server.admin();
            scope.spawn(move || admin.put("acme/model", name, name).expect(201));
        }
    });
    for name in &names {
        assert_eq!(
            server.anybody().file("acme/model", name).expect(200).body,
            name.as_bytes()
        );
    }
    assert_eq!(server.admin().revisions("acme/model").len(), names.len());
}

#[test]
fn a_part_or_an_encoded_body_is_never_taken_for_a_file() {
    let server = server();
    let admin = server.admin();
    admin.put("acme/model", "a.bin", "whole").expect(201);
    let part = admin.request(FILE).header("Content-Range: bytes 3-4/5");
    part.bytes("le").send().expect_error(400, "invalid");
    let encoded = admin.request(FILE).header("Content-Encoding: gzip");
    encoded
        .bytes("packed")
        .send()
        .expect_error(415, "encoding_not_supported");
    assert_eq!(admin.file("acme/model", "a.bin").expect(200).body, b"whole");
}

#[test]
fn a_change_may_depend_on_what_is_there() {
    let server = server();
    let admin = server.admin();
    let create = |bytes: &str| {
        let request = admin.request(FILE).header("If-None-Match: *");
        request.bytes(bytes).send()
    };
    create("first").expect(201);
    create("second").expect_error(412, "condition_failed");

    let answer = admin.file("acme/model", "a.bin").expect(200);
    let etag = answer.header("etag").unwrap();
    let replace = |bytes: &str| {
        let request = admin.request(FILE).header(&format!("If-Match: {etag}"));
        request.bytes(bytes).send()
    };
    replace("third").expect(201);
    replace("fourth").expect_error(412, "condition_failed");
    assert_eq!(admin.file("acme/model", "a.bin").expect(200).body, b"third");
    assert_eq!(admin.revisions("acme/model").len(), 2);
}
