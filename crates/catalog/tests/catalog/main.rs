//! What the catalog promises, whatever database it stands on.

#![allow(clippy::unwrap_used)]

mod chunks;
mod database;
mod jobs;
mod numbers;
mod opening;
mod pickles;
mod records;
mod reencode;
mod repositories;
mod revisions;
mod schema;
mod servers;
mod upgrades;

use std::sync::Arc;

use database::Database;
use jiff::Timestamp;
use sheaf_catalog::{
    Catalog, CommitOutcome, Expected, Live, NewBlob, NewFile, NewRevision, RepositoryId,
};
use sheaf_types::files::ChunkRef;
use sheaf_types::repositories::NewRepository;
use sheaf_types::revisions::Revision;
use sheaf_types::{BlobId, ChunkId, RefName, RevisionId, Sha256, UploadId};

/// A catalog with a repository and an upload to it.
struct World {
    catalog: Catalog,
    repository: RepositoryId,
    upload: UploadId,
    _database: Arc<Database>,
}

fn now() -> Timestamp {
    Timestamp::from_microsecond(1_700_000_000_000_000).unwrap()
}

fn later(seconds: i64) -> Timestamp {
    Timestamp::from_microsecond(now().as_microsecond() + seconds * 1_000_000).unwrap()
}

fn main_branch() -> RefName {
    RefName::main()
}

impl World {
    async fn new(database: Database) -> Self {
        let catalog = Catalog::open(&database.url).await.unwrap();
        let repository = create(&catalog, "acme/model", false).await;
        let upload = open_upload(&catalog, repository, 1).await;
        Self {
            catalog,
            repository,
            upload,
            _database: Arc::new(database),
        }
    }

    async fn head(&self) -> Option<sheaf_catalog::RefRow> {
        let found = self.catalog.find_ref(self.repository, &main_branch()).await;
        found.unwrap()
    }

    /// Commits one file of one chunk to `main`.
    async fn commit(&self, path: &str, chunk: u8, expected: Expected) -> CommitOutcome {
        let revision = revision(chunk);
        let files = [file(path, &[chunk])];
        let new = NewRevision {
            repository: self.repository,
            branch: &main_branch(),
            expected,
            revision: &revision,
            put: &files,
            delete: &[],
        };
        self.catalog.commit(&self.upload, &new).await.unwrap()
    }
}

async fn create(catalog: &Catalog, name: &str, private: bool) -> RepositoryId {
    let new = NewRepository {
        name: name.parse().unwrap(),
        private,
        description: String::new(),
    };
    catalog
        .create_repository(&new, now())
        .await
        .unwrap()
        .unwrap()
        .id
}

async fn open_upload(catalog: &Catalog, repository: RepositoryId, number: u8) -> UploadId {
    let id = UploadId([number; 16]);
    catalog
        .create_upload(repository, id, now(), later(60))
        .await
        .unwrap();
    id
}

fn blob(chunk: u8, write: &str, upload: UploadId) -> NewBlob {
    NewBlob {
        row: sheaf_catalog::ChunkRow {
            chunk: ChunkId([chunk; 32]),
            raw_len: 100,
            blob: BlobId([chunk; 32]),
            object_key: format!("blobs/{chunk}/{write}"),
            stored_len: 60,
        },
        upload,
    }
}

async fn store(catalog: &Catalog, chunk: u8, write: &str, upload: UploadId) -> Live {
    let new = blob(chunk, write, upload);
    catalog.announce(new.row.object_key.clone()).await.unwrap();
    catalog.go_live(new).await.unwrap()
}

fn chunk_ref(chunk: u8) -> ChunkRef {
    ChunkRef {
        id: ChunkId([chunk; 32]),
        size: 100,
    }
}

fn file(path: &str, chunks: &[u8]) -> NewFile {
    NewFile {
        path: path.parse().unwrap(),
        sha256: Sha256([chunks[0]; 32]),
        size: 100 * chunks.len() as u64,
        list: [chunks[0]; 32],
        near_lossless: None,
        scanned: None,
        chunks: chunks.iter().map(|c| chunk_ref(*c)).collect(),
    }
}

fn revision(number: u8) -> Revision {
    Revision {
        id: RevisionId([number; 20]),
        parent: None,
        message: "a message".into(),
        created_at: now(),
        files: 1,
        bytes: 100,
    }
}
