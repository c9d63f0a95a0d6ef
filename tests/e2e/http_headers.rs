//! What the headers of a file say, raw and compressed.

use std::fs;

use sheaf_tests::{Access, Answer, Server, content, sha256};

fn server_with(path: &str, bytes: &[u8]) -> Server {
    let server = Server::start();
    server.admin().create("acme/model");
    server.admin().put("acme/model", path, bytes).expect(201);
    server
}

fn compressed(access: &Access, path: &str, more: &str) -> Answer {
    let request = access.request(&format!("/acme/model/resolve/main/{path}"));
    request.header("Accept-Encoding: sheaf").header(more).send()
}

#[test]
fn the_headers_say_what_the_file_is() {
    let bytes = content::safetensors(1, 5000);
    let server = server_with("deep/model.safetensors", &bytes);
    let answer = server
        .anybody()
        .file("acme/model", "deep/model.safetensors")
        .expect(200);
    let etag = format!("\"{}\"", sha256(&bytes));
    assert_eq!(answer.header("ETag"), Some(etag.as_str()));
    assert_eq!(
        answer.header("Content-Length"),
        Some(bytes.len().to_string().as_str())
    );
    assert_eq!(
        answer.header("Content-Type"),
        Some("application/octet-stream")
    );
    assert_eq!(answer.header("Accept-Ranges"), Some("bytes"));
    assert_eq!(answer.header("Content-Encoding"), None);
    let disposition = answer.header("Content-Disposition").unwrap();
    assert!(disposition.starts_with("attachment"), "{disposition}");
    assert!(
        disposition.contains("filename=\"model.safetensors\""),
        "{disposition}"
    );
    assert!(answer.body == bytes);
}

#[test]
fn a_head_has_the_headers_alone() {
    let bytes = content::safetensors(1, 5000);
    let server = server_with("model.safetensors", &bytes);
    let path = "/acme/model/resolve/main/model.safetensors";
    let got = server.anybody().get(path).expect(200);
    let head = server
        .anybody()
        .request(path)
        .method("HEAD")
        .send()
        .expect(200);
    for name in [
        "ETag",
        "Content-Length",
        "Content-Type",
        "Content-Disposition",
        "Vary",
    ] {
        assert_eq!(head.header(name), got.header(name), "{name}");
    }
    let missing = server
        .anybody()
        .request("/acme/model/resolve/main/other")
        .method("HEAD");
    missing.send().expect(404);
}

#[test]
fn a_name_beyond_ascii_survives_the_download() {
    let server = server_with("g%C3%BCte%20%22a%22.bin", b"x");
    let answer = server
        .anybody()
        .file("acme/model", "g%C3%BCte%20%22a%22.bin")
        .expect(200);
    let disposition = answer.header("Content-Disposition").unwrap();
    assert!(
        disposition.contains("filename*=UTF-8''g%C3%BCte%20%22a%22.bin"),
        "{disposition}"
    );
}

#[test]
fn a_page_in_a_repository_is_not_shown_as_one_of_the_servers_own() {
    let server = server_with("index.html", b"<script>alert(1)</script>");
    let answer = server
        .anybody()
        .file("acme/model", "index.html")
        .expect(200);
    assert!(
        answer
            .header("Content-Disposition")
            .unwrap()
            .starts_with("attachment")
    );
    assert_eq!(answer.header("X-Content-Type-Options"), Some("nosniff"));
}

#[test]
fn one_who_understands_it_gets_the_file_compressed() {
    let bytes = content::safetensors(1, 300_000);
    let server = server_with("model.safetensors", &bytes);
    let raw = server
        .anybody()
        .file("acme/model", "model.safetensors")
        .expect(200);
    let answer = compressed(&server.anybody(), "model.safetensors", "X: y").expect(200);
    assert_eq!(answer.header("Content-Encoding"), Some("sheaf"));
    assert!(
        answer.body.len() < bytes.len() * 9 / 10,
        "{} bytes",
        answer.body.len()
    );
    assert_ne!(answer.header("ETag").unwrap(), raw.header("ETag").unwrap());
    for answer in [&raw, &answer] {
        let vary = answer.header("Vary").unwrap();
        assert!(
            vary.to_ascii_lowercase().contains("accept-encoding"),
            "{vary}"
        );
    }

    let client = server.client();
    fs::write(client.path("model.sheaf"), &answer.body).unwrap();
    let decompress = ["decompress", "model.sheaf", "--output", "model.safetensors"];
    client.run(decompress).success();
    assert!(fs::read(client.path("model.safetensors")).unwrap() == bytes);
}

#[test]
fn the_compressed_form_has_an_etag_of_its_own_and_no_ranges() {
    let bytes = content::safetensors(1, 300_000);
    let server = server_with("model.safetensors", &bytes);
    let access = server.anybody();
    let answer = compressed(&access, "model.safetensors", "Range: bytes=0-9").expect(200);
    assert_eq!(answer.header("Content-Encoding"), Some("sheaf"));

    let etag = answer.header("ETag").unwrap();
    let condition = format!("If-None-Match: {etag}");
    compressed(&access, "model.safetensors", &condition).expect(304);
    let condition = format!("If-None-Match: \"{}\"", sha256(&bytes));
    compressed(&access, "model.safetensors", &condition).expect(200);
}

#[test]
fn nobody_gets_the_compressed_form_who_did_not_ask() {
    let bytes = content::safetensors(1, 5000);
    let server = server_with("model.safetensors", &bytes);
    let path = "/acme/model/resolve/main/model.safetensors";
    for accepted in ["gzip, br", "sheaf;q=0", "identity", "sheafy", "*"] {
        let header = format!("Accept-Encoding: {accepted}");
        let answer = server
            .anybody()
            .request(path)
            .header(&header)
            .send()
            .expect(200);
        assert_eq!(answer.header("Content-Encoding"), None, "{accepted}");
        assert!(answer.body == bytes, "{accepted}");
    }
    for accepted in ["gzip, sheaf", "sheaf;q=0.5", "SHEAF"] {
        let header = format!("Accept-Encoding: {accepted}");
        let answer = server
            .anybody()
            .request(path)
            .header(&header)
            .send()
            .expect(200);
        assert_eq!(
            answer.header("Content-Encoding"),
            Some("sheaf"),
            "{accepted}"
        );
    }
}
