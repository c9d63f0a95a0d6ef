//! Blobs straight from the bucket: the server sends next to nothing, nothing wrong is taken, and
//! whatever keeps a client from the bucket only leads it back through the server.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sheaf_tests::{Client, Garage, Proxy, Server, content, corpus, sha256_of_file, sheaf};

/// A registry in Garage whose clients reach server and bucket through proxies.
struct World {
    server: Server,
    to_server: Proxy,
    to_bucket: Proxy,
    garage: Garage,
}

impl World {
    /// None without Garage.
    fn start(settings: &[(&str, &str)]) -> Option<Self> {
        let garage = Garage::start()?;
        let to_bucket = Proxy::to(garage.endpoint().trim_start_matches("http://"));
        let mut command = Command::new(sheaf());
        command
            .env("SHEAF_BLOBS_URL", "s3://models/registry")
            .env("SHEAF_BLOBS_DIRECT", "true")
            .env("SHEAF_BLOBS_DIRECT_ENDPOINT", to_bucket.url());
        garage.set(&mut command);
        command.envs(settings.iter().copied());
        let server = Server::start_as(command);
        Some(Self {
            to_server: Proxy::to(server.address()),
            server,
            to_bucket,
            garage,
        })
    }

    /// Pushes two files of some chunks, and gives their bytes.
    fn push(&self) -> Vec<(&'static str, Vec<u8>)> {
        let client = self.server.client();
        let files = vec![
            ("a.safetensors", content::safetensors_of(1, &[90_000; 12])),
            ("b.bin", content::noise(2, 1_500_000)),
        ];
        fs::create_dir(client.path("model")).unwrap();
        for (name, bytes) in &files {
            fs::write(client.path("model").join(name), bytes).unwrap();
        }
        client.run(["push", "model", "acme/model"]).success();
        files
    }

    /// Pulls what was pushed, which must come whole, and gives the report.
    fn pull(&self, files: &[(&str, Vec<u8>)]) -> Value {
        let client = self.client();
        let report = client.run(["pull", "acme/model", "here", "--json"]).json();
        for (name, bytes) in files {
            assert!(&fs::read(client.path("here").join(name)).unwrap() == bytes);
        }
        report
    }

    fn client(&self) -> Client {
        self.server.client_through(&self.to_server.url())
    }
}

fn bytes(report: &Value, which: &str) -> u64 {
    let bytes = report[which].as_u64();
    bytes.unwrap_or_else(|| panic!("no {which} in {report}"))
}

#[test]
#[allow(clippy::print_stdout, reason = "figures of docs/reliability.md")]
fn a_real_model_comes_from_the_bucket_and_next_to_nothing_from_the_server() {
    let (Some(model), Some(world)) = (
        corpus::get("all-MiniLM-L6-v2/model.safetensors"),
        World::start(&[]),
    ) else {
        return;
    };
    let folder = model.path.parent().unwrap().to_str().unwrap();
    let pusher = world.server.client();
    pusher
        .run(["push", folder, "acme/minilm", "--private"])
        .success();
    let client = world.client();
    let report = client.run(["pull", "acme/minilm", "here", "--json"]).json();
    let pulled = client.path("here").join("model.safetensors");
    assert_eq!(sha256_of_file(&pulled), model.sha256);

    let received = bytes(&report, "received_bytes");
    assert_eq!(bytes(&report, "direct_bytes"), received, "{report}");
    let (server, bucket) = (world.to_server.came(), world.to_bucket.came());
    println!("{received} bytes of blobs: {bucket} from the bucket, {server} from the server");
    assert!(bucket >= received, "{bucket} of {received}");
    assert!(
        server < received / 100,
        "{server} from the server, {received} in all"
    );
    let savings = world.server.admin().savings("acme/minilm");
    assert_eq!(bytes(&savings, "direct_wire_bytes"), received, "{savings}");
    assert_eq!(
        bytes(&savings, "direct_raw_bytes"),
        bytes(&savings, "raw_bytes"),
        "{savings}"
    );
    assert_eq!(bytes(&savings, "sent_wire_bytes"), 0, "{savings}");
    let words = client.run(["info", "acme/minilm"]).success();
    assert!(
        words.contains("handed out to be read in the bucket"),
        "{words}"
    );
    let words = client.run(["pull", "acme/minilm", "again"]).success();
    assert!(words.contains("straight from the bucket"), "{words}");

    let sent = world.to_bucket.sent();
    assert!(sent.contains("X-Amz-Signature"), "{sent}");
    assert!(
        !sent.to_ascii_lowercase().contains("authorization"),
        "{sent}"
    );
    assert!(!sent.contains(world.server.admin_token()), "{sent}");
}

#[test]
fn a_url_that_expired_on_the_way_is_asked_for_anew() {
    let Some(world) = World::start(&[("SHEAF_BLOBS_DIRECT_FOR", "1s")]) else {
        return;
    };
    let files = world.push();
    // Longer than the URL is good, in whatever part of a second it was made.
    world.to_bucket.delay(3, Duration::from_millis(2500));
    let report = world.pull(&files);
    assert_eq!(world.to_bucket.refused(), 3);
    let [direct, all] = ["direct_bytes", "received_bytes"].map(|of| bytes(&report, of));
    assert_eq!(direct, all, "{report}");
}

#[test]
fn where_the_bucket_cannot_be_reached_all_comes_through_the_server() {
    let nowhere = [("SHEAF_BLOBS_DIRECT_ENDPOINT", "http://127.0.0.1:1")];
    let Some(world) = World::start(&nowhere) else {
        return;
    };
    let files = world.push();
    let report = world.pull(&files);
    assert_eq!(bytes(&report, "direct_bytes"), 0);
    assert!(world.to_server.came() > bytes(&report, "received_bytes"));
}

#[test]
fn what_is_changed_on_the_way_from_the_bucket_is_not_taken() {
    let Some(world) = World::start(&[]) else {
        return;
    };
    let files = world.push();
    world.to_bucket.flip();
    let report = world.pull(&files);
    assert!(world.to_bucket.came() > 0, "nobody asked the bucket");
    let [direct, all] = ["direct_bytes", "received_bytes"].map(|of| bytes(&report, of));
    assert!(direct < all / 10, "{report}");
}

#[test]
fn a_bucket_that_goes_down_is_left_alone_and_said_by_the_server() {
    let Some(mut world) = World::start(&[]) else {
        return;
    };
    let files = world.push();
    world.garage.kill();
    let refused = world.client().run(["pull", "acme/model", "here"]).failure();
    assert!(refused.contains("right now"), "{refused}");
    world.garage.start_again();
    world.pull(&files);
}

#[test]
fn urls_are_for_those_who_may_read_the_repository() {
    let Some(world) = World::start(&[]) else {
        return;
    };
    let admin = world.server.admin();
    admin.create_private("acme/secret");
    admin
        .put("acme/secret", "a.bin", content::noise(1, 300_000))
        .expect(201);
    admin.create("acme/open");
    let manifest = admin.manifest("acme/secret", "a.bin");
    let blob = manifest["chunks"][0]["blob"].as_str().unwrap().to_owned();
    let path =
        |repository: &str| format!("/api/v1/repositories/{repository}/blobs/{blob}/location");

    let location = admin.get(&path("acme/secret")).expect(200);
    assert_eq!(location.header("cache-control"), Some("no-store"));
    let location = location.json();
    assert_eq!(location["expires_in"], 900);
    let url = location["url"].as_str().unwrap();
    assert!(url.starts_with(&world.to_bucket.url()), "{url}");
    world
        .server
        .anybody()
        .get(&path("acme/secret"))
        .expect_error(404, "repository_not_found");
    admin
        .get(&path("acme/open"))
        .expect_error(404, "blob_not_found");
    let other = world.server.token("read", "acme/open");
    let other = world.server.with_secret(&other);
    other
        .get(&path("acme/secret"))
        .expect_error(404, "repository_not_found");
}

#[test]
fn an_object_that_nothing_reaches_any_more_outlives_its_urls() {
    let settings = [
        ("SHEAF_BLOBS_DIRECT_FOR", "3s"),
        ("SHEAF_COLLECTION_GRACE", "3s"),
        ("SHEAF_COLLECTION_EVERY", "0s"),
    ];
    let Some(world) = World::start(&settings) else {
        return;
    };
    let admin = world.server.admin();
    admin.create("acme/model");
    admin
        .put("acme/model", "a.bin", content::noise(1, 300_000))
        .expect(201);
    let manifest = admin.manifest("acme/model", "a.bin");
    let blob = manifest["chunks"][0]["blob"].as_str().unwrap();
    let asked = Instant::now();
    let path = format!("/api/v1/repositories/acme/model/blobs/{blob}/location");
    let location = admin.get_json(&path);
    let url = location["url"].as_str().unwrap();
    assert_eq!(status(url), "200");

    admin.delete("/api/v1/repositories/acme/model").expect(204);
    let collect = || {
        admin
            .post("/api/v1/collection", &json!({}))
            .expect(200)
            .json()
    };
    while collect()["objects"]["collected"] == 0 {
        // Refused for no other reason than that its time is up.
        assert!(status(url) == "200" || asked.elapsed() >= Duration::from_secs(2));
    }
    assert!(
        asked.elapsed() >= Duration::from_secs(3),
        "gone before its URL expired"
    );
    assert_ne!(status(url), "200");
}

/// What the bucket answers to anybody.
fn status(url: &str) -> String {
    let mut curl = Command::new("curl");
    let said = curl.args([
        "--silent",
        "--output",
        "/dev/null",
        "--write-out",
        "%{http_code}",
        url,
    ]);
    String::from_utf8(said.output().unwrap().stdout).unwrap()
}

#[test]
fn without_a_bucket_or_when_it_is_off_there_is_no_url() {
    let server = Server::start();
    let admin = server.admin();
    admin.create("acme/model");
    admin
        .put("acme/model", "a.bin", content::noise(1, 300_000))
        .expect(201);
    let manifest = admin.manifest("acme/model", "a.bin");
    let blob = manifest["chunks"][0]["blob"].as_str().unwrap();
    let path = format!("/api/v1/repositories/acme/model/blobs/{blob}/location");
    let location = admin.get_json(&path);
    assert_eq!(location, json!({"url": null, "expires_in": null}));
    let client = Client::bare();
    let mut command = client.command();
    command.env("SHEAF_BLOBS_DIRECT", "true").arg("serve");
    let ended = command.output().unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(!ended.status.success());
    assert!(said.contains("blobs.direct is only for a bucket"), "{said}");
}
