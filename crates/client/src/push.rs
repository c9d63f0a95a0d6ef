//! From a file or folder to a revision: what the server lacks is encoded here and sent, once.

mod commit;
mod report;
mod scan;
mod send;
mod uploads;
mod walk;

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use sheaf_codec::Level;
use sheaf_types::repositories::NewRepository;
use sheaf_types::revisions::{Revision, TreeEntry};
use sheaf_types::uploads::CommitRequest;
use sheaf_types::{FilePath, RefName, RepositoryName, UploadId};

use crate::error::NotFound;
use crate::{Client, Error, Filter, Progress, collisions, pool};

pub use report::PushReport;
use scan::Scanned;
use send::{Sender, Sent};
use walk::SourceFile;

/// How to push.
#[derive(Debug, Clone)]
pub struct PushOptions {
    /// The branch to move; made when it is missing.
    pub branch: RefName,
    /// Why; a sentence is made when there is none.
    pub message: Option<String>,
    /// Which files to push, and to delete.
    pub filter: Filter,
    /// Take away what the folder lacks.
    pub delete: bool,
    /// Make the repository a private one, if it has to be made.
    pub private: bool,
    /// How much work goes into making blobs small.
    pub level: Level,
    /// How many chunks are encoded and sent at once.
    pub in_flight: usize,
    /// Bytes of memory for chunks and blobs; one chunk of up to 16 MiB is on top.
    pub memory: usize,
}

impl Default for PushOptions {
    fn default() -> Self {
        Self {
            branch: RefName::main(),
            message: None,
            filter: Filter::default(),
            delete: false,
            private: false,
            level: Level::Default,
            in_flight: 8,
            memory: 256 << 20,
        }
    }
}

/// A push under way.
struct Push<'a> {
    client: &'a Client,
    name: &'a RepositoryName,
    options: &'a PushOptions,
    progress: Arc<dyn Progress>,
}

/// Where the branch points before the push.
struct Head {
    revision: Option<Revision>,
    files: Arc<HashMap<FilePath, TreeEntry>>,
}

impl Client {
    /// Pushes a file or a folder to a branch, as one revision, on top of what the branch holds. The
    /// repository is made when it is missing. What was sent before an error is kept by the server for
    /// a while: pushing again goes on from there.
    ///
    /// Refused with `branch_moved` when another push moves the branch meanwhile.
    pub async fn push(
        &self,
        source: &Path,
        name: &RepositoryName,
        options: &PushOptions,
        progress: Arc<dyn Progress>,
    ) -> Result<PushReport, Error> {
        let (from, filter) = (source.to_owned(), options.filter.clone());
        let files = pool::block(move || walk::walk(&from, &filter)).await?;
        let push = Push {
            client: self,
            name,
            options,
            progress,
        };
        push.run(files, options.delete && source.is_dir()).await
    }
}

impl Push<'_> {
    async fn run(&self, files: Vec<SourceFile>, delete: bool) -> Result<PushReport, Error> {
        let created = self.ensure_repository().await?;
        let head = self.head().await?;
        let delete = if delete {
            self.lacking(&files, &head)
        } else {
            vec![]
        };
        check_names(&files, &head, &delete)?;
        let sizes = files.iter().map(|file| file.size);
        self.progress.begin(files.len() as u64, sizes.sum());
        let files = Arc::new(files);
        let before = uploads::of_before(self.client, self.name).await?;
        if let Some(upload) = before {
            match self.send(upload, &files, &head, &delete).await {
                // It was another push's that is still at work, or it has just expired.
                Err(error) if uploads::is_closed(&error) => {}
                report => return report.map(|report| PushReport { created, ..report }),
            }
        }
        let upload = self.client.open_upload(self.name).await?.id;
        let report = self.send(upload, &files, &head, &delete).await?;
        Ok(PushReport { created, ..report })
    }

    /// Sends to an upload and commits it.
    async fn send(
        &self,
        upload: UploadId,
        files: &Arc<Vec<SourceFile>>,
        head: &Head,
        delete: &[FilePath],
    ) -> Result<PushReport, Error> {
        let sender = Sender::new(self, upload);
        let sent = sender.send(files.clone(), head.files.clone()).await?;
        let mut report = self.report(&sent, delete);
        let commit = self.commit_request(head, sent.files, delete);
        if commit.files.is_empty() && commit.delete.is_empty() {
            // Nothing in it is of use to anybody, and it would expire anyway.
            let _ = self.client.abort_upload(self.name, upload).await;
            report.revision = head.revision.clone();
            return Ok(report);
        }
        self.progress.committing();
        let revision = self.client.finish(self.name, upload, &commit).await?;
        let before = head.revision.as_ref();
        report.changed = before.is_none_or(|head| head.id != revision.id);
        report.revision = Some(revision);
        Ok(report)
    }

    fn report(&self, sent: &Sent, delete: &[FilePath]) -> PushReport {
        let raw_bytes = sent.files.iter().map(|file| file.file.size).sum();
        let unchanged = sent.files.iter().filter(|file| file.unchanged).count();
        PushReport {
            repository: self.name.clone(),
            branch: self.options.branch.clone(),
            revision: None,
            changed: false,
            created: false,
            files: sent.files.len() as u64,
            unchanged: unchanged as u64,
            deleted: delete.len() as u64,
            raw_bytes,
            reused_bytes: raw_bytes - sent.raw_bytes,
            sent_bytes: sent.sent_bytes,
        }
    }

    /// Whether the repository had to be made.
    async fn ensure_repository(&self) -> Result<bool, Error> {
        if self.client.repository(self.name).await.found()?.is_some() {
            return Ok(false);
        }
        let new = NewRepository {
            name: self.name.clone(),
            private: self.options.private,
            description: String::new(),
        };
        match self.client.create_repository(&new).await {
            // Another was faster.
            Err(error) if error.code() == Some("repository_exists") => Ok(false),
            made => made.map(|_| true),
        }
    }

    async fn head(&self) -> Result<Head, Error> {
        let branch = self.options.branch.as_str();
        let tree = self.client.whole_tree(self.name, branch).await.found()?;
        let (revision, files) = tree.unzip();
        let files = files.unwrap_or_default().into_iter();
        Ok(Head {
            revision,
            files: Arc::new(files.map(|file| (file.path.clone(), file)).collect()),
        })
    }

    /// What the branch has and the folder has not, of what is meant at all.
    fn lacking(&self, files: &[SourceFile], head: &Head) -> Vec<FilePath> {
        let there: HashSet<&FilePath> = files.iter().map(|file| &file.path).collect();
        let mut lacking: Vec<FilePath> = head
            .files
            .keys()
            .filter(|path| self.options.filter.matches(path) && !there.contains(path))
            .cloned()
            .collect();
        lacking.sort();
        lacking
    }

    fn commit_request(
        &self,
        head: &Head,
        files: Vec<Scanned>,
        delete: &[FilePath],
    ) -> CommitRequest {
        let changed = files.into_iter().filter(|file| !file.unchanged);
        let files: Vec<_> = changed.map(|file| file.file).collect();
        let message = self.options.message.clone();
        CommitRequest {
            branch: self.options.branch.clone(),
            parent: head.revision.as_ref().map(|head| head.id),
            message: message.unwrap_or_else(|| commit::message(&files, delete)),
            files,
            delete: delete.to_vec(),
        }
    }
}

/// A push that the server would refuse in the end is refused before anything is sent.
fn check_names(files: &[SourceFile], head: &Head, delete: &[FilePath]) -> Result<(), Error> {
    let gone: HashSet<&FilePath> = delete.iter().collect();
    let kept = head.files.keys().filter(|path| !gone.contains(path));
    let mut paths: Vec<&FilePath> = files.iter().map(|file| &file.path).chain(kept).collect();
    paths.sort();
    paths.dedup();
    match collisions::find(&paths) {
        None => Ok(()),
        Some((one, other)) => Err(Error::Setting(format!(
            "'{one}' and '{other}' cannot be in one revision: some systems take them for one"
        ))),
    }
}
