//! From a revision to a folder: what is there already stays, what was interrupted goes on, and
//! nothing has its name before it was verified.

mod destination;
mod fetch;
mod file;
mod manifest;
mod report;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use sheaf_types::revisions::TreeEntry;
use sheaf_types::{FilePath, RepositoryName, find_collision};
use tokio::sync::Semaphore;

use crate::budget::Budget;
use crate::{Client, Error, Filter, Progress, pool};

pub(crate) use destination::is_part_name;
pub use report::{NearLosslessFile, PickledFile, PullReport};

/// How many files are worked on at once.
const FILES: usize = 8;

/// How to pull.
#[derive(Debug, Clone)]
pub struct PullOptions {
    /// A branch, a tag, or 40 hex digits of a revision.
    pub reference: String,
    /// Which files to pull.
    pub filter: Filter,
    /// How many blobs are fetched at once.
    pub in_flight: usize,
    /// Bytes of memory for chunks and blobs.
    pub memory: usize,
}

impl Default for PullOptions {
    fn default() -> Self {
        Self {
            reference: "main".into(),
            filter: Filter::default(),
            in_flight: 8,
            memory: 256 << 20,
        }
    }
}

/// A pull under way.
struct Pull<'a> {
    client: &'a Client,
    name: &'a RepositoryName,
    /// The revision's 40 digits: the ref may move.
    revision: String,
    folder: PathBuf,
    budget: Budget,
    requests: Semaphore,
    in_flight: usize,
    progress: Arc<dyn Progress>,
}

impl Client {
    /// Pulls the files of a revision into a folder, which is made when it is missing. Files that are
    /// there with the same content stay; files that the revision lacks stay too. Each file comes under
    /// a hidden name, is verified, synced, and only then renamed: pulling again after an error goes on
    /// from there. Paths and links are not followed out of the folder.
    pub async fn pull(
        &self,
        name: &RepositoryName,
        folder: &Path,
        options: &PullOptions,
        progress: Arc<dyn Progress>,
    ) -> Result<PullReport, Error> {
        let (revision, files) = self.whole_tree(name, &options.reference).await?;
        let files: Vec<TreeEntry> = files
            .into_iter()
            .filter(|file| options.filter.matches(&file.path))
            .collect();
        check_names(&files)?;
        progress.begin(files.len() as u64, files.iter().map(|file| file.size).sum());
        let pull = Pull {
            client: self,
            name,
            revision: revision.id.to_string(),
            folder: folder.into(),
            budget: Budget::new(options.memory),
            requests: Semaphore::new(options.in_flight.max(1)),
            in_flight: options.in_flight.max(1),
            progress,
        };
        let into = folder.to_owned();
        pool::block(move || destination::make(&into)).await?;
        let mut report = PullReport::new(name, revision, &files, folder);
        let mut pulled = stream::iter(&files)
            .map(|file| pull.file(file))
            .buffer_unordered(FILES);
        while let Some(file) = pulled.try_next().await? {
            report.add(file);
        }
        Ok(report)
    }
}

/// What the server names must be able to lie in one folder, beside our own files.
fn check_names(files: &[TreeEntry]) -> Result<(), Error> {
    let paths: Vec<&FilePath> = files.iter().map(|file| &file.path).collect();
    if let Some((one, other)) = find_collision(paths.iter().copied()) {
        return Err(Error::Answer(format!(
            "'{one}' and '{other}' are one file on some systems; leave one out"
        )));
    }
    match paths.iter().find(|path| is_part_name(path.file_name())) {
        None => Ok(()),
        Some(path) => Err(Error::Answer(format!(
            "'{path}' is a name that only unfinished files have; leave it out"
        ))),
    }
}
