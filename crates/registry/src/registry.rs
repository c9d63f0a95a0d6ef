use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use sheaf_blobs::Blobs;
use sheaf_catalog::{Catalog, RepositoryId, Sent};
use sheaf_types::tokens::Token;
use tokio::sync::{Mutex as AsyncMutex, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::background;
use crate::budget::Budget;
use crate::cpu::Cpu;
use crate::health::Health;
use crate::jobs::JobQueue;
use crate::rebuild;
use crate::records::Recorder;
use crate::turns::Turns;
use crate::{Result, Settings};

/// Files that are cut at once. Each has a chunk in the making, which no budget counts; others wait.
const FILES_AT_ONCE: usize = 16;

/// How long a start waits for the catalog, and how long until it looks again.
const CATALOG_PATIENCE: Duration = Duration::from_secs(60);
const CATALOG_PAUSE: Duration = Duration::from_secs(2);

/// Sheaf's use cases over one catalog and one object store.
pub struct Registry {
    pub(crate) catalog: Catalog,
    pub(crate) blobs: Blobs,
    pub(crate) cpu: Cpu,
    pub(crate) ingest_budget: Budget,
    pub(crate) serve_budget: Budget,
    pub(crate) cutting: Semaphore,
    pub(crate) commit_turns: Turns,
    pub(crate) recorder: Recorder,
    pub(crate) collecting: AsyncMutex<()>,
    pub(crate) suspecting: AsyncMutex<()>,
    pub(crate) settings: Settings,
    /// The admin token that is not in the catalog, with the hash of its secret.
    pub(crate) admin: OnceLock<(blake3::Hash, Token)>,
    /// What was sent and is not written yet.
    pub(crate) sent: Mutex<HashMap<RepositoryId, Sent>>,
    pub(crate) jobs: JobQueue,
    pub(crate) health: Health,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Registry {
    /// Opens catalog and object store, and begins to work on what is queued.
    pub async fn open(settings: Settings) -> Result<Arc<Self>> {
        let catalog = open_catalog(&settings.catalog_url).await?;
        rebuild::check_done(&catalog).await?;
        let blobs = open_blobs(&settings).await?;
        if !catalog.is_shared() {
            // The data folder is locked: whoever held a lease is gone.
            catalog.release_leases().await?;
        }
        let cpu = Cpu::new(settings.threads)?;
        let registry = Arc::new(Self {
            recorder: Recorder::new(&catalog, &blobs, &cpu, settings.at_step.clone()),
            catalog,
            blobs,
            cpu,
            ingest_budget: Budget::new(settings.ingest_memory),
            serve_budget: Budget::new(settings.serve_memory),
            cutting: Semaphore::new(FILES_AT_ONCE),
            commit_turns: Turns::new(),
            collecting: AsyncMutex::default(),
            suspecting: AsyncMutex::default(),
            settings,
            admin: OnceLock::new(),
            sent: Mutex::default(),
            jobs: JobQueue::new(),
            health: Health::default(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        });
        background::start(&registry);
        Ok(registry)
    }

    /// Stops the work in the background, writes what is left to write, and closes the catalog.
    pub async fn close(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        if let Err(error) = self.flush_sent().await {
            tracing::warn!(%error, "what was sent last is not counted");
        }
        self.catalog.close().await;
    }

    /// When an upload expires to which something is sent now.
    pub(crate) fn expiry(&self, now: Timestamp) -> Timestamp {
        now.checked_add(self.settings.upload_expiry)
            .unwrap_or(Timestamp::MAX)
    }
}

/// Opens the catalog; a database that is not there yet, since it was started at the same time, is waited
/// for.
async fn open_catalog(url: &str) -> Result<Catalog> {
    let begun = Instant::now();
    loop {
        match Catalog::open(url).await {
            Err(sheaf_catalog::Error::Unavailable(cause)) if begun.elapsed() < CATALOG_PATIENCE => {
                tracing::warn!(%cause, "the catalog does not answer: waiting for up to a minute");
                tokio::time::sleep(CATALOG_PAUSE).await;
            }
            opened => return Ok(opened?),
        }
    }
}

pub(crate) async fn open_blobs(settings: &Settings) -> Result<Blobs> {
    let blobs = Blobs::open(&settings.blobs_url, &settings.s3).await?;
    Ok(match &settings.faults {
        Some(faults) => blobs.with_faults(faults),
        None => blobs,
    })
}
