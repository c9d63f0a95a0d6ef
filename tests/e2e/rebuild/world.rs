//! A registry in which everything is that can be, and all that is to be seen of it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use sheaf_tests::{Access, Client, Postgres, Ran, Server, content, corpus, sha256, sheaf};
use tempfile::TempDir;

const MODEL: &str = "all-MiniLM-L6-v2/model.safetensors";

/// An object store, and the settings of servers on it.
pub struct Place {
    settings: Vec<(OsString, OsString)>,
    folder: TempDir,
    client: Client,
}

impl Place {
    pub fn folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("file:{}", folder.path().join("store").display());
        Self::with(folder, &url, |_| ())
    }

    pub fn bucket(url: &str, set: impl FnOnce(&mut Command)) -> Self {
        Self::with(tempfile::tempdir().unwrap(), url, set)
    }

    fn with(folder: TempDir, url: &str, set: impl FnOnce(&mut Command)) -> Self {
        let mut command = Command::new(sheaf());
        set(&mut command);
        command
            .env("SHEAF_BLOBS_URL", url)
            .env("SHEAF_ADMIN_TOKEN", "the-admin-token-of-the-tests")
            .env("SHEAF_COLLECTION_EVERY", "0s")
            .env("SHEAF_COLLECTION_GRACE", "0s");
        let settings = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        Self {
            settings,
            folder,
            client: Client::bare(),
        }
    }

    /// The folder of the object store, where it is one.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    pub fn server(&self, catalog: &Catalog) -> Server {
        let mut command = Command::new(sheaf());
        command.envs(self.settings.iter().cloned());
        Server::start_as(with_catalog(command, catalog))
    }

    /// `sheaf` with the settings of the servers.
    pub fn command(&self, catalog: &Catalog) -> Command {
        let mut command = self.client.command();
        command.envs(self.settings.iter().cloned());
        command.env("SHEAF_LOG_FILTER", "off");
        command.env("SHEAF_DATA", self.folder.path().join("data"));
        with_catalog(command, catalog)
    }

    pub fn rebuild(&self, catalog: &Catalog) -> Ran {
        self.run(catalog, &["rebuild-catalog", "--json"])
    }

    pub fn run(&self, catalog: &Catalog, arguments: &[&str]) -> Ran {
        Ran::of(self.command(catalog).args(arguments))
    }
}

fn with_catalog(mut command: Command, catalog: &Catalog) -> Command {
    command.env("SHEAF_CATALOG_URL", &catalog.url);
    command
}

/// An empty database.
pub struct Catalog {
    pub url: String,
    _folder: Option<TempDir>,
}

impl Catalog {
    pub fn sqlite() -> [Self; 3] {
        [0; 3].map(|_| {
            let folder = tempfile::tempdir().unwrap();
            Self {
                url: format!("sqlite:{}", folder.path().join("catalog").display()),
                _folder: Some(folder),
            }
        })
    }

    pub fn postgres(postgres: &Postgres) -> [Self; 3] {
        [0; 3].map(|_| Self {
            url: postgres.database(),
            _folder: None,
        })
    }

    pub fn at(url: String) -> Self {
        Self { url, _folder: None }
    }
}

/// A real model.
pub fn push_real(server: &Server) {
    if let Some(model) = corpus::get(MODEL) {
        let folder = model.path.parent().unwrap().to_str().unwrap();
        server
            .client()
            .run(["push", folder, "acme/minilm"])
            .success();
    }
}

/// Public and private repositories with a rounded model and pickles; branches and tags that came, moved and
/// went; repositories that went, of which one came again.
pub fn fill(server: &Server) {
    let (client, admin) = (server.client(), server.admin());
    fs::create_dir(client.path("m")).unwrap();
    let model = content::safetensors_of(1, &[120_000, 3, 90_000]);
    fs::write(client.path("m/model.safetensors"), &model).unwrap();
    fs::write(client.path("m/model.pkl"), b"cos\nsystem\n(S'true'\ntR.").unwrap();
    fs::write(client.path("m/empty"), "").unwrap();
    let push = [
        "push",
        "m",
        "Acme/Secret",
        "--private",
        "--near-lossless",
        "9",
    ];
    client.run(push).success();
    let change = json!({"description": "ours \u{e4}"});
    let secret = admin.request("/api/v1/repositories/acme/secret");
    secret.method("PATCH").json(&change).send().expect(200);
    branches(&admin);
    for (name, private) in [
        ("acme/gone", false),
        ("acme/again", false),
        ("acme/again", true),
    ] {
        let body = json!({"name": name, "private": private});
        admin.post("/api/v1/repositories", &body).expect(201);
        let bytes = format!("{name} {private}");
        admin.put(name, "file.txt", bytes).expect(201);
        if !private {
            let path = format!("/api/v1/repositories/{name}");
            admin.delete(&path).expect(204);
        }
    }
}

fn branches(admin: &Access) {
    admin.create("acme/model");
    for (path, bytes) in [("a.bin", "1"), ("b/c.bin", "2"), ("a.bin", "3")] {
        admin.put("acme/model", path, bytes).expect(201);
    }
    admin
        .request("/acme/model/resolve/main/b/c.bin")
        .method("DELETE")
        .send()
        .expect(200);
    let history = admin.revisions("acme/model");
    let id = |at: usize| history[at]["id"].clone();
    let set = |path: &str, body: Value| {
        let path = format!("/api/v1/repositories/acme/model/{path}");
        let answer = admin.request(&path).method("PUT").json(&body).send();
        answer.expect(200)
    };
    set("tags/v1", json!({"target": id(2)}));
    set("tags/old", json!({"target": id(3)}));
    set("branches/dev", json!({"target": id(0)}));
    set("branches/dev", json!({"target": id(3), "expected": id(0)}));
    set("branches/gone", json!({"target": id(0)}));
    for gone in ["gone", "old"] {
        let path = format!("/api/v1/repositories/acme/model/refs/{gone}");
        admin.delete(&path).expect(204);
    }
}

/// All that an administrator sees: of each repository what is said of it, its refs, their histories, and each
/// file with its manifest and its bytes' hash.
pub fn state(admin: &Access) -> Value {
    let mut all = json!({});
    for mut repository in items(admin, "/api/v1/repositories?limit=1000") {
        let name = repository["name"].as_str().unwrap().to_lowercase();
        repository.as_object_mut().unwrap().remove("updated_at");
        all[&name] = json!({"is": repository});
        let path = format!("/api/v1/repositories/{name}");
        let refs = items(admin, &format!("{path}/refs"));
        let mut revisions = json!({});
        for of in &refs {
            let id = of["revision"].as_str().unwrap();
            let history = items(admin, &format!("{path}/revisions?ref={id}"));
            for revision in history {
                let id = revision["id"].as_str().unwrap();
                revisions[id] = json!([revision, files(admin, &name, id)]);
            }
        }
        all[&name]["refs"] = refs.into();
        all[&name]["revisions"] = revisions;
    }
    all
}

fn files(admin: &Access, name: &str, revision: &str) -> Vec<Value> {
    let path = format!("/api/v1/repositories/{name}");
    let tree = items(admin, &format!("{path}/tree/{revision}"));
    let file = |entry: &Value| {
        let file = entry["path"].as_str().unwrap();
        let manifest = admin.get_json(&format!("{path}/files/{revision}/{file}"));
        let bytes = admin.get(&format!("/{name}/resolve/{revision}/{file}"));
        let sha = sha256(bytes.expect(200).body);
        assert_eq!(manifest["sha256"], sha);
        manifest
    };
    tree.iter().map(file).collect()
}

fn items(admin: &Access, path: &str) -> Vec<Value> {
    admin.get_json(path)["items"].as_array().unwrap().clone()
}

/// The names of all files below a folder.
pub fn names_below(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names.extend(names_below(&path));
        } else {
            names.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    names
}
