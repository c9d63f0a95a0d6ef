use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use crate::binary::sheaf;
use crate::client::temporary_folder;
use crate::{Postgres, Server};

/// What identical servers share: a database in Postgres, a folder of blobs, and an admin token.
#[derive(Debug)]
pub struct Cluster {
    /// Where the database is.
    pub postgres: Postgres,
    database: String,
    folder: Arc<TempDir>,
}

impl Cluster {
    /// One with nothing in it, of a Postgres.
    pub fn new(postgres: Postgres) -> Self {
        Self {
            database: postgres.database(),
            postgres,
            folder: temporary_folder(),
        }
    }

    /// Starts a server.
    pub fn server(&self) -> Server {
        self.server_as(Command::new(sheaf()))
    }

    /// Starts a server from the `sheaf` command with whatever was set for it.
    pub fn server_as(&self, mut command: Command) -> Server {
        for (name, value) in self.settings() {
            command.env(name, value);
        }
        Server::start_as(command)
    }

    /// The variables that each of the servers is given.
    pub fn settings(&self) -> [(&'static str, String); 3] {
        [
            ("SHEAF_CATALOG_URL", self.database.clone()),
            (
                "SHEAF_BLOBS_URL",
                format!("file:{}", self.object_store().display()),
            ),
            ("SHEAF_ADMIN_TOKEN", "the-admin-token-of-a-cluster".into()),
        ]
    }

    /// The folder of the object store.
    pub fn object_store(&self) -> PathBuf {
        let folder: &Path = self.folder.path();
        folder.join("blobs")
    }
}
