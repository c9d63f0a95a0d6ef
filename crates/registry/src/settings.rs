use std::path::PathBuf;
use std::time::Duration;

use sheaf_blobs::{Faults, S3Options};
use sheaf_codec::Level;

use crate::StepHook;

/// What is done with files whose pickles may do harm when loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PicklePolicy {
    /// They are taken; who pulls them is warned.
    #[default]
    Allow,
    /// Those that are suspicious are refused.
    Refuse,
    /// Those that are not clean are refused.
    RefuseUnknown,
}

/// How a registry is run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `sqlite:PATH`.
    pub catalog_url: String,
    /// `file:FOLDER` or `s3://BUCKET/PREFIX`.
    pub blobs_url: String,
    /// How a bucket is reached.
    pub s3: S3Options,
    /// For how long clients are given URLs to read blobs straight from the bucket, no longer than the
    /// collection's grace; none: they are not.
    pub direct: Option<Duration>,
    /// What goes wrong with the object store on purpose, in tests.
    pub faults: Option<Faults>,
    /// Is told of each step, in tests.
    pub at_step: Option<StepHook>,
    /// Where files are spooled whose layout is not at their beginning.
    pub temp_dir: PathBuf,
    /// Threads for CPU work; 0 for as many as there are cores.
    pub threads: usize,
    /// Bytes that chunks on their way in may take, together.
    pub ingest_memory: u64,
    /// Bytes that chunks on their way out may take, together.
    pub serve_memory: u64,
    /// How long an upload lives to which nothing is sent.
    pub upload_expiry: Duration,
    /// How often what nothing reaches is collected; zero: only when asked.
    pub collection_every: Duration,
    /// How long what nothing reaches is kept.
    pub collection_grace: Duration,
    /// How long a write to the object store may take before its object is collected.
    pub writes_abandoned_after: Duration,
    /// What this server is called where several share a catalog.
    pub server_name: String,
    /// How long a server that died keeps others from its jobs.
    pub job_lease: Duration,
    /// The most bytes of a file that is spooled.
    pub spool_limit: u64,
    /// What is done with pickles that may do harm.
    pub suspicious_pickles: PicklePolicy,
    /// How much work goes into raw uploads.
    pub level: Level,
}
