//! Parts of a file over HTTP, and conditions on them.

use sheaf_tests::{Access, Answer, Server, content, sha256};

const FILE: &str = "/acme/model/resolve/main/model.safetensors";

/// A server with a file of several chunks, each of several frames.
struct Fixture {
    server: Server,
    bytes: Vec<u8>,
}

impl Fixture {
    fn new() -> Self {
        let server = Server::start();
        let bytes = content::safetensors_of(1, &[150_000, 200_000, 70_000]);
        server.admin().create("acme/model");
        server
            .admin()
            .put("acme/model", "model.safetensors", &bytes)
            .expect(201);
        Self { server, bytes }
    }

    fn anybody(&self) -> Access {
        self.server.anybody()
    }

    fn etag(&self) -> String {
        format!("\"{}\"", sha256(&self.bytes))
    }

    fn ranged(&self, range: &str) -> Answer {
        self.anybody()
            .request(FILE)
            .header(&format!("Range: {range}"))
            .send()
    }
}

#[test]
fn a_range_is_the_bytes_asked_for() {
    let fixture = Fixture::new();
    let len = fixture.bytes.len();
    for (range, start, end) in [
        ("bytes=0-0", 0, 1),
        ("bytes=100-4999", 100, 5000),
        // Across the frames of a chunk, and across chunks.
        ("bytes=262000-262400", 262_000, 262_401),
        ("bytes=500000-1500000", 500_000, 1_500_001),
        ("bytes=-17", len - 17, len),
        ("bytes=-99999999", 0, len),
        ("bytes=1000000-", 1_000_000, len),
        ("bytes=0-", 0, len),
        ("bytes=1600000-99999999", 1_600_000, len),
        ("bytes=1600000-99999999999999999999", 1_600_000, len),
    ] {
        let answer = fixture.ranged(range).expect(206);
        assert!(answer.body == fixture.bytes[start..end], "{range}");
        let content_range = format!("bytes {start}-{}/{len}", end - 1);
        assert_eq!(answer.header("Content-Range"), Some(content_range.as_str()));
        let content_length = (end - start).to_string();
        assert_eq!(
            answer.header("Content-Length"),
            Some(content_length.as_str())
        );
        assert_eq!(answer.header("ETag"), Some(fixture.etag().as_str()));
    }
}

#[test]
fn a_range_outside_the_file_is_refused() {
    let fixture = Fixture::new();
    let all = format!("bytes */{}", fixture.bytes.len());
    let behind = format!("bytes={}-", fixture.bytes.len());
    for range in [behind.as_str(), "bytes=99999999-", "bytes=-0"] {
        let answer = fixture.ranged(range).expect(416);
        assert_eq!(
            answer.header("Content-Range"),
            Some(all.as_str()),
            "{range}"
        );
    }
}

#[test]
fn an_empty_file_has_no_ranges() {
    let server = Server::start();
    server.admin().create("acme/model");
    server.admin().put("acme/model", "empty", b"").expect(201);
    let whole = server.anybody().file("acme/model", "empty").expect(200);
    assert_eq!(whole.header("Content-Length"), Some("0"));
    let path = "/acme/model/resolve/main/empty";
    server
        .anybody()
        .request(path)
        .header("Range: bytes=0-0")
        .send()
        .expect(416);
}

#[test]
fn what_is_no_single_range_is_answered_with_the_whole() {
    let fixture = Fixture::new();
    for range in [
        "bytes=0-1,5-6",
        "items=0-1",
        "bytes=x-y",
        "bytes=5-2",
        "bytes=",
    ] {
        let answer = fixture.ranged(range).expect(200);
        assert!(answer.body == fixture.bytes, "{range}");
    }
}

#[test]
fn a_known_version_is_not_sent_again() {
    let fixture = Fixture::new();
    let etag = fixture.etag();
    let known = [
        etag.clone(),
        format!("W/{etag}"),
        format!("\"other\", {etag}"),
        "*".into(),
    ];
    for condition in known {
        let header = format!("If-None-Match: {condition}");
        let answer = fixture
            .anybody()
            .request(FILE)
            .header(&header)
            .send()
            .expect(304);
        assert_eq!(answer.header("ETag"), Some(etag.as_str()), "{condition}");
        assert!(answer.body.is_empty());
    }
    let answer = fixture
        .anybody()
        .request(FILE)
        .header("If-None-Match: \"other\"")
        .send();
    assert!(answer.expect(200).body == fixture.bytes);
}

#[test]
fn if_range_gives_the_part_only_of_the_same_version() {
    let fixture = Fixture::new();
    let send = |condition: &str| {
        let request = fixture.anybody().request(FILE).header("Range: bytes=10-19");
        request.header(&format!("If-Range: {condition}")).send()
    };
    assert!(send(&fixture.etag()).expect(206).body == fixture.bytes[10..20]);
    let weak = format!("W/{}", fixture.etag());
    for other in ["\"other\"", weak.as_str(), "Tue, 15 Nov 1994 12:45:26 GMT"] {
        assert!(send(other).expect(200).body == fixture.bytes, "{other}");
    }
}

#[test]
fn an_interrupted_download_goes_on_where_it_stopped() {
    let fixture = Fixture::new();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("part");
    std::fs::write(&path, &fixture.bytes[..700_000]).unwrap();
    let mut curl = std::process::Command::new("curl");
    curl.args(["--silent", "--continue-at", "-", "--output"])
        .arg(&path);
    let done = curl
        .arg(format!("{}{FILE}", fixture.server.url()))
        .status()
        .unwrap();
    assert!(done.success());
    assert!(std::fs::read(&path).unwrap() == fixture.bytes);
}
