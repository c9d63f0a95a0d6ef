//! Knowing a hash gives access to nothing: what is in a private repository cannot be had, nor even
//! be told to be there, by who knows its ids.

use serde_json::json;
use sheaf_tests::{Access, Chunk, Server, Upload, content};

/// A private repository with one chunk in it, and somebody who may write elsewhere only.
struct Fixture {
    server: Server,
    secret: Chunk,
    mallory: Access,
}

impl Fixture {
    fn new() -> Self {
        let server = Server::start();
        let secret = Chunk::new(content::weights(1, 100_000));
        let admin = server.admin();
        admin.create_private("acme/secret");
        let upload = Upload::open(&admin, "acme/secret");
        upload.put(&secret).expect(200);
        upload.commit_file("weights.bin", &[&secret]).expect(200);

        let mallory = server.with_secret(&server.token("write", "mallory"));
        mallory.create("mallory/own");
        Self {
            server,
            secret,
            mallory,
        }
    }

    fn upload(&self) -> Upload {
        Upload::open(&self.mallory, "mallory/own")
    }
}

#[test]
fn a_chunk_of_others_is_said_to_be_missing() {
    let fixture = Fixture::new();
    let unknown = Chunk::new(content::weights(2, 1000));
    let missing = fixture.upload().missing(&[&fixture.secret, &unknown]);
    assert_eq!(missing, [fixture.secret.id.clone(), unknown.id]);
    let admin = Upload::open(&fixture.server.admin(), "acme/secret");
    assert!(admin.missing(&[&fixture.secret]).is_empty());
}

#[test]
fn a_commit_of_a_chunk_of_others_is_refused() {
    let fixture = Fixture::new();
    let upload = fixture.upload();
    upload
        .commit_file("a.bin", &[&fixture.secret])
        .expect_error(422, "chunks_missing");
    upload.missing(&[&fixture.secret]);
    upload
        .commit_file("a.bin", &[&fixture.secret])
        .expect_error(422, "chunks_missing");
    fixture.mallory.file("mallory/own", "a.bin").expect(404);
}

#[test]
fn a_blob_is_had_only_through_its_own_repository() {
    let fixture = Fixture::new();
    let manifest = fixture
        .server
        .admin()
        .manifest("acme/secret", "weights.bin");
    let blob = manifest["chunks"][0]["blob"].as_str().unwrap();
    let in_repository = |name: &str| format!("/api/v1/repositories/{name}/blobs/{blob}");
    fixture
        .server
        .admin()
        .get(&in_repository("acme/secret"))
        .expect(200);
    fixture
        .mallory
        .get(&in_repository("mallory/own"))
        .expect_error(404, "blob_not_found");
    fixture
        .mallory
        .get(&in_repository("acme/secret"))
        .expect_error(404, "repository_not_found");
}

#[test]
fn a_revision_is_had_only_through_its_own_repository() {
    let fixture = Fixture::new();
    let revisions = fixture.server.admin().revisions("acme/secret");
    let id = revisions[0]["id"].as_str().unwrap();
    fixture.mallory.put("mallory/own", "a.bin", "x").expect(201);
    let path = format!("/mallory/own/resolve/{id}/weights.bin");
    fixture
        .mallory
        .get(&path)
        .expect_error(404, "ref_not_found");
    let target = json!({"target": id});
    let branch = fixture
        .mallory
        .request("/api/v1/repositories/mallory/own/branches/stolen");
    branch
        .method("PUT")
        .json(&target)
        .send()
        .expect_error(404, "ref_not_found");
}

#[test]
fn a_delta_against_a_chunk_of_others_is_refused_like_one_against_nothing() {
    let fixture = Fixture::new();
    let near = |base: &Chunk| {
        let mut raw = base.raw.clone();
        raw[40_000] ^= 1;
        Chunk::delta(raw, base)
    };
    let unknown = Chunk::new(content::weights(2, 100_000));
    let upload = fixture.upload();
    upload
        .put(&near(&fixture.secret))
        .expect_error(422, "base_missing");
    upload
        .put(&near(&unknown))
        .expect_error(422, "base_missing");

    // One's own base is another matter.
    let own = near(&unknown);
    upload.put(&unknown).expect(200);
    upload.put(&own).expect(200);
    upload.commit_file("a.bin", &[&unknown, &own]).expect(200);
    let whole = [unknown.raw, own.raw].concat();
    assert!(
        fixture
            .mallory
            .file("mallory/own", "a.bin")
            .expect(200)
            .body
            == whole
    );
}

#[test]
fn sending_what_others_have_looks_like_sending_something_new() {
    let fixture = Fixture::new();
    let figures = fixture.mallory.all_savings();
    let new = Chunk::new(content::weights(3, 100_000));
    let [of_others, of_new] = [&fixture.secret, &new].map(|chunk| {
        let repository = format!("mallory/{}", &chunk.id[..8]);
        fixture.mallory.create(&repository);
        let upload = Upload::open(&fixture.mallory, &repository);
        let received = upload.put(chunk).expect(200).json();
        assert_eq!(received["stored_size"], chunk.blob.len());
        assert_eq!(received["chunk"], chunk.id);
        upload.commit_file("a.bin", &[chunk]).expect(200);
        let savings = fixture.mallory.savings(&repository);
        // What only the holder of both could tell to be shared.
        assert_eq!(savings["exclusive_bytes"], savings["stored_bytes"]);
        assert_eq!(savings["saved_by"]["dedup"], 0);
        savings["stored_bytes"].as_u64().unwrap()
    });
    let all = fixture.mallory.all_savings()["stored_bytes"]
        .as_u64()
        .unwrap();
    assert_eq!(
        all - figures["stored_bytes"].as_u64().unwrap(),
        of_others + of_new
    );
}

#[test]
fn the_figures_of_others_do_not_move_what_one_sees() {
    let fixture = Fixture::new();
    fixture
        .mallory
        .put("mallory/own", "a.bin", &fixture.secret.raw)
        .expect(201);
    let [all, own] = [
        fixture.mallory.all_savings(),
        fixture.mallory.savings("mallory/own"),
    ];
    let delete = "/api/v1/repositories/acme/secret";
    fixture.server.admin().delete(delete).expect(204);
    assert_eq!(fixture.mallory.all_savings(), all);
    assert_eq!(fixture.mallory.savings("mallory/own"), own);
    fixture.mallory.file("mallory/own", "a.bin").expect(200);
}

#[test]
fn the_client_cannot_pull_what_it_may_not_see() {
    let fixture = Fixture::new();
    let nobody = fixture.server.client_with(None);
    let error = nobody.run(["pull", "acme/secret", "here"]).failure();
    assert!(error.contains("acme/secret"), "{error}");
    assert!(!nobody.path("here/weights.bin").exists());
    nobody.run(["ls", "acme/secret"]).failure();
    assert!(!nobody.run(["ls"]).success().contains("secret"));
}
