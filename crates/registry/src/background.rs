//! What a registry does by itself: commits that were promised, expiry, counts of what was sent.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use sheaf_catalog::Tally;

use crate::{Registry, Result};

/// Commits at once. They read much and wait for each other's CPU anyway.
const WORKERS: usize = 2;

/// How often is looked for commits that another server left.
const COMMIT_POLL: Duration = Duration::from_secs(5);

/// How often counts are written.
const FLUSH: Duration = Duration::from_secs(5);

/// How often is looked for uploads that expired.
const EXPIRY: Duration = Duration::from_secs(60);

/// How often is looked for what is left of deleted repositories.
const PURGE: Duration = Duration::from_secs(10);

type Work = fn(Arc<Registry>) -> BoxFuture<'static, Result<()>>;

pub(crate) fn start(registry: &Arc<Registry>) {
    for _ in 0..WORKERS {
        work_on_commits(registry);
    }
    repeat(registry, FLUSH, |registry| {
        Box::pin(async move { registry.flush_sent().await })
    });
    repeat(registry, EXPIRY, |registry| {
        Box::pin(async move { registry.expire_uploads().await })
    });
    repeat(registry, PURGE, |registry| {
        Box::pin(async move { registry.purge_deleted().await })
    });
    let every = registry.settings.collection_every;
    if !every.is_zero() {
        repeat(registry, every, |registry| {
            Box::pin(async move { registry.collect_in_background().await })
        });
    }
}

/// Works on commits whenever one was queued, and looks now and then for what others left.
fn work_on_commits(registry: &Arc<Registry>) {
    let registry = Arc::clone(registry);
    registry.tasks.clone().spawn(async move {
        while !registry.stop.is_cancelled() {
            if let Err(error) = registry.work_on_commits().await {
                crate::report::log(&error);
            }
            tokio::select! {
                () = registry.stop.cancelled() => {}
                () = registry.commit_queued.notified() => {}
                () = tokio::time::sleep(COMMIT_POLL) => {}
            }
        }
    });
}

/// Does something again and again until the registry stops. A failure is logged.
fn repeat(registry: &Arc<Registry>, every: Duration, work: Work) {
    let registry = Arc::clone(registry);
    registry.tasks.clone().spawn(async move {
        while !registry.stop.is_cancelled() {
            if let Err(error) = work(Arc::clone(&registry)).await {
                crate::report::log(&error);
            }
            tokio::select! {
                () = registry.stop.cancelled() => {}
                () = tokio::time::sleep(every) => {}
            }
        }
    });
}

impl Registry {
    /// Takes what is left of deleted repositories, a little at a time: others want to write too.
    pub(crate) async fn purge_deleted(&self) -> Result<()> {
        while !self.stop.is_cancelled() && self.catalog.purge_deleted().await? {
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn collect_in_background(&self) -> Result<()> {
        let Tally {
            rows: objects,
            bytes,
        } = self.run_collection(Timestamp::now()).await?.objects;
        if objects > 0 {
            tracing::info!(objects, bytes, "objects that nothing reached are deleted");
        }
        Ok(())
    }

    async fn expire_uploads(&self) -> Result<()> {
        let dropped = self.catalog.expire_uploads(Timestamp::now()).await?;
        if dropped > 0 {
            tracing::info!(dropped, "uploads expired");
        }
        Ok(())
    }
}
