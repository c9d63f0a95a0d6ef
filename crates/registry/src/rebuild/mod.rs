//! Makes the catalog anew from the object store alone.
//!
//! First the blobs: each is looked at as far as its header, which must be what its key says, or whole if that is
//! asked for. Then the records,
//! repository by repository, oldest first: a revision comes back when all its chunks are there. Nothing in
//! the object store is changed or deleted meanwhile, and what cannot be read stays where it is.

mod blobs;
mod found;
mod refs;
mod repositories;
mod revisions;
mod tally;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use sheaf_blobs::Blobs;
use sheaf_catalog::{Beginning, Catalog};
use sheaf_types::rebuild::Rebuilt;

use crate::cpu::Cpu;
use crate::registry::open_blobs;
use crate::task::on_task;
use crate::{Error, Result, Settings};
use tally::Tally;

/// Folders that are listed at once.
const LISTS: usize = 8;

/// Why a catalog is not rebuilt, or not served.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(
        "the catalog is not empty: a catalog is rebuilt into an empty one only, so move this one away or \
         name another"
    )]
    InUse,
    #[error(
        "the catalog was being rebuilt and is not whole: run 'sheaf rebuild-catalog' again, to its end"
    )]
    Unfinished,
}

/// What a rebuild works with.
struct Rebuild {
    catalog: Catalog,
    blobs: Blobs,
    cpu: Cpu,
    /// Whether every blob is decoded, not only where a chunk has several.
    full: bool,
    tally: Tally,
    now: Timestamp,
}

/// Refuses a catalog that is not whole yet.
pub(crate) async fn check_done(catalog: &Catalog) -> Result<()> {
    match catalog.is_being_rebuilt().await? {
        true => Err(Error::internal(Refusal::Unfinished)),
        false => Ok(()),
    }
}

/// Fills an empty catalog with what the object store holds; `full` decodes every blob, and takes none that
/// holds other bytes than its chunk's. What was cut short goes on when called again.
pub async fn rebuild_catalog(settings: &Settings, full: bool) -> Result<Rebuilt> {
    let catalog = Catalog::open(&settings.catalog_url).await?;
    let blobs = open_blobs(settings).await?;
    let now = Timestamp::now();
    if catalog.begin_rebuild(now).await? == Beginning::InUse {
        return Err(Error::internal(Refusal::InUse));
    }
    let mut rebuild = Rebuild {
        catalog,
        blobs,
        cpu: Cpu::new(settings.threads)?,
        full,
        tally: Tally::default(),
        now,
    };
    rebuild.run().await?;
    rebuild.catalog.close().await;
    Ok(rebuild.tally.told())
}

impl Rebuild {
    async fn run(&mut self) -> Result<()> {
        let store = self.blobs.clone();
        let mut folders = stream::iter(0..=u8::MAX)
            .map(|first| on_task(blobs::list(store.clone(), first)))
            .buffered(LISTS);
        while let Some(found) = folders.try_next().await? {
            self.restore_blobs(found).await?;
        }
        let chunks = self.tally.told.chunks;
        tracing::info!(chunks, "the blobs are found");
        let mut folders = stream::iter(0..=u8::MAX)
            .map(|first| on_task(repositories::list(store.clone(), first)))
            .buffered(LISTS);
        while let Some(found) = folders.try_next().await? {
            self.restore_repositories(found).await?;
        }
        Ok(self.catalog.end_rebuild().await?)
    }
}
