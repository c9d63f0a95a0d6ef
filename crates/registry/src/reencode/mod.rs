//! Makes the blobs of a revision anew at another level: each is read, verified, decoded and encoded
//! again, and the smaller of the two is kept.
//!
//! It can end anywhere and begin again: a chunk that was tried at a level says so in its row, and is
//! passed over from then on, also for every other revision that has it. A blob that was replaced stays
//! in the object store until those who were told of it have had the time to read it.

mod chunk;

use std::sync::Arc;
use std::time::Duration;

use futures::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use sheaf_catalog::{Job, NewJob, Progress, Queued, RevisionRowId};
use sheaf_types::jobs::{JobKind, Level, Reencoded};
use sheaf_types::{RepositoryName, RevisionId};

use crate::jobs::needed;
use crate::step::Step;
use crate::{Caller, Error, Registry, Result, report};

/// Chunks after which is noted how far it is.
const NOTED_EVERY: usize = 16;

/// What a job is asked.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    revision: RevisionId,
    level: Level,
}

/// What the first attempt found, for those that follow.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Before {
    stored_bytes: u64,
}

/// One attempt.
struct Attempt<'a> {
    registry: &'a Arc<Registry>,
    job: &'a Job,
    revision: RevisionRowId,
    level: Level,
    before: Before,
    /// Raw bytes of chunks that were tried, and of all.
    done: u64,
    total: u64,
}

impl Registry {
    /// Queues a job for a revision, for whoever may write to its repository.
    pub(crate) async fn queue_reencoding(
        &self,
        caller: &Caller,
        name: &RepositoryName,
        reference: &str,
        level: Level,
    ) -> Result<Queued> {
        let repository = self.writable(caller, name).await?.id;
        let revision = self.resolve(repository, reference).await?.revision.id;
        let asked = Asked { revision, level };
        let payload = serde_json::to_string(&asked).map_err(Error::internal)?;
        let new = NewJob {
            kind: JobKind::Reencode,
            key: &format!("reencode {} {revision} {level}", name.key()),
            repository: Some(repository),
            what: &format!("{reference} at {level}"),
            payload: &payload,
            unless_done_within: Duration::ZERO,
        };
        let queued = self.catalog.queue_job(&new).await?;
        self.jobs.wake(JobKind::Reencode);
        Ok(queued)
    }

    /// Does what a job says, from where an earlier attempt left it.
    pub(crate) async fn run_reencoding(self: &Arc<Self>, job: &Job) -> Result<Reencoded> {
        let mut attempt = Attempt::begin(self, job).await?;
        attempt.run().await?;
        let now = self
            .catalog
            .chunk_totals(attempt.revision, number(attempt.level));
        let now = now.await?;
        Ok(Reencoded {
            level: attempt.level,
            chunks: now.chunks,
            raw_bytes: now.raw_bytes,
            stored_bytes_before: attempt.before.stored_bytes,
            stored_bytes: now.stored_bytes,
        })
    }
}

impl<'a> Attempt<'a> {
    async fn begin(registry: &'a Arc<Registry>, job: &'a Job) -> Result<Self> {
        let Asked { revision, level } =
            serde_json::from_str(&job.payload).map_err(Error::internal)?;
        let repository = needed(job.repository)?;
        let revision = registry.resolve(repository, &revision.to_string()).await?;
        let totals = registry.catalog.chunk_totals(revision.id, number(level));
        let totals = totals.await?;
        let before = match &job.memory {
            Some(memory) => serde_json::from_str(memory).map_err(Error::internal)?,
            None => Before {
                stored_bytes: totals.stored_bytes,
            },
        };
        let attempt = Self {
            registry,
            job,
            revision: revision.id,
            level,
            before,
            done: totals.raw_bytes - totals.due_bytes,
            total: totals.raw_bytes,
        };
        attempt.note(false).await?;
        registry.reached(Step::ReencodeBegun);
        Ok(attempt)
    }

    /// Tries all that is due. What is damaged does not keep the others from it.
    async fn run(&mut self) -> Result<()> {
        let level = number(self.level);
        let due = self.registry.catalog.chunks_below(self.revision, level);
        let mut damaged = None;
        for some in due.await?.chunks(NOTED_EVERY) {
            let errors = self.try_chunks(some).await;
            let got_on = errors.len() < some.len();
            for error in errors {
                if !matches!(error, Error::Damaged { .. }) {
                    return Err(error);
                }
                report::log(&error);
                damaged = Some(error);
            }
            self.note(got_on).await?;
            self.registry.reached(Step::ReencodeNoted);
        }
        damaged.map_or(Ok(()), Err)
    }

    /// Tries some chunks, several at once; what went wrong.
    async fn try_chunks(&mut self, some: &[i64]) -> Vec<Error> {
        let (registry, level) = (self.registry, self.level);
        let tried = stream::iter(some.to_vec())
            .map(|chunk| registry.reencode_chunk(chunk, level))
            .buffer_unordered(registry.cpu.half());
        let tried: Vec<Result<u64>> = tried.collect().await;
        self.done += tried.iter().flatten().sum::<u64>();
        tried.into_iter().filter_map(Result::err).collect()
    }

    async fn note(&self, got_on: bool) -> Result<()> {
        let memory = serde_json::to_string(&self.before).map_err(Error::internal)?;
        let progress = Progress {
            done: self.done,
            total: self.total,
            note: "of its bytes",
            memory: &memory,
            got_on,
        };
        let registry = self.registry;
        let lease = registry.settings.job_lease;
        // Whether the job was lost is found where the lease is renewed.
        let noted = registry
            .catalog
            .note_progress(&self.job.lease, &progress, lease);
        noted.await?;
        Ok(())
    }
}

/// A level as rows have it.
fn number(level: Level) -> u8 {
    match level {
        Level::Fast => 1,
        Level::Default => 2,
        Level::Max => 3,
    }
}
