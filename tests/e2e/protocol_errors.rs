//! Clients that break the chunk protocol: a clear error, no revision, nothing stored is touched.

use serde_json::{Value, json};
use sheaf_tests::{Answer, Chunk, Server, Upload, content, file_of};

/// A server with one file, which must survive the test, and an upload with one chunk sent.
struct Fixture {
    server: Server,
    upload: Upload,
    chunk: Chunk,
}

impl Fixture {
    fn new() -> Self {
        let server = Server::start();
        server.admin().create("acme/model");
        server
            .admin()
            .put("acme/model", "good.bin", "good")
            .expect(201);
        let upload = Upload::open(&server.admin(), "acme/model");
        let chunk = Chunk::new(content::weights(1, 100_000));
        upload.put(&chunk).expect(200);
        Self {
            server,
            upload,
            chunk,
        }
    }

    /// Commits one file, changed by `change`.
    fn commit(&self, change: impl FnOnce(&mut Value)) -> Answer {
        let mut file = file_of("new.bin", &[&self.chunk]);
        change(&mut file);
        self.upload
            .commit(&json!({"branch": "main", "files": [file]}))
    }

    /// Nothing has changed, and the upload still works.
    #[track_caller]
    fn unharmed(&self) {
        assert_eq!(
            self.server
                .anybody()
                .file("acme/model", "good.bin")
                .expect(200)
                .body,
            b"good"
        );
        assert_eq!(self.server.admin().revisions("acme/model").len(), 1);
        self.commit(|_| ()).expect(200);
        let file = self
            .server
            .anybody()
            .file("acme/model", "new.bin")
            .expect(200);
        assert!(file.body == self.chunk.raw);
    }
}

#[test]
fn a_blob_of_other_bytes_than_its_chunk_is_refused() {
    let fixture = Fixture::new();
    let claimed = Chunk::new(content::weights(2, 50_000));
    let lie = claimed.lying_blob(&content::weights(3, 50_000));
    fixture
        .upload
        .put_as(&claimed.id, &lie)
        .expect_error(422, "bad_blob");
    assert_eq!(fixture.upload.missing(&[&claimed]), [claimed.id.as_str()]);
    fixture
        .upload
        .commit_file("x.bin", &[&claimed])
        .expect_error(422, "chunks_missing");
    fixture.unharmed();
}

#[test]
fn a_blob_under_the_wrong_name_is_refused() {
    let fixture = Fixture::new();
    let other = Chunk::new(content::weights(2, 50_000));
    fixture
        .upload
        .put_as(&other.id, &fixture.chunk.blob)
        .expect_error(422, "wrong_chunk");
    fixture.upload.put_as("nohex", &other.blob).expect(400);
    fixture.unharmed();
}

#[test]
fn a_blob_that_is_longer_or_shorter_than_it_says_is_refused() {
    let fixture = Fixture::new();
    let chunk = Chunk::new(content::weights(2, 50_000));
    let longer = [chunk.blob.as_slice(), b"more"].concat();
    fixture
        .upload
        .put_as(&chunk.id, &longer)
        .expect_error(422, "bad_blob");
    for len in [chunk.blob.len() - 1, 100, 9, 5] {
        let answer = fixture.upload.put_as(&chunk.id, &chunk.blob[..len]);
        assert!(matches!(answer.status, 400 | 422), "{len}: {answer:?}");
        assert!(answer.json()["error"]["code"].is_string());
    }
    fixture.upload.put_as(&chunk.id, b"").expect(400);
    assert_eq!(fixture.upload.missing(&[&chunk]), [chunk.id.as_str()]);
    fixture.unharmed();
}

#[test]
fn a_blob_with_a_flipped_bit_is_refused() {
    let fixture = Fixture::new();
    let chunk = Chunk::new(content::weights(2, 20_000));
    for at in (0..chunk.blob.len()).step_by(chunk.blob.len() / 20) {
        let mut blob = chunk.blob.clone();
        blob[at] ^= 0x10;
        let answer = fixture.upload.put_as(&chunk.id, &blob);
        // A hint may change and the chunk be right all the same: then it is another blob of it.
        assert!(
            matches!(answer.status, 200 | 400 | 413 | 422),
            "{at}: {answer:?}"
        );
    }
    fixture.upload.put(&chunk).expect(200);
    fixture.upload.commit_file("x.bin", &[&chunk]).expect(200);
    let file = fixture
        .server
        .anybody()
        .file("acme/model", "x.bin")
        .expect(200);
    assert!(file.body == chunk.raw);
}

#[test]
fn a_delta_against_itself_is_refused() {
    let fixture = Fixture::new();
    let base = Chunk::new(content::weights(2, 50_000));
    let mut raw = base.raw.clone();
    raw[1000] ^= 1;
    let mut delta = Chunk::delta(raw, &base);
    // The base's id stands behind the header's 65 fixed bytes: see docs/format.md.
    let own = delta.blob[13..45].to_vec();
    delta.blob[65..97].copy_from_slice(&own);
    fixture.upload.put(&delta).expect_error(422, "bad_blob");
    fixture.unharmed();
}

#[test]
fn a_wrong_sha256_is_refused() {
    let fixture = Fixture::new();
    let refused = fixture.commit(|file| file["sha256"] = json!("0".repeat(64)));
    refused.expect_error(422, "file_mismatch");
    fixture.unharmed();
}

#[test]
fn wrong_sizes_are_refused() {
    let fixture = Fixture::new();
    let size = fixture.chunk.raw.len();
    for wrong in [0, 1, size - 1, size + 1, 1 << 50] {
        let answer = fixture.commit(|file| file["size"] = json!(wrong));
        assert!(matches!(answer.status, 400 | 422), "{wrong}: {answer:?}");
        let answer = fixture.commit(|file| file["chunks"][0]["size"] = json!(wrong));
        assert!(matches!(answer.status, 400 | 422), "{wrong}: {answer:?}");
        let both = fixture.commit(|file| {
            file["size"] = json!(wrong);
            file["chunks"][0]["size"] = json!(wrong);
        });
        assert!(matches!(both.status, 400 | 422), "{wrong}: {both:?}");
    }
    fixture.unharmed();
}

#[test]
fn chunks_in_another_order_are_another_file() {
    let fixture = Fixture::new();
    let other = Chunk::new(content::weights(2, 50_000));
    fixture.upload.put(&other).expect(200);
    let mut file = file_of("new.bin", &[&fixture.chunk, &other]);
    file["chunks"].as_array_mut().unwrap().reverse();
    let commit = json!({"branch": "main", "files": [file]});
    fixture
        .upload
        .commit(&commit)
        .expect_error(422, "file_mismatch");
    fixture.unharmed();
}

#[test]
fn bad_paths_are_refused_in_a_commit_too() {
    let fixture = Fixture::new();
    for path in ["../x", "/x", "a/../b", "a\nb", "a\u{0}b", "a\\b", "", "."] {
        let answer = fixture.commit(|file| file["path"] = json!(path));
        assert!(matches!(answer.status, 400 | 422), "{path}: {answer:?}");
    }
    let collide = fixture.commit(|file| file["path"] = json!("GOOD.bin"));
    collide.expect_error(409, "paths_collide");
    let twice = file_of("new.bin", &[&fixture.chunk]);
    let commit = json!({"branch": "main", "files": [twice, twice]});
    let answer = fixture.upload.commit(&commit);
    assert!(matches!(answer.status, 400 | 409 | 422), "{answer:?}");
    fixture.unharmed();
}

#[test]
fn a_question_about_too_many_chunks_is_refused() {
    let fixture = Fixture::new();
    let chunks: Vec<_> = (0..10_001).map(|_| fixture.chunk.json()).collect();
    let path = format!("{}/missing", fixture.upload.path);
    let answer = fixture
        .server
        .admin()
        .post(&path, &json!({"chunks": chunks}));
    assert!(matches!(answer.status, 400 | 413), "{answer:?}");
    fixture.unharmed();
}

#[test]
fn an_upload_that_is_done_takes_nothing_more() {
    let fixture = Fixture::new();
    fixture.unharmed();
    let chunk = Chunk::new(content::weights(2, 1000));
    fixture
        .upload
        .put(&chunk)
        .expect_error(409, "upload_closed");
    let aborted = Upload::open(&fixture.server.admin(), "acme/model");
    fixture.server.admin().delete(&aborted.path).expect(204);
    aborted.put(&chunk).expect_error(404, "upload_not_found");
    aborted
        .commit_file("x.bin", &[])
        .expect_error(404, "upload_not_found");
}
