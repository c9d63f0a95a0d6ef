//! How registries are run in tests.

use std::path::Path;
use std::time::Duration;

use sheaf_codec::Level;
use sheaf_registry::{PicklePolicy, S3Options, Settings};

/// A registry in a folder with little memory, so that every limit is met. It collects only when asked.
pub fn settings(catalog_url: String, folder: &Path, memory: u64) -> Settings {
    Settings {
        catalog_url,
        blobs_url: format!("file:{}", folder.join("store").display()),
        direct: None,
        faults: None,
        at_step: None,
        s3: S3Options::default(),
        temp_dir: folder.into(),
        threads: 2,
        ingest_memory: memory,
        serve_memory: memory,
        upload_expiry: Duration::from_secs(3600),
        collection_every: Duration::ZERO,
        collection_grace: Duration::ZERO,
        writes_abandoned_after: Duration::from_secs(3600),
        server_name: "test".into(),
        job_lease: Duration::from_secs(30),
        spool_limit: 4 << 20,
        suspicious_pickles: PicklePolicy::Allow,
        level: Level::Fast,
    }
}

/// The catalog's URL for a file of SQLite in a folder.
pub fn sqlite(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("catalog").display())
}
