//! What a registry does by itself: jobs, expiry, counts of what was sent.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use sheaf_types::jobs::JobKind;

use crate::jobs::workers;
use crate::{Registry, Result};

/// How often counts are written.
const FLUSH: Duration = Duration::from_secs(5);

/// How often is looked for uploads that expired.
const EXPIRY: Duration = Duration::from_secs(60);

/// How often is looked for what is left of deleted repositories.
const PURGE: Duration = Duration::from_secs(10);

/// How often is looked for records that another server left.
const RECORDS: Duration = Duration::from_secs(5);

/// How often is looked for what a server of an older version, in a rolling upgrade, did not note.
const MISSING_RECORDS: Duration = Duration::from_secs(600);

type Work = fn(Arc<Registry>) -> BoxFuture<'static, Result<()>>;

pub(crate) fn start(registry: &Arc<Registry>) {
    for kind in JobKind::ALL {
        for _ in 0..workers(*kind) {
            let work = Arc::clone(registry).work(*kind);
            registry.tasks.spawn(work);
        }
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
    repeat(registry, MISSING_RECORDS, |registry| {
        Box::pin(async move { registry.note_missing_records().await })
    });
    repeat(registry, RECORDS, |registry| {
        Box::pin(async move { registry.write_what_is_left().await })
    });
    let every = registry.settings.collection_every;
    if !every.is_zero() {
        repeat(registry, every, |registry| {
            Box::pin(async move { registry.queue_periodic_collection().await })
        });
    }
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

    /// Servers that share a catalog collect for each other: one that did so lately does for all.
    async fn queue_periodic_collection(&self) -> Result<()> {
        let lately = self.settings.collection_every / 2;
        self.queue_collection(lately).await.map(drop)
    }

    async fn expire_uploads(&self) -> Result<()> {
        let dropped = self.catalog.expire_uploads(Timestamp::now()).await?;
        if dropped > 0 {
            tracing::info!(dropped, "uploads expired");
        }
        Ok(())
    }
}
