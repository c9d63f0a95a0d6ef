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
mod objects;
mod pace;
mod state;

use std::sync::Arc;

use sheaf_catalog::{Hurt, RepositoryId};
use sheaf_types::ChunkId;
use sheaf_types::check::{CheckDepth, CheckReport, Fault, FaultKind, NewCheck};

use crate::{Caller, Error, Registry, Result};

use pace::Pace;
use state::{CheckState, Place};

/// Faults that are told; all are counted.
const TOLD: usize = 500;
/// Files that are named for each.
const HURTS: usize = 10;

impl Registry {
    /// Checks what is stored, and says what is wrong.
    pub async fn check(self: &Arc<Self>, caller: &Caller, check: NewCheck) -> Result<CheckReport> {
        caller.check_admin()?;
        acceptable(&check)?;
        let mut checker = Checker::new(self, CheckState::new(check)?).await?;
        while checker.step().await? {}
        Ok(checker.state.report)
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
        let next = match self.state.place {
            Place::Database => self.database().await?,
            Place::Objects { folder } => self.objects(folder).await?,
            Place::Revisions { after } => self.revisions(after).await?,
            Place::Lists { after } => self.lists(after).await?,
            Place::Chunks { after } => self.chunks(after).await?,
            Place::Files { after } => self.files(after).await?,
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

    /// A fault of an object, with the files that it hurts.
    async fn fault_of(&self, kind: FaultKind, key: &str, message: String) -> Result<Fault> {
        let hurt = self.registry.catalog.hurt_by_object(key, HURTS).await?;
        let chunk = sheaf_blobs::read_object_key(key).map(|(chunk, _)| chunk);
        Ok(fault(kind, message, Some(key.to_owned()), chunk, hurt))
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
