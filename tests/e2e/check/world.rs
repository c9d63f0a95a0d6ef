//! Registries over each pair of a catalog and an object store, whose objects and rows can be damaged.

use std::process::Command;

use bytes::Bytes;
use futures::TryStreamExt;
use serde_json::Value;
use sheaf_blobs::{Blobs, Object, S3Keys, S3Options};
use sheaf_tests::{Access, Garage, Postgres, Ran, Server, content, sheaf};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::light::Light;

pub const FILE: &str = "model.safetensors";

/// A registry and what is behind it.
pub struct World {
    pub name: &'static str,
    pub server: Server,
    blobs: Blobs,
    rows: Rows,
    runtime: Runtime,
    _store: Store,
}

enum Rows {
    Sqlite,
    Postgres(Box<Postgres>, String),
}

#[allow(dead_code, reason = "kept until the test ends")]
enum Store {
    Folder(TempDir),
    Light(Light),
    Garage(Garage),
}

/// Runs a test over each pair that this machine has.
pub fn in_each(test: impl Fn(&mut World)) {
    for mut world in [World::embedded(), World::in_a_bucket()] {
        test(&mut world);
    }
    if let Some(mut world) = World::on_postgres() {
        test(&mut world);
    }
    if let Some(mut world) = World::in_production() {
        test(&mut world);
    }
}

impl World {
    pub fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::of("SQLite and a folder", Rows::Sqlite, Store::Folder(folder))
    }

    fn in_a_bucket() -> Self {
        let runtime = Runtime::new().unwrap();
        let light = runtime.block_on(Light::start());
        Self::with(
            "SQLite and a bucket",
            Rows::Sqlite,
            Store::Light(light),
            runtime,
        )
    }

    fn on_postgres() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let rows = Rows::postgres()?;
        Some(Self::of(
            "Postgres and a folder",
            rows,
            Store::Folder(folder),
        ))
    }

    fn in_production() -> Option<Self> {
        let garage = Store::Garage(Garage::start()?);
        Some(Self::of("Postgres and Garage", Rows::postgres()?, garage))
    }

    fn of(name: &'static str, rows: Rows, store: Store) -> Self {
        Self::with(name, rows, store, Runtime::new().unwrap())
    }

    fn with(name: &'static str, rows: Rows, store: Store, runtime: Runtime) -> Self {
        let mut command = Command::new(sheaf());
        // Nothing is waited for: a test says when what happens.
        for (variable, value) in [
            ("SHEAF_COLLECTION_EVERY", "0s"),
            ("SHEAF_COLLECTION_GRACE", "0s"),
            ("SHEAF_COLLECTION_WRITES_ABANDONED_AFTER", "0s"),
            ("SHEAF_BLOBS_URL", &store.url()),
        ] {
            command.env(variable, value);
        }
        store.set(&mut command);
        if let Rows::Postgres(_, url) = &rows {
            command.env("SHEAF_CATALOG_URL", url);
        }
        let server = Server::start_as(command);
        let (url, options) = (store.url(), store.options());
        let blobs = Blobs::open(&url, &options);
        Self {
            name,
            blobs: runtime.block_on(blobs).unwrap(),
            server,
            rows,
            runtime,
            _store: store,
        }
    }

    pub fn admin(&self) -> Access {
        self.server.admin()
    }

    /// Puts a model of several chunks, and gives its bytes.
    pub fn put_model(&self, repository: &str, seed: u64) -> Vec<u8> {
        let bytes = content::safetensors_of(seed, &[70_000, 200_000, 70_000]);
        self.admin().create(repository);
        self.admin().put(repository, FILE, &bytes).expect(201);
        bytes
    }

    pub fn check(&self, arguments: &[&str]) -> Ran {
        self.server.client().run([&["check"], arguments].concat())
    }

    /// Nothing is wrong, however closely one looks.
    #[track_caller]
    pub fn is_clean(&self) {
        for depth in ["--quick", "--sample=100", "--full"] {
            let report = self.check(&["--json", depth]).json();
            assert_eq!(report["faults_found"], 0, "{} {depth}: {report}", self.name);
        }
    }

    /// What is found, which must be something.
    #[track_caller]
    pub fn faults(&self, arguments: &[&str]) -> Vec<Value> {
        let said = self.check(&[&["--json"], arguments].concat()).found();
        let report: Value = serde_json::from_str(&said).unwrap();
        let faults = report["faults"].as_array().unwrap().clone();
        assert_eq!(report["faults_found"], faults.len(), "{report}");
        faults
    }

    /// The object of a file's largest chunk, and its bytes.
    pub fn victim(&self, repository: &str) -> (String, Vec<u8>) {
        let manifest = self.admin().manifest(repository, FILE);
        let chunks = manifest["chunks"].as_array().unwrap();
        let largest = chunks.iter().max_by_key(|chunk| chunk["size"].as_u64());
        let blob = largest.unwrap()["blob"].as_str().unwrap();
        let found = self.objects().into_iter().find(|o| o.key.contains(blob));
        let key = found.unwrap().key;
        let bytes = self.read(&key);
        (key, bytes)
    }

    pub fn objects(&self) -> Vec<Object> {
        let listed = self.blobs.list().try_collect();
        self.runtime.block_on(listed).unwrap()
    }

    /// The keys of records that have this in them, in their order.
    pub fn records(&self, part: &str) -> Vec<String> {
        let listed = async {
            let mut keys = Vec::new();
            for first in 0..=u8::MAX {
                let some: Vec<Object> = self.blobs.list_records(first).try_collect().await.unwrap();
                keys.extend(some.into_iter().map(|object| object.key));
            }
            keys
        };
        let mut keys = self.runtime.block_on(listed);
        keys.retain(|key| key.contains(part));
        keys.sort();
        keys
    }

    pub fn read(&self, key: &str) -> Vec<u8> {
        let whole = self.blobs.get(key, 0..u64::from(u32::MAX));
        self.runtime.block_on(whole).unwrap().into()
    }

    /// Puts other bytes in an object's place.
    pub fn write(&self, key: &str, bytes: &[u8]) {
        self.delete(key);
        let put = self.blobs.put(key, Bytes::copy_from_slice(bytes));
        self.runtime.block_on(put).unwrap();
    }

    pub fn delete(&self, key: &str) {
        self.runtime.block_on(self.blobs.delete(key)).unwrap();
    }

    /// Changes rows behind the server's back, with no regard to what belongs together.
    pub fn sql(&self, statements: &str) {
        match &self.rows {
            Rows::Postgres(postgres, url) => {
                let free = format!("SET session_replication_role = replica; {statements}");
                postgres.sql(url, &free);
            }
            Rows::Sqlite => {
                let script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=60); \
                              c.executescript(sys.argv[2]); c.commit()";
                let file = self.server.data().join("catalog.sqlite");
                let mut python = Command::new("python3");
                python.args(["-c", script]).arg(file).arg(statements);
                assert!(python.status().unwrap().success(), "{statements}");
            }
        }
    }
}

impl Rows {
    fn postgres() -> Option<Self> {
        let postgres = Postgres::shared()?;
        let url = postgres.database();
        Some(Self::Postgres(Box::new(postgres), url))
    }
}

impl Store {
    fn url(&self) -> String {
        match self {
            Self::Folder(folder) => format!("file:{}", folder.path().display()),
            // The small server puts keys into names of files, which must not be long.
            Self::Light(_) => "s3://models/r".into(),
            Self::Garage(_) => "s3://models/registry".into(),
        }
    }

    fn set(&self, command: &mut Command) {
        match self {
            Self::Folder(_) => {}
            Self::Light(light) => light.set(command),
            Self::Garage(garage) => garage.set(command),
        }
    }

    fn options(&self) -> S3Options {
        match self {
            Self::Folder(_) => S3Options::default(),
            Self::Light(light) => light.options(),
            Self::Garage(garage) => S3Options {
                endpoint: Some(garage.endpoint()),
                region: Some(garage.region().into()),
                keys: Some(S3Keys {
                    access_key_id: garage.key().0.into(),
                    secret_access_key: garage.key().1.into(),
                    session_token: None,
                }),
                allow_http: true,
                ..S3Options::default()
            },
        }
    }
}
