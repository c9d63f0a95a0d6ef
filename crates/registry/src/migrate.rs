//! A registry moves from one pair of backends to another, while no server uses either.
//!
//! Objects go first, each verified before it is written; then rows, in one transaction. So whatever
//! interrupts it leaves an empty catalog beside some objects, and the next run goes on from those. Records are
//! written from the rows in the end.

mod objects;

use std::path::Path;
use std::sync::Arc;

use sheaf_blobs::{Blobs, S3Options};
use sheaf_catalog::{Catalog, CopiedTable};

use crate::cpu::Cpu;
use crate::records::Recorder;

use objects::Objects;

/// Where a registry is.
#[derive(Debug, Clone)]
pub struct Place {
    /// `sqlite:PATH` or `postgres://…`.
    pub catalog_url: String,
    /// `file:FOLDER` or `s3://BUCKET/PREFIX`.
    pub blobs_url: String,
    /// How a bucket is reached.
    pub s3: S3Options,
}

/// What was moved.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moved {
    /// Objects that the rows name.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Those of them that an earlier run had brought, found to be whole.
    pub there_already: u64,
    /// Rows by table: as many in the one catalog as in the other.
    pub tables: Vec<CopiedTable>,
    /// Records that were written from them.
    pub records: u64,
}

/// How far a move is, in stored bytes.
pub trait Progress: Send + Sync {
    /// So many there are.
    fn begin(&self, bytes: u64);
    /// So many more are there, and verified.
    fn moved(&self, bytes: u64);
}

/// Why a registry could not be moved.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// Its new place is taken.
    #[error(
        "there is a registry already in {0}: choose an empty database, or take that away first"
    )]
    NotEmpty(&'static str),
    /// There is nothing to move.
    #[error("there is no catalog at {0}")]
    NoSource(String),
    /// A rebuild was cut short.
    #[error(
        "the catalog that is to move was being rebuilt and is not whole: run 'sheaf rebuild-catalog' \
         again, to its end"
    )]
    NotWhole,
    /// What would be read and written at once.
    #[error("the registry is to move to where it is")]
    SamePlace,
    /// What is damaged is not copied.
    #[error(
        "{count} of its objects are damaged or missing, the first is {first}: run 'sheaf check' on its \
         server, push those files again or delete them, then move it"
    )]
    Damaged {
        /// How many.
        count: u64,
        /// The key of the first, and what is wrong with it.
        first: String,
    },
    /// A catalog.
    #[error("{place}: {source}")]
    Catalog {
        /// Whose.
        place: &'static str,
        /// Why.
        source: sheaf_catalog::Error,
    },
    /// An object store.
    #[error("{place}: {source}")]
    Blobs {
        /// Whose.
        place: &'static str,
        /// Why.
        source: sheaf_blobs::Error,
    },
    /// All has moved, but for the records.
    #[error(
        "the registry has moved, and its records could not all be written: its servers write them when \
         they start, until when no catalog can be made anew of them: {0}"
    )]
    Unrecorded(crate::Error),
    /// Anything else.
    #[error(transparent)]
    Other(#[from] crate::Error),
}

const FROM: &str = "the registry that is to move";
const TO: &str = "the place that it is to move to";

/// Moves a registry; with `dry_run` only looks whether that could begin, and how much there is. Nothing
/// is taken away from where it was.
pub async fn migrate(
    from: &Place,
    to: &Place,
    dry_run: bool,
    progress: &dyn Progress,
) -> Result<Moved, MoveError> {
    if from.catalog_url == to.catalog_url || from.blobs_url == to.blobs_url && from.s3 == to.s3 {
        return Err(MoveError::SamePlace);
    }
    // One that is not there would be made.
    if let Some(file) = from.catalog_url.strip_prefix("sqlite:")
        && !Path::new(file).exists()
    {
        return Err(MoveError::NoSource(file.to_owned()));
    }
    let source = open_catalog(from, FROM).await?;
    let target = open_catalog(to, TO).await?;
    let moved = between(from, to, (&source, &target), dry_run, progress).await;
    source.close().await;
    target.close().await;
    moved
}

async fn between(
    from: &Place,
    to: &Place,
    (source, target): (&Catalog, &Catalog),
    dry_run: bool,
    progress: &dyn Progress,
) -> Result<Moved, MoveError> {
    if source.is_being_rebuilt().await.map_err(of_catalog(FROM))? {
        return Err(MoveError::NotWhole);
    }
    if !target.is_empty().await.map_err(of_catalog(TO))? {
        return Err(MoveError::NotEmpty("the catalog that it is to move to"));
    }
    let stored = source.stored().await.map_err(of_catalog(FROM))?;
    let mut moved = Moved {
        objects: stored.rows,
        bytes: stored.bytes,
        ..Moved::default()
    };
    let objects = Objects {
        catalog: source.clone(),
        from: open_blobs(from, FROM).await?,
        to: open_blobs(to, TO).await?,
        cpu: Cpu::new(0)?,
    };
    if dry_run {
        moved.tables = source.rows().await.map_err(of_catalog(FROM))?;
        return Ok(moved);
    }
    progress.begin(moved.bytes);
    let recorder = Recorder::new(target, &objects.to, &objects.cpu, None);
    moved.there_already = Arc::new(objects).copy(progress).await?;
    moved.tables = source.copy_to(target).await.map_err(of_catalog(TO))?;
    let records = recorder.write_everything().await;
    moved.records = records.map_err(MoveError::Unrecorded)?;
    Ok(moved)
}

async fn open_catalog(place: &Place, whose: &'static str) -> Result<Catalog, MoveError> {
    let opened = Catalog::open_alone(&place.catalog_url).await;
    opened.map_err(of_catalog(whose))
}

async fn open_blobs(place: &Place, whose: &'static str) -> Result<Blobs, MoveError> {
    let opened = Blobs::open(&place.blobs_url, &place.s3).await;
    opened.map_err(of_blobs(whose))
}

fn of_catalog(place: &'static str) -> impl Fn(sheaf_catalog::Error) -> MoveError {
    move |source| MoveError::Catalog { place, source }
}

fn of_blobs(place: &'static str) -> impl Fn(sheaf_blobs::Error) -> MoveError {
    move |source| MoveError::Blobs { place, source }
}
