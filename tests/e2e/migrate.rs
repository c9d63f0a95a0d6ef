//! A registry moves to other backends and is the same there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use sheaf_tests::{
    Access, Chunk, Client, Garage, Postgres, Ran, Server, Upload, content, file_of, objects,
    sha256, sheaf,
};
use tempfile::TempDir;

const FILES: [(&str, &str); 4] = [
    ("acme/model", "model.safetensors"),
    ("acme/model", "rounded/model.safetensors"),
    ("acme/secret", "weights.bin"),
    ("acme/secret", "bad.pkl"),
];

/// Where a registry can be: a configuration file, which says a pair of backends.
struct Place {
    folder: TempDir,
    config: PathBuf,
}

impl Place {
    fn with(backends: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("sheaf.toml");
        let data = folder.path().join("data");
        let text = format!("data = '{}'\n{backends}", data.display());
        fs::write(&config, text).unwrap();
        Self { folder, config }
    }

    /// SQLite and a folder.
    fn embedded() -> Self {
        Self::with("")
    }

    /// Postgres and Garage.
    fn production(postgres: &Postgres, garage: &Garage) -> Self {
        let (key, secret) = garage.key();
        Self::with(&format!(
            "[catalog]\nurl = '{}'\n[blobs]\nurl = 's3://models/moved'\nendpoint = '{}'\n\
             region = '{}'\naccess_key_id = '{key}'\nsecret_access_key = '{secret}'\nallow_http = true\n",
            postgres.database(),
            garage.endpoint(),
            garage.region(),
        ))
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A catalog can be made anew of what lies there, before any server runs.
    fn comes_back_from_its_store(&self) {
        let another = tempfile::tempdir().unwrap();
        let catalog = another.path().join("catalog");
        let mut command = Client::bare().command();
        // Nothing is left of whoever that was.
        command.current_dir("/");
        command
            .args(["rebuild-catalog", "--json", "--full"])
            .env("SHEAF_CONFIG", &self.config)
            .env("SHEAF_CATALOG_URL", format!("sqlite:{}", catalog.display()))
            .env("SHEAF_DATA", another.path().join("data"))
            .env("SHEAF_LOG_FILTER", "off");
        if !self.is_production() {
            let store = self.data().join("blobs");
            command.env("SHEAF_BLOBS_URL", format!("file:{}", store.display()));
        }
        let told = Ran::of(&mut command).json();
        let back = ["repositories", "revisions", "refs", "lost"].map(|of| told[of].as_u64());
        assert_eq!(back, [2, 4, 3, 0].map(Some), "{told:#}");
    }

    fn is_production(&self) -> bool {
        fs::read_to_string(&self.config)
            .unwrap()
            .contains("[catalog]")
    }

    /// A server on what is there.
    fn serve(&self) -> Server {
        let mut command = Command::new(sheaf());
        command.env("SHEAF_CONFIG", &self.config);
        // The test's own data folder is not that of the configuration, so that both are named.
        if !self.is_production() {
            let data = self.data();
            fs::create_dir_all(&data).unwrap();
            let catalog = data.join("catalog.sqlite");
            command.env("SHEAF_CATALOG_URL", format!("sqlite:{}", catalog.display()));
            command.env(
                "SHEAF_BLOBS_URL",
                format!("file:{}", data.join("blobs").display()),
            );
        }
        Server::start_as(command)
    }
}

fn migrate(from: &Path, to: &Path, more: &[&str]) -> Command {
    let mut command = Client::bare().command();
    command.arg("migrate").arg(from).arg(to).args(more);
    // Nothing is left of whoever that was.
    command.current_dir("/");
    command
}

fn moved(from: &Path, to: &Path, more: &[&str]) -> Value {
    let arguments = [&["--json"], more].concat();
    let output = migrate(from, to, &arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn refused(from: &Path, to: &Path) -> String {
    let output = migrate(from, to, &[]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

/// A registry with something of everything: what a new home must have too.
struct Registry {
    reader: String,
    upload: Upload,
    chunk: Chunk,
}

impl Registry {
    fn fill(server: &Server) -> Self {
        let (client, admin) = (server.client(), server.admin());
        fs::create_dir_all(client.path("model/rounded")).unwrap();
        let bytes = content::safetensors_of(1, &[70_000, 3, 200_000]);
        fs::write(client.path("model/model.safetensors"), &bytes).unwrap();
        client.run(["push", "model", "acme/model"]).success();
        fs::write(client.path("model/rounded/model.safetensors"), &bytes).unwrap();
        let rounded = ["push", "model", "acme/model", "--near-lossless", "12"];
        client.run(rounded).success();
        let repository = "/api/v1/repositories/acme/model";
        let first = admin.revisions("acme/model")[1]["id"].clone();
        let tag = admin
            .request(&format!("{repository}/tags/v1"))
            .method("PUT");
        tag.json(&json!({"target": first})).send().expect(200);

        admin.create_private("acme/secret");
        let weights = content::weights(3, 50_000);
        admin
            .put("acme/secret", "weights.bin", &weights)
            .expect(201);
        let pickle = b"cos\nsystem\n(S'true'\ntR.";
        admin.put("acme/secret", "bad.pkl", pickle).expect(201);

        let chunk = Chunk::new(content::weights(9, 50_000));
        let upload = Upload::open(&admin, "acme/model");
        upload.put(&chunk).expect(200);
        Self {
            reader: server.token("read", "acme"),
            upload,
            chunk,
        }
    }

    /// What somebody sees of it, by a token that was made before it moved.
    fn seen(&self, server: &Server) -> Vec<Value> {
        let reader = server.with_secret(&self.reader);
        let mut seen = vec![reader.get_json("/api/v1/repositories")];
        for name in ["acme/model", "acme/secret"] {
            for of in ["", "/refs", "/revisions?ref=main", "/tree/main", "/savings"] {
                seen.push(reader.get_json(&format!("/api/v1/repositories/{name}{of}")));
            }
        }
        let old = "/api/v1/repositories/acme/model/tree/v1";
        seen.push(reader.get_json(old));
        for (repository, path) in FILES {
            seen.push(reader.manifest(repository, path));
            let bytes = reader.file(repository, path).expect(200).body;
            seen.push(json!(sha256(&bytes)));
        }
        for value in &mut seen {
            forget_what_was_sent(value);
        }
        seen
    }

    /// What was sent before it moved need not be sent again.
    fn upload_goes_on(&self, access: &Access) {
        let upload = self.upload.through(access);
        assert!(upload.missing(&[&self.chunk]).is_empty());
    }
}

/// Looking at it changes it.
fn forget_what_was_sent(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !name.starts_with("sent") && name != "served");
            fields.values_mut().for_each(forget_what_was_sent);
        }
        Value::Array(items) => items.iter_mut().for_each(forget_what_was_sent),
        _ => {}
    }
}

#[test]
fn to_postgres_and_a_bucket_and_back_all_stays_the_same() {
    let (Some(postgres), Some(garage)) = (Postgres::shared(), Garage::start()) else {
        return;
    };
    let homes = [
        Place::embedded(),
        Place::production(&postgres, &garage),
        Place::embedded(),
    ];
    let mut server = homes[0].serve();
    let registry = Registry::fill(&server);
    let seen = registry.seen(&server);
    for (from, to) in [(&homes[0], &homes[1]), (&homes[1], &homes[2])] {
        server.kill();
        let planned = moved(&from.config, &to.config, &["--dry-run"]);
        let done = moved(&from.config, &to.config, &[]);
        assert_eq!(planned["rows"], done["rows"]);
        assert_eq!(planned["objects"], done["objects"]);
        assert!(done["rows"]["revision_files"].as_u64() > Some(4), "{done}");
        assert!(done["records"].as_u64() > Some(8), "{done}");
        to.comes_back_from_its_store();
        server = to.serve();
        assert_eq!(registry.seen(&server), seen);
        registry.upload_goes_on(&server.admin());
        server.client().run(["check", "--full"]).success();
        // Numbers go on behind those that came along.
        let name = format!("acme/new-{}", to.folder.path().display().to_string().len());
        server.admin().create(&name);
        server.admin().put(&name, "a.bin", "new").expect(201);
        let gone = format!("/api/v1/repositories/{name}");
        server.admin().delete(&gone).expect(204);
    }
    let upload = registry.upload.through(&server.admin());
    let file = file_of("late.bin", &[&registry.chunk]);
    upload
        .commit(&json!({"branch": "main", "files": [file]}))
        .expect(200);
    let late = server.admin().file("acme/model", "late.bin").expect(200);
    assert!(late.body == registry.chunk.raw);
}

#[test]
fn what_was_interrupted_goes_on() {
    let (from, to) = (Place::embedded(), Place::embedded());
    let mut server = from.serve();
    let bytes = content::safetensors_of(1, &[66_000; 150]);
    server.admin().create("acme/model");
    let put = server
        .admin()
        .put("acme/model", "model.safetensors", &bytes);
    put.expect(201);
    server.kill();

    let mut moving = migrate(&from.config, &to.config, &["--quiet"]);
    let mut moving = moving.stdout(Stdio::null()).spawn().unwrap();
    let store = to.data().join("blobs");
    while objects(&store).len() < 20 {
        let ended = moving.try_wait().unwrap();
        assert!(ended.is_none(), "it ended before it was interrupted");
    }
    moving.kill().unwrap();
    moving.wait().unwrap();
    let there = objects(&store);
    let all = objects(&from.data().join("blobs")).len();
    assert!(there.len() < all, "nothing was left to do");
    // As of a store that forgot, and of one that mixed something up.
    let [one, other] = [&there[3], &there[4]];
    let cut = fs::read(&one.path).unwrap();
    fs::write(&one.path, &cut[..100]).unwrap();
    let mut flipped = fs::read(&other.path).unwrap();
    *flipped.last_mut().unwrap() ^= 1;
    fs::write(&other.path, flipped).unwrap();

    let done = moved(&from.config, &to.config, &[]);
    assert_eq!(done["objects"], all, "{done}");
    let again = done["there_already"].as_u64().unwrap();
    assert!(again >= 10 && again < all as u64, "{done}");
    let server = to.serve();
    let back = server.admin().file("acme/model", "model.safetensors");
    assert!(back.expect(200).body == bytes);
    server.client().run(["check", "--full"]).success();
}

#[test]
fn what_cannot_be_moved_is_refused_with_a_sentence() {
    let (from, to) = (Place::embedded(), Place::embedded());
    let refusal = refused(&from.config, &to.config);
    assert!(refusal.contains("there is no data folder"), "{refusal}");

    let mut server = Server::start();
    server.admin().create("acme/model");
    let bytes = content::weights(1, 80_000);
    server
        .admin()
        .put("acme/model", "a.bin", &bytes)
        .expect(201);
    let data = server.data().to_owned();
    let refusal = refused(&data, &to.config);
    assert!(
        refusal.contains("another server uses the data folder"),
        "{refusal}"
    );
    server.kill();

    let object = &objects(&data.join("blobs"))[0];
    let blob = fs::read(&object.path).unwrap();
    fs::write(&object.path, &blob[..blob.len() - 1]).unwrap();
    let refusal = refused(&data, &to.config);
    assert!(
        refusal.contains("1 of its objects are damaged"),
        "{refusal}"
    );
    assert!(refusal.contains("sheaf check"), "{refusal}");
    fs::write(&object.path, &blob).unwrap();

    let new = to.folder.path().join("another");
    moved(&data, &new, &[]);
    let refusal = refused(&data, &new);
    assert!(refusal.contains("there is a registry already"), "{refusal}");
    let script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); \
                  c.execute('INSERT INTO rebuild (started_at) VALUES (1)'); c.commit()";
    let mut python = Command::new("python3");
    python.args(["-c", script]).arg(data.join("catalog.sqlite"));
    assert!(python.status().unwrap().success());
    let refusal = refused(&data, &to.folder.path().join("a-third"));
    assert!(refusal.contains("sheaf rebuild-catalog"), "{refusal}");

    let missing = refused(&to.folder.path().join("nowhere.toml"), &new);
    assert!(
        missing.contains("cannot read the configuration"),
        "{missing}"
    );
}
