//! The registry itself, with callers.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use sheaf_registry::{Caller, Registry, Settings};
use sheaf_tests::Postgres;
use sheaf_types::access::{Role, Scope};
use sheaf_types::tokens::NewToken;
use sheaf_types::{ChunkId, FilePath, RefName, RepositoryName};
use tempfile::TempDir;

use crate::common::{settings, sqlite};
use crate::model::Who;

const SECRET: &str = "a secret of the tests";

/// An empty database and a folder, for as long as this value lives.
pub struct Database {
    url: String,
    folder: TempDir,
    _postgres: Option<Postgres>,
}

impl Database {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            url: sqlite(folder.path()),
            folder,
            _postgres: None,
        }
    }

    pub fn postgres(postgres: Postgres) -> Self {
        Self {
            url: postgres.database(),
            folder: tempfile::tempdir().unwrap(),
            _postgres: Some(postgres),
        }
    }

    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn settings(&self) -> Settings {
        settings(self.url.clone(), self.folder.path(), 4 << 20)
    }
}

pub struct Real {
    pub registry: Arc<Registry>,
    database: Database,
    callers: [Caller; 4],
}

impl Real {
    pub async fn new(database: Database) -> Self {
        let registry = Registry::open(database.settings()).await.unwrap();
        registry.set_admin_secret(SECRET);
        let admin = registry.authenticate(SECRET).await.unwrap();
        let writer = token(&registry, &admin, Role::Write, "one").await;
        let reader = token(&registry, &admin, Role::Read, "two/a").await;
        Self {
            registry,
            database,
            callers: [admin, Caller::anonymous(), writer, reader],
        }
    }

    pub fn caller(&self, who: Who) -> &Caller {
        let place = Who::ALL.iter().position(|of| *of == who);
        &self.callers[place.unwrap()]
    }

    /// What a server does that is stopped and started again.
    pub async fn restart(&mut self) {
        self.registry.close().await;
        self.registry = Registry::open(self.database.settings()).await.unwrap();
        self.registry.set_admin_secret(SECRET);
    }

    /// The whole of a file.
    pub async fn read(&self, who: Who, repository: usize, reference: &str, path: usize) -> Vec<u8> {
        let (name, path) = (repository_name(repository), path_name(path));
        let file = self
            .registry
            .open_file(self.caller(who), &name, reference, &path)
            .await
            .unwrap();
        let bytes = self.registry.read_file(&file, 0..file.entry.size);
        let bytes: Vec<Bytes> = bytes.try_collect().await.unwrap();
        bytes.concat()
    }

    /// The chunks of which the store has an object, each with how many there are.
    pub fn stored(&self) -> (BTreeSet<ChunkId>, usize) {
        let objects = sheaf_tests::objects(&self.database.store().join("blobs"));
        let chunk = |object: &sheaf_tests::Object| {
            let name = object.path.file_name().unwrap().to_str().unwrap();
            name.split('.').next().unwrap().parse().unwrap()
        };
        (objects.iter().map(chunk).collect(), objects.len())
    }
}

async fn token(registry: &Registry, admin: &Caller, role: Role, scope: &str) -> Caller {
    let new = NewToken {
        name: scope.into(),
        role,
        scope: scope.parse::<Scope>().unwrap(),
        expires_in: None,
    };
    let made = registry.create_token(admin, new).await.unwrap();
    registry.authenticate(&made.secret).await.unwrap()
}

pub fn body(bytes: &[u8]) -> sheaf_registry::ByteStream {
    let piece = |piece: &[u8]| Ok(Bytes::copy_from_slice(piece));
    let pieces: Vec<_> = bytes.chunks(100_000).map(piece).collect();
    stream::iter(pieces).boxed()
}

pub fn repository_name(number: usize) -> RepositoryName {
    ["one/a", "one/b", "two/a"][number].parse().unwrap()
}

pub fn ref_name(number: usize) -> RefName {
    ["main", "other", "v1"][number].parse().unwrap()
}

pub fn path_name(number: usize) -> FilePath {
    ["model.safetensors", "a/b", "a/c.txt"][number]
        .parse()
        .unwrap()
}
