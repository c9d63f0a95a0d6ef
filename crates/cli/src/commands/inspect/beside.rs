//! What the files beside the inspected one say of it, wherever that is.

use std::io;
use std::path::PathBuf;

use sheaf_client::Client;
use sheaf_formats::{ReadAt, Told, told};
use sheaf_types::{FilePath, RepositoryName};
use tokio::runtime::Handle;

use super::network::Reading;
use crate::beside::told_of;

/// Where other files are.
pub enum Beside {
    /// An address has no folder that could be listed.
    Unknown,
    /// In the folder of a file of this machine.
    Folder(PathBuf),
    /// In a revision of a registry.
    Revision(Revision),
}

/// A file of a revision, to look at others from there.
pub struct Revision {
    pub client: Client,
    pub name: RepositoryName,
    /// Its 40 digits.
    pub id: String,
    pub path: FilePath,
    pub reading: Reading,
}

impl Beside {
    /// What others say. Blocks, so it belongs on a thread for that.
    pub fn told(&self) -> io::Result<Option<Told>> {
        match self {
            Self::Unknown => Ok(None),
            Self::Folder(path) => told_of(path),
            Self::Revision(revision) => revision.told(),
        }
    }
}

impl Revision {
    fn told(&self) -> io::Result<Option<Told>> {
        let tree = Handle::current().block_on(self.client.whole_tree(&self.name, &self.id));
        let (_, files) = tree.map_err(io::Error::other)?;
        let paths = files.iter().map(|file| file.path.as_str());
        told(self.path.as_str(), paths, &mut |path| self.open(path))
    }

    fn open(&self, path: &str) -> io::Result<Box<dyn ReadAt>> {
        let path: FilePath = path.parse().map_err(io::Error::other)?;
        let Reading { silence, limit } = self.reading;
        let opened = self
            .client
            .remote_file(&self.name, &self.id, &path, silence);
        let file = Handle::current().block_on(opened);
        let file = file.map_err(io::Error::other)?;
        file.limit(limit);
        Ok(Box::new(file))
    }
}
