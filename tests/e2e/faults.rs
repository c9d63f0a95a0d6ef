//! A store that fails, lies and stalls on purpose: what was acknowledged is whole afterwards, and no
//! byte goes out that was not verified.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use serde_json::{Value, json};
use sheaf_tests::{Access, Answer, Client, Ran, Server, content, objects, sheaf};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::light::Light;

/// What goes wrong, besides the seed.
const PLAN: &str = "put.fail=0.1,put.lost=0.1,put.torn=0.1,put.stall=0.03,put.late=0.1,\
    get.fail=0.02,get.flip=0.03,get.truncate=0.02,get.gone=0.01,get.stall=0.01,get.late=0.1,\
    delete.fail=0.2,delete.lost=0.1,delete.stall=0.05,stall=200ms,late=20ms";

/// How often somebody tries who does not give up.
const TRIES: usize = 60;

/// A server whose store fails.
struct World {
    server: Server,
    folder: TempDir,
    /// The store is a bucket of this.
    bucket: Option<(Light, Runtime)>,
    acknowledged: Mutex<Vec<Acknowledged>>,
    /// Answers that were an error or were cut short.
    refused: AtomicU64,
    /// Bytes of files that came, all of them right.
    came: AtomicU64,
}

/// A revision that the server said it has.
#[derive(Clone)]
struct Acknowledged {
    repository: String,
    revision: String,
    files: BTreeMap<String, Vec<u8>>,
}

impl World {
    fn start(seed: u64, bucket: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bucket = bucket.then(|| {
            let runtime = Runtime::new().unwrap();
            (runtime.block_on(Light::start()), runtime)
        });
        let mut command = Command::new(sheaf());
        command
            .env("SHEAF_TEST_BLOB_FAULTS", format!("seed={seed},{PLAN}"))
            .env("SHEAF_TEST_BLOB_FAULTS_LOG", folder.path().join("faults"))
            .env("SHEAF_COLLECTION_EVERY", "1s")
            .env("SHEAF_COLLECTION_GRACE", "1s")
            .env("SHEAF_COLLECTION_WRITES_ABANDONED_AFTER", "2s")
            .env("SHEAF_LOG_FILTER", "off");
        if let Some((light, _)) = &bucket {
            command.env("SHEAF_BLOBS_URL", "s3://models/r");
            light.set(&mut command);
        }
        Self {
            server: Server::start_as(command),
            folder,
            bucket,
            acknowledged: Mutex::default(),
            refused: AtomicU64::new(0),
            came: AtomicU64::new(0),
        }
    }

    fn store(&self) -> PathBuf {
        match &self.bucket {
            Some((light, _)) => light.bucket().join("r/blobs"),
            None => self.server.object_store().join("blobs"),
        }
    }

    /// How often what went wrong.
    fn faults(&self) -> BTreeMap<String, u64> {
        let log = fs::read_to_string(self.folder.path().join("faults")).unwrap();
        let mut faults = BTreeMap::new();
        for line in log.lines() {
            let kind = line.split(' ').next().unwrap_or_default();
            *faults.entry(kind.to_owned()).or_default() += 1;
        }
        faults
    }

    /// Pushes two revisions with the client, each until that goes well.
    fn push(&self, number: u64) {
        let (client, repository) = (self.server.client(), format!("acme/model-{number}"));
        let mut files = BTreeMap::new();
        for round in 0..2 {
            let seed = number * 10 + round;
            // One file of its own in each round, one that all pushers have.
            for (name, seed) in [
                (format!("{round}.safetensors"), seed),
                ("shared".into(), round),
            ] {
                let bytes = content::safetensors_of(seed, &[70_000, 120_000, 80_000]);
                files.insert(name, bytes);
            }
            let folder = client.path("model");
            fs::create_dir_all(&folder).unwrap();
            for (name, bytes) in &files {
                fs::write(folder.join(name), bytes).unwrap();
            }
            let push = || client.run(["push", "model", &repository, "--json"]);
            let pushed = (0..TRIES).map(|_| push()).find(|ran| ran.succeeded());
            let report = pushed.expect("a push that goes well at last").json();
            self.acknowledge(&repository, &report["revision"]["id"], files.clone());
        }
    }

    /// Uploads files as they are, each until that goes well.
    fn upload(&self, repository: &str) {
        let admin = self.server.admin();
        let new = json!({"name": repository});
        let create = |_| admin.post("/api/v1/repositories", &new).status;
        // Refused for want of its record, it is there at the second try.
        assert!(
            (0..TRIES)
                .map(create)
                .any(|status| [201, 409].contains(&status))
        );
        let mut files = BTreeMap::new();
        for round in 0..3 {
            let (name, bytes) = (format!("{round}.bin"), content::noise(round + 1, 900_000));
            let put = || admin.put(repository, &name, &bytes);
            let answers = (0..TRIES).map(|_| put());
            // 200 where it was there, and only its record was missing.
            let answer = answers.into_iter().find(|answer| answer.status < 300);
            let revision = answer.expect("an upload that goes well at last").json();
            files.insert(name, bytes);
            self.acknowledge(repository, &revision["id"], files.clone());
        }
    }

    fn acknowledge(&self, repository: &str, revision: &Value, files: BTreeMap<String, Vec<u8>>) {
        let acknowledged = Acknowledged {
            repository: repository.to_owned(),
            revision: revision.as_str().unwrap().to_owned(),
            files,
        };
        self.acknowledged.lock().unwrap().push(acknowledged);
    }

    /// Reads what was acknowledged in every way, until all is pushed.
    fn read(&self, pushed: &AtomicBool) {
        let (anybody, client) = (self.server.anybody(), self.server.client());
        for turn in 0.. {
            let known = self.acknowledged.lock().unwrap().clone();
            if let Some(revision) = known.get(turn % known.len().max(1)) {
                self.read_files(&anybody, &client, revision);
                self.pull(&client, revision, &format!("copy-{turn}"));
            }
            if pushed.load(Ordering::Relaxed) {
                return;
            }
        }
    }

    fn read_files(&self, anybody: &Access, client: &Client, revision: &Acknowledged) {
        for (name, bytes) in &revision.files {
            let path = revision.path(name);
            self.check(&anybody.get(&path), bytes);
            let range = 200_000..700_001;
            let header = format!("Range: bytes={}-{}", range.start, range.end - 1);
            let part = anybody.request(&path).header(&header).send();
            self.check(&part, &bytes[range]);
            let stream = anybody
                .request(&path)
                .header("Accept-Encoding: sheaf")
                .send();
            self.check_stream(client, &stream, bytes);
        }
    }

    /// A right beginning of what was asked for, or an error in words. Only what is whole ends well.
    fn check(&self, answer: &Answer, wanted: &[u8]) {
        if answer.status >= 400 {
            assert!(answer.json()["error"]["code"].is_string(), "{answer:?}");
            self.refused.fetch_add(1, Ordering::Relaxed);
            return;
        }
        assert!(wanted.starts_with(&answer.body), "wrong bytes: {answer:?}");
        assert_eq!(
            answer.exit == 0,
            answer.body.len() == wanted.len(),
            "{answer:?}"
        );
        self.came
            .fetch_add(answer.body.len() as u64, Ordering::Relaxed);
        self.refused
            .fetch_add(u64::from(answer.exit != 0), Ordering::Relaxed);
    }

    fn check_stream(&self, client: &Client, answer: &Answer, wanted: &[u8]) {
        let (packed, out) = (client.path("packed.sheaf"), client.path("unpacked"));
        if !answer.is_complete_success() {
            self.refused.fetch_add(1, Ordering::Relaxed);
            return;
        }
        fs::write(packed, &answer.body).unwrap();
        client
            .run(["decompress", "packed.sheaf", "-o", "unpacked"])
            .success();
        assert!(fs::read(&out).unwrap() == wanted, "wrong bytes in a stream");
        fs::remove_file(out).unwrap();
    }

    /// All files are there after a pull that went well, and none that is wrong after one that did not.
    fn pull(&self, client: &Client, revision: &Acknowledged, folder: &str) {
        let target = format!("{}@{}", revision.repository, revision.revision);
        let ran = client.run(["pull", &target, folder]);
        for (name, bytes) in &revision.files {
            match fs::read(client.path(folder).join(name)) {
                Ok(pulled) => assert!(&pulled == bytes, "wrong bytes pulled"),
                Err(_) => assert!(!ran.succeeded(), "{ran:?}"),
            }
        }
        self.refused
            .fetch_add(u64::from(!ran.succeeded()), Ordering::Relaxed);
        fs::remove_dir_all(client.path(folder)).unwrap();
    }

    /// The same store without faults has all that was acknowledged.
    fn check_all(&mut self) {
        self.server.unset("SHEAF_TEST_BLOB_FAULTS");
        self.server.set("SHEAF_COLLECTION_EVERY", "0s");
        self.server.set("SHEAF_COLLECTION_GRACE", "0s");
        self.server
            .set("SHEAF_COLLECTION_WRITES_ABANDONED_AFTER", "0s");
        self.server.restart();
        let (anybody, client) = (self.server.anybody(), self.server.client());
        for (number, revision) in self.acknowledged.lock().unwrap().iter().enumerate() {
            for (name, bytes) in &revision.files {
                let file = anybody.get(&revision.path(name)).expect(200);
                assert!(&file.body == bytes, "{} is lost", revision.path(name));
            }
            let target = format!("{}@{}", revision.repository, revision.revision);
            client.run(["pull", &target, &number.to_string()]).success();
        }
    }

    /// What is in the store is what manifests name, each once, and nothing else.
    fn check_store(&self) {
        let collect = || self.server.admin().post("/api/v1/collection", &json!({}));
        let left = |_: usize| collect().expect(200).json()["objects"]["waiting"].clone();
        assert!((0..3).map(left).any(|left| left == 0), "garbage is left");
        let mut named = BTreeSet::new();
        for revision in self.acknowledged.lock().unwrap().iter() {
            named.extend(self.blobs(revision));
        }
        let stored = objects(&self.store());
        self.server.client().run(["check", "--full"]).success();
        let names = stored.iter().map(|object| {
            let name = object.path.to_string_lossy().into_owned();
            named.iter().find(|blob| name.contains(*blob)).cloned()
        });
        let found: BTreeSet<Option<String>> = names.collect();
        assert!(!found.contains(&None), "an object that nothing names");
        assert_eq!((found.len(), stored.len()), (named.len(), named.len()));
    }

    /// The catalog is lost, and comes back from the store alone.
    fn lose_catalog(&mut self) {
        self.server.kill();
        for file in ["catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm"] {
            // The last two are there only while they are needed.
            let _ = fs::remove_file(self.server.data().join(file));
        }
        let client = Client::bare();
        let mut rebuild = client.command();
        rebuild.env("SHEAF_LOG_FILTER", "off");
        if let Some((light, _)) = &self.bucket {
            rebuild.env("SHEAF_BLOBS_URL", "s3://models/r");
            light.set(&mut rebuild);
        }
        rebuild.args(["rebuild-catalog", "--json", "--data"]);
        let told = Ran::of(rebuild.arg(self.server.data())).json();
        assert_eq!(told["lost"], 0, "{told:#}");
        self.server.restart_after_kill();
    }

    /// For docs/reliability.md.
    #[allow(clippy::print_stdout, reason = "figures for people")]
    fn tell(&self, seed: u64, faults: &BTreeMap<String, u64>) {
        println!(
            "seed {seed}: {} faults, {} revisions acknowledged, {} answers refused or cut, {} bytes \
             right\n{faults:?}",
            faults.values().sum::<u64>(),
            self.acknowledged.lock().unwrap().len(),
            self.refused.load(Ordering::Relaxed),
            self.came.load(Ordering::Relaxed),
        );
    }

    fn blobs(&self, revision: &Acknowledged) -> Vec<String> {
        let admin = self.server.admin();
        let of = |name: &String| {
            let Acknowledged {
                repository,
                revision,
                ..
            } = revision;
            let path = format!("/api/v1/repositories/{repository}/files/{revision}/{name}");
            let manifest = admin.get_json(&path);
            let chunks = manifest["chunks"].as_array().unwrap().clone();
            let blob = |chunk: Value| chunk["blob"].as_str().unwrap().to_owned();
            chunks.into_iter().map(blob).collect::<Vec<_>>()
        };
        revision.files.keys().flat_map(of).collect()
    }
}

impl Acknowledged {
    fn path(&self, name: &str) -> String {
        format!("/{}/resolve/{}/{name}", self.repository, self.revision)
    }
}

/// Two clients push, one uploads, one reads, all at once. `SHEAF_TEST_SEED` takes another seed.
fn storm(seed: u64, bucket: bool) {
    let given = env::var("SHEAF_TEST_SEED").ok();
    let seed = given.map_or(seed, |seed| seed.parse().unwrap());
    let mut world = World::start(seed, bucket);
    let pushed = AtomicBool::new(false);
    thread::scope(|scope| {
        let (world, pushed) = (&world, &pushed);
        let reader = scope.spawn(move || world.read(pushed));
        let mut pushers = vec![scope.spawn(move || world.upload("acme/raw"))];
        pushers.extend((1..=2).map(|number| scope.spawn(move || world.push(number))));
        let ended: Vec<_> = pushers.into_iter().map(|pusher| pusher.join()).collect();
        pushed.store(true, Ordering::Relaxed);
        assert!(ended.iter().all(Result::is_ok));
        assert!(reader.join().is_ok());
    });
    let faults = world.faults();
    world.check_all();
    world.check_store();
    world.lose_catalog();
    world.check_all();
    world.check_store();
    world.tell(seed, &faults);
    for kind in [
        "put.fail",
        "put.lost",
        "put.torn",
        "get.flip",
        "get.truncate",
    ] {
        assert!(faults.contains_key(kind), "no {kind} in {faults:?}");
    }
    assert!(world.refused.load(Ordering::Relaxed) > 0, "nobody noticed");
    assert!(world.came.load(Ordering::Relaxed) > 0, "nothing came");
}

#[test]
fn a_folder_that_fails_loses_nothing_with_seed_1() {
    storm(1, false);
}

#[test]
fn a_folder_that_fails_loses_nothing_with_seed_2() {
    storm(2, false);
}

#[test]
fn a_bucket_that_fails_loses_nothing_with_seed_3() {
    storm(3, true);
}
