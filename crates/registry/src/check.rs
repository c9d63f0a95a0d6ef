//! Whether what is stored is what was pushed: the catalog in itself, against the list of objects, and
//! against their bytes.
//!
//! It runs beside everything else, on any number of servers. What looks wrong is wrong only if the row that
//! says so was there before the look and is there after it: rows come after their objects and go before
//! them, objects and lists never change, and no key is used twice. It goes in steps, each of bounded memory,
//! and all that is to be kept between two of them is its state.

mod catalog;
mod chunks;
mod files;
mod mend;
mod objects;
mod pace;
mod record;
mod record_list;
mod state;

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use sheaf_catalog::{Hurt, Job, NewJob, Progress, Queued, RepositoryId};
use sheaf_types::ChunkId;
use sheaf_types::check::{CheckDepth, Fault, FaultKind, NewCheck};
use sheaf_types::jobs::{JobKind, JobResult};

use crate::{Caller, Error, Registry, Result};

use pace::Pace;
use state::{CheckState, Place};

/// How often is noted how far a check is. What came after is done again by a later attempt.
const BETWEEN_NOTES: Duration = Duration::from_secs(1);
/// Faults that are told; all are counted.
const TOLD: usize = 500;
/// Files that are named for each.
const HURTS: usize = 10;

impl Registry {
    /// Queues a check, unless the same is queued or running.
    pub(crate) async fn queue_check(&self, caller: &Caller, check: &NewCheck) -> Result<Queued> {
        caller.check_admin()?;
        acceptable(check)?;
        let mut what = words(check.depth).to_owned();
        if let Some(name) = &check.repository {
            self.readable(caller, name).await?;
            what = format!("{what}, of {name}");
        }
        let payload = serde_json::to_string(check).map_err(Error::internal)?;
        let new = NewJob {
            kind: JobKind::Check,
            key: &format!("check {payload}"),
            // Not the repository's: what is found may name others, and is for administrators.
            repository: None,
            what: &what,
            payload: &payload,
            unless_done_within: Duration::ZERO,
        };
        let queued = self.catalog.queue_job(&new).await?;
        self.jobs.wake(JobKind::Check);
        Ok(queued)
    }

    /// Goes on with a check from where the last attempt was.
    pub(crate) async fn run_check(self: &Arc<Self>, job: &Job) -> Result<JobResult> {
        let state = match &job.memory {
            Some(memory) => serde_json::from_str(memory).map_err(Error::internal)?,
            None => CheckState::new(serde_json::from_str(&job.payload).map_err(Error::internal)?)?,
        };
        let mut checker = Checker::new(self, state).await?;
        let mut noted = Instant::now();
        while checker.step().await? {
            if noted.elapsed() >= BETWEEN_NOTES {
                self.note_check(job, &checker.state).await?;
                noted = Instant::now();
            }
        }
        Ok(JobResult::Check(Box::new(checker.state.report)))
    }

    async fn note_check(&self, job: &Job, state: &CheckState) -> Result<()> {
        let total = self.catalog.stored().await?.rows;
        let report = &state.report;
        let progress = Progress {
            done: report.chunks.min(total),
            total,
            note: &format!("of the chunks, {} faults found", report.faults_found),
            memory: &serde_json::to_string(state).map_err(Error::internal)?,
            got_on: true,
        };
        // Whether the job is still this server's is found by whoever keeps its lease.
        let lease = self.settings.job_lease;
        self.catalog
            .note_progress(&job.lease, &progress, lease)
            .await?;
        Ok(())
    }
}

/// What is looked at, for people.
fn words(depth: CheckDepth) -> &'static str {
    match depth {
        CheckDepth::Listed => "rows against the list of objects",
        CheckDepth::Stored => "rows and blobs against their hashes",
        CheckDepth::Decoded => "rows, blobs and files against their hashes",
    }
}

fn acceptable(check: &NewCheck) -> Result<()> {
    if check
        .sample_percent
        .is_some_and(|of| !(1..=100).contains(&of))
    {
        return Err(Error::Invalid(
            "'sample_percent' must be from 1 to 100".into(),
        ));
    }
    if check.bytes_per_second == Some(0) {
        return Err(Error::Invalid("'bytes_per_second' must be above 0".into()));
    }
    Ok(())
}

/// A check under way.
struct Checker {
    registry: Arc<Registry>,
    state: CheckState,
    /// The one that is looked at, if not all are.
    repository: Option<RepositoryId>,
    pace: Pace,
}

impl Checker {
    async fn new(registry: &Arc<Registry>, state: CheckState) -> Result<Self> {
        let check = &state.report.check;
        let repository = match &check.repository {
            None => None,
            Some(name) => {
                let found = registry.catalog.find_repository(name).await?;
                let found = found.ok_or_else(|| Error::RepositoryNotFound(name.clone()))?;
                Some(found.id)
            }
        };
        Ok(Self {
            registry: Arc::clone(registry),
            pace: Pace::new(check.bytes_per_second),
            repository,
            state,
        })
    }

    /// Goes on for a bounded while; whether there is more to do.
    async fn step(&mut self) -> Result<bool> {
        let next = match self.state.place.clone() {
            Place::Database => self.database().await?,
            Place::Objects { folder } => self.objects(folder).await?,
            Place::Revisions { after } => self.revisions(after).await?,
            Place::Lists { after } => self.lists(after).await?,
            Place::Chunks { after } => self.chunks(after).await?,
            Place::Files { after } => self.files(after).await?,
            Place::Unrecorded => self.unrecorded().await?,
            Place::Outside => self.outside().await?,
            Place::RecordList { folder } => self.record_list(folder).await?,
            Place::Records { after } => self.records(&after).await?,
            Place::Done => return Ok(false),
        };
        self.state.place = next;
        Ok(true)
    }

    fn depth(&self) -> CheckDepth {
        self.state.report.check.depth
    }

    /// Notes a fault, unless one of the same object was noted before.
    fn note(&mut self, fault: Fault) {
        let report = &mut self.state.report;
        let same =
            |known: &Fault| known.object_key.is_some() && known.object_key == fault.object_key;
        if report.faults.iter().any(same) {
            return;
        }
        tracing::error!(
            kind = ?fault.kind,
            object_key = fault.object_key,
            "a check found a fault: {}",
            fault.message
        );
        report.faults_found += 1;
        if report.faults.len() < TOLD {
            report.faults.push(fault);
        }
    }

    /// Says what was done about the fault that was noted last, if that is this object's.
    fn repaired(&mut self, object_key: &str, how: &str) {
        let report = &mut self.state.report;
        if let Some(fault) = report.faults.last_mut()
            && fault.object_key.as_deref() == Some(object_key)
        {
            fault.repaired = Some(how.into());
        }
        report.repaired += 1;
    }

    /// A fault of a chunk's object, with the files that it hurts: noted, the chunk asked for again of
    /// whoever has it, and mended if that is wanted and can be.
    async fn note_chunk(&mut self, kind: FaultKind, key: &str, message: String) -> Result<()> {
        let registry = Arc::clone(&self.registry);
        let hurt = registry.catalog.hurt_by_object(key, HURTS).await?;
        registry.catalog.mark_damaged(key, Timestamp::now()).await?;
        let chunk = sheaf_blobs::read_object_key(key).map(|(chunk, _)| chunk);
        self.note(fault(kind, message, Some(key.to_owned()), chunk, hurt));
        if self.state.report.check.repair && registry.mend(key).await? {
            self.repaired(key, "mended from another object of the chunk");
        }
        Ok(())
    }
}

fn fault(
    kind: FaultKind,
    message: String,
    object_key: Option<String>,
    chunk: Option<ChunkId>,
    hurt: Hurt,
) -> Fault {
    Fault {
        kind,
        message,
        object_key,
        chunk,
        hurts: hurt.files,
        hurts_more: hurt.more,
        repaired: None,
    }
}
