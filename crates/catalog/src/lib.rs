//! The SQL catalog: repositories, revisions, refs, chunks, uploads, tokens. One file for each noun.
//!
//! One SQL text runs on SQLite and on Postgres, so it keeps to what both understand: numbered
//! placeholders, integers for booleans and times, upserts with `ON CONFLICT`. What differs is in
//! `engine.rs`.
//!
//! Nothing here decides who may do what: a [`Visibility`] comes from above and goes into the queries.

mod backup;
mod check;
mod chunks;
mod collect;
mod commits;
mod contents;
mod copy;
mod damage;
mod engine;
mod error;
mod group;
mod jobs;
mod near_lossless;
mod pickles;
mod rebuild;
mod records;
mod reencode;
mod refs;
mod repositories;
mod revisions;
mod row;
mod savings;
mod schema;
mod store;
mod tokens;
mod uploads;
mod visibility;

pub use backup::back_up;
pub use check::{Checked, CheckedContent, Hurt};
pub use chunks::{ChunkRow, Live, NewBlob};
pub use collect::{Garbage, Tally, Unreachable};
pub use commits::{CommitOutcome, NewFile, NewRevision};
pub use contents::{ContentId, FileRow};
pub use copy::CopiedTable;
pub use error::Error;
pub use jobs::{Dropped, Job, JobFilter, JobRow, Lease, NewJob, Progress, Queued, Retried};
pub use near_lossless::NearLosslessId;
pub use pickles::Scanned;
pub use rebuild::{Beginning, Fate, NewRow, Restored, Returned};
pub use records::{
    CheckedRecord, RecordId, TreeChunk, Unwanted, Wanted, WantedRecord, WrittenRecord,
};
pub use reencode::{ChunkTotals, Reencoded, Swapped};
pub use refs::{Expected, RefRow};
pub use repositories::{RepositoryId, RepositoryRow, Sent};
pub use revisions::{RevisionRow, RevisionRowId};
pub use savings::Scope as SavingsScope;
pub use store::Catalog;
pub use uploads::UploadRow;
pub use visibility::Visibility;

type Result<T> = std::result::Result<T, Error>;
