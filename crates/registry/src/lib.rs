//! The use cases: what a caller may do, how a file comes in, how it goes out, what it costs.
//!
//! This is the one room that writes blobs and rows, and so the one where their order is decided: an
//! object is announced, written, durable, and only then named by a row.
//!
//! `ingest` takes bytes in, `materialize` gives them out, `repository` has what is said of
//! repositories, revisions and refs; `collect` takes away what nothing reaches, `check` looks whether what is
//! stored is what was pushed; `access` decides who may do what.

mod access;
mod background;
mod backup;
mod beside;
mod budget;
mod check;
mod collect;
mod cpu;
mod damage;
mod error;
mod health;
mod ingest;
mod jobs;
mod materialize;
mod migrate;
mod random;
mod rebuild;
mod records;
mod reencode;
mod registry;
mod report;
mod repository;
mod settings;
mod step;
mod task;
mod text;
mod tokens;
mod turns;

pub use access::{Admitted, Caller};
pub use backup::back_up_catalog;
pub use error::{Error, Kind};
pub use ingest::{BodyError, ByteStream, Condition, FileChange, Matching, verdict_of};
pub use jobs::JobQuery;
pub use materialize::{OpenBlob, OpenFile};
pub use migrate::{MoveError, Moved, Place, Progress, migrate};
pub use rebuild::rebuild_catalog;
pub use registry::Registry;
pub use report::log;
pub use repository::PageRequest;
pub use settings::{PicklePolicy, Settings};
pub use sheaf_blobs::{FaultPlan, Faults, S3Keys, S3Options};
pub use sheaf_catalog::CopiedTable;
pub use step::{Step, StepHook};

type Result<T> = std::result::Result<T, Error>;
