//! From a file or folder to a revision: what the server lacks is encoded here and sent, once.

mod beside;
mod commit;
mod note;
mod plan;
mod report;
mod rounded;
mod scan;
mod send;
mod upload;
mod walk;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sheaf_codec::Level;
use sheaf_formats::near_lossless::Bits;
use sheaf_types::repositories::NewRepository;
use sheaf_types::{RefName, RepositoryName, UploadId};

use crate::error::NotFound;
use crate::{Client, Error, Filter, Progress, pool};

use note::Note;
use plan::Plan;
use report::rounded;
pub use report::{PushReport, RoundedFile};
use send::{Sender, Sent};
use walk::SourceFile;
pub use walk::files_of;

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
    /// Round weights down to so many bits before anything is hashed; what was there is not kept.
    pub near_lossless: Option<Bits>,
    /// How many chunks are encoded and sent at once.
    pub in_flight: usize,
    /// Bytes of memory for chunks and blobs; one chunk of up to 16 MiB is on top.
    pub memory: usize,
    /// A folder for notes of uploads under way: with one, a push after an error goes on from where
    /// the last of the same source was.
    pub notes: Option<PathBuf>,
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
            near_lossless: None,
            in_flight: 8,
            memory: 256 << 20,
            notes: None,
        }
    }
}

/// A push under way.
struct Push<'a> {
    client: &'a Client,
    name: &'a RepositoryName,
    options: &'a PushOptions,
    note: Note,
    progress: Arc<dyn Progress>,
}

impl Client {
    /// Pushes a file or a folder to a branch, as one revision, on top of what the branch holds. The
    /// repository is made when it is missing. What was sent before an error is kept by the server for
    /// a while: pushing again goes on from there, if [`PushOptions::notes`] says where to look.
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
        let notes = options.notes.as_deref();
        let push = Push {
            client: self,
            name,
            options,
            note: Note::open(notes, source, name, &options.branch),
            progress,
        };
        let report = push.run(files, options.delete && source.is_dir()).await?;
        push.note.remove();
        Ok(report)
    }
}

impl Push<'_> {
    async fn run(&self, files: Vec<SourceFile>, delete: bool) -> Result<PushReport, Error> {
        // Before the branch is looked at: the last push may be moving it still.
        let noted = self.noted_upload().await?;
        let created = self.ensure_repository().await?;
        let plan = Plan::new(self, &files, delete).await?;
        let sizes = files.iter().map(|file| file.size);
        self.progress.begin(files.len() as u64, sizes.sum());
        let files = Arc::new(files);
        let upload = match noted {
            Some(upload) => upload,
            None => self.open_upload().await?,
        };
        let report = match self.send(upload, &files, &plan).await {
            // It has just expired, or somebody has dropped it.
            Err(error) if upload::is_closed(&error) => {
                self.send(self.open_upload().await?, &files, &plan).await?
            }
            report => report?,
        };
        Ok(PushReport { created, ..report })
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

    /// Sends to an upload and commits it.
    async fn send(
        &self,
        upload: UploadId,
        files: &Arc<Vec<SourceFile>>,
        plan: &Plan,
    ) -> Result<PushReport, Error> {
        let sender = Sender::new(self, upload);
        let sent = sender.send(files.clone(), plan).await?;
        let mut report = self.report(&sent, plan);
        let Some(commit) = plan.commit(sent.files, self.options) else {
            // Nothing in it is of use to anybody, and it would expire anyway.
            let _ = self.client.abort_upload(self.name, upload).await;
            return Ok(report);
        };
        self.progress.committing();
        let revision = self.client.finish(self.name, upload, &commit).await?;
        report.changed = commit.parent != Some(revision.id);
        report.revision = Some(revision);
        Ok(report)
    }

    fn report(&self, sent: &Sent, plan: &Plan) -> PushReport {
        let raw_bytes = sent.files.iter().map(|file| file.file.size).sum();
        let unchanged = sent.files.iter().filter(|file| file.unchanged).count();
        PushReport {
            repository: self.name.clone(),
            branch: self.options.branch.clone(),
            revision: plan.revision.clone(),
            changed: false,
            created: false,
            files: sent.files.len() as u64,
            unchanged: unchanged as u64,
            deleted: plan.delete.len() as u64,
            raw_bytes,
            reused_bytes: raw_bytes - sent.raw_bytes,
            sent_bytes: sent.sent_bytes,
            near_lossless: self.options.near_lossless.map(|_| rounded(&sent.files)),
            warnings: sent
                .files
                .iter()
                .filter_map(|file| file.warning.clone())
                .collect(),
        }
    }
}
