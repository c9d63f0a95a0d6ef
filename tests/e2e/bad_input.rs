//! Raw requests that are wrong: a clear error, no revision, and nothing already stored is touched.

use sheaf_tests::{Server, content};

/// A server with one file, which must survive the test.
struct Fixture {
    server: Server,
    bytes: Vec<u8>,
}

impl Fixture {
    fn new() -> Self {
        let server = Server::start();
        let bytes = content::safetensors(1, 100_000);
        server.admin().create("acme/model");
        server
            .admin()
            .put("acme/model", "good.safetensors", &bytes)
            .expect(201);
        Self { server, bytes }
    }

    /// Sends a PUT of a file by hand: the rest of its headers, and its body.
    fn put_by_hand(&self, name: &str, headers: &str, body: &[u8]) -> String {
        let token = self.server.admin_token();
        let head = format!(
            "PUT /acme/model/resolve/main/{name} HTTP/1.1\r\nHost: sheaf\r\n\
             Authorization: Bearer {token}\r\nConnection: close\r\n{headers}\r\n\r\n"
        );
        self.server.raw(&[head.as_bytes(), body].concat())
    }

    /// Nothing has changed.
    #[track_caller]
    fn unharmed(&self) {
        let file = self
            .server
            .anybody()
            .file("acme/model", "good.safetensors")
            .expect(200);
        assert!(file.body == self.bytes);
        assert_eq!(self.server.admin().revisions("acme/model").len(), 1);
    }
}

/// No answer, or one that blames the sender.
#[track_caller]
fn refused(answer: &str) {
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
        "{answer}"
    );
}

#[test]
fn a_body_that_ends_early_makes_no_revision() {
    let fixture = Fixture::new();
    let bytes = content::safetensors(2, 200_000);
    for sent in [0, 5, 1000, 400_000, bytes.len() - 1] {
        let length = format!("Content-Length: {}", bytes.len());
        refused(&fixture.put_by_hand("new.safetensors", &length, &bytes[..sent]));
        fixture.unharmed();
    }
    fixture
        .server
        .anybody()
        .file("acme/model", "new.safetensors")
        .expect(404);
}

#[test]
fn a_chunked_body_that_ends_early_makes_no_revision() {
    let fixture = Fixture::new();
    let chunked = "Transfer-Encoding: chunked";
    for body in [
        &b""[..],
        b"400\r\nonly this",
        b"4\r\nwhat\r\n",
        b"4\r\nwhat\r\nzz\r\n",
    ] {
        refused(&fixture.put_by_hand("new.bin", chunked, body));
        fixture.unharmed();
    }
    fixture
        .server
        .anybody()
        .file("acme/model", "new.bin")
        .expect(404);
}

#[test]
fn an_archive_that_ends_early_makes_no_revision() {
    let fixture = Fixture::new();
    // Its layout is at its end, so that it is spooled.
    let body = [b"PK\x03\x04".as_slice(), &content::noise(1, 500_000)].concat();
    let length = format!("Content-Length: {}", body.len() + 1);
    refused(&fixture.put_by_hand("new.pt", &length, &body));
    fixture.unharmed();
}

#[test]
fn what_follows_the_declared_body_is_no_part_of_it() {
    let fixture = Fixture::new();
    let answer = fixture.put_by_hand("good.safetensors", "Content-Length: 4", b"what follows");
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let file = fixture
        .server
        .anybody()
        .file("acme/model", "good.safetensors")
        .expect(200);
    assert_eq!(file.body, b"what");
}

#[test]
fn two_lengths_are_refused() {
    let fixture = Fixture::new();
    let both = "Content-Length: 4\r\nContent-Length: 5";
    refused(&fixture.put_by_hand("new.bin", both, b"whatx"));
    fixture.unharmed();
}

#[test]
fn paths_that_leave_their_folder_are_refused() {
    let fixture = Fixture::new();
    for path in [
        "../x",
        "a/../x",
        "..%2Fx",
        "a%2F..%2Fx",
        "%2e%2e/x",
        "./x",
        "a/./x",
        "%2Fetc",
        "/etc",
        "a//b",
        "a/",
        "a%5Cb",
        "C:%5Cx",
        "c:x",
        "a%00b",
        "a%0Ab",
        "%7F",
        "%C2%85",
        "%FF",
        "..",
    ] {
        let answer = fixture.server.admin().put("acme/model", path, "x");
        assert!(matches!(answer.status, 400 | 404), "{path}: {answer:?}");
        assert!(
            answer.json()["error"]["code"].is_string(),
            "{path}: {answer:?}"
        );
        fixture.unharmed();
    }
    let long = "a".repeat(256);
    fixture
        .server
        .admin()
        .put("acme/model", &long, "x")
        .expect_error(400, "invalid");
    fixture.unharmed();
}

#[test]
fn paths_that_collide_are_refused() {
    let fixture = Fixture::new();
    for path in [
        "GOOD.safetensors",
        "good.safetensors/below",
        "Good.Safetensors/below",
    ] {
        let answer = fixture.server.admin().put("acme/model", path, "x");
        answer.expect_error(409, "paths_collide");
        fixture.unharmed();
    }
}

#[test]
fn names_of_repositories_and_refs_follow_their_grammar() {
    let fixture = Fixture::new();
    let admin = fixture.server.admin();
    for name in [
        "acme",
        "acme/a/b",
        "acme/..",
        "-a/b",
        "api/x",
        "healthz/x",
        "acme/a b",
        "é/x",
    ] {
        let answer = admin.post("/api/v1/repositories", &serde_json::json!({"name": name}));
        assert!(matches!(answer.status, 400 | 422), "{name}: {answer:?}");
        assert!(answer.json()["error"]["message"].is_string(), "{name}");
    }
    for reference in ["a..b", "-x", ".a", "a%0Ab", "a%25b", "a%20b"] {
        let path = format!("/acme/model/resolve/{reference}/x.bin");
        let answer = admin.request(&path).bytes("x").send();
        assert!(
            matches!(answer.status, 400 | 404),
            "{reference}: {answer:?}"
        );
    }
    let again = serde_json::json!({"name": "ACME/Model"});
    admin
        .post("/api/v1/repositories", &again)
        .expect_error(409, "repository_exists");
    fixture.unharmed();
}

#[test]
fn json_that_is_none_is_refused() {
    let fixture = Fixture::new();
    let post = |body: &str| {
        let request = fixture.server.admin().request("/api/v1/repositories");
        let request = request.header("Content-Type: application/json");
        request.option(["--data-binary", body]).send()
    };
    let deep = "[".repeat(10_000);
    for body in [
        "",
        "{",
        "[]",
        "{\"name\": 1}",
        "{\"name\":\"a/b\",\"owner\":\"x\"}",
        &deep,
    ] {
        let answer = post(body);
        assert!(matches!(answer.status, 400 | 422), "{answer:?}");
        assert!(answer.json()["error"]["code"].is_string(), "{answer:?}");
    }
    fixture.unharmed();
}

#[test]
fn files_that_lie_about_their_lengths_are_stored_as_they_are() {
    let fixture = Fixture::new();
    let admin = fixture.server.admin();
    let tensor = |start: u64, end: u64| {
        let header =
            format!(r#"{{"w":{{"dtype":"F32","shape":[250],"data_offsets":[{start},{end}]}}}}"#);
        content::with_header(&header, &content::weights(1, 250))
    };
    let lies = [
        (
            "huge-header",
            [u64::MAX.to_le_bytes().as_slice(), b"{}"].concat(),
        ),
        (
            "long-header",
            [1_000_000u64.to_le_bytes().as_slice(), b"{\"a\":"].concat(),
        ),
        ("beyond-the-end", tensor(0, 1 << 60)),
        ("backwards", tensor(1000, 0)),
        ("wrong-shape", tensor(0, 996)),
        ("overflow", tensor(u64::MAX - 3, u64::MAX)),
        ("no-json", content::with_header("{{{{", b"data")),
        (
            "gguf-of-many",
            [b"GGUF\x03\0\0\0".as_slice(), &[0xff; 64]].concat(),
        ),
        (
            "zip-of-nothing",
            [b"PK\x05\x06".as_slice(), &[0xff; 18]].concat(),
        ),
        (
            "pickle-of-nothing",
            b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\xff\xff\xff\xff".to_vec(),
        ),
    ];
    for (name, bytes) in &lies {
        admin.put("acme/model", name, bytes).expect(201);
        assert!(
            admin.file("acme/model", name).expect(200).body == *bytes,
            "{name}"
        );
        let tensors = format!("/api/v1/repositories/acme/model/tensors/main/{name}");
        let found = admin.get_json(&tensors);
        assert_eq!(found["format"], "unknown", "{name}");
        assert_eq!(found["tensors"].as_array().unwrap().len(), 0, "{name}");
    }
    assert_eq!(admin.revisions("acme/model").len(), lies.len() + 1);
}
