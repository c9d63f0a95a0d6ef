//! The registry and its HTTP server, run as the configuration says.

use std::env;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use sheaf_registry::{Error, Registry, Settings};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::config::Config;
use crate::{data_folder, faults, kill_point};

/// Opens the registry whose data is in a folder.
pub async fn open(
    config: &Config,
    data: &Path,
    address: SocketAddr,
) -> anyhow::Result<Arc<Registry>> {
    let settings = Settings {
        server_name: name(address),
        ..settings(config, data)?
    };
    Registry::open(settings).await.map_err(with_cause)
}

/// How a registry is run whose data is in a folder.
pub fn settings(config: &Config, data: &Path) -> anyhow::Result<Settings> {
    Ok(Settings {
        catalog_url: config.catalog_url(data)?,
        blobs_url: config.blobs_url(data)?,
        s3: config.s3(&|name| env::var_os(name))?,
        direct: config.direct()?,
        faults: faults::of_the_tests()?,
        at_step: kill_point::of_the_tests()?,
        temp_dir: data_folder::make(&data.join("tmp"))?,
        threads: config.threads,
        ingest_memory: config.ingest_memory,
        serve_memory: config.serve_memory,
        upload_expiry: config.upload_expiry,
        collection_every: config.collection_every,
        collection_grace: config.collection_grace,
        writes_abandoned_after: config.writes_abandoned_after,
        server_name: String::new(),
        job_lease: config.job_lease,
        spool_limit: config.spool_limit,
        suspicious_pickles: config.suspicious_pickles.into(),
        level: config.level.into(),
    })
}

/// What the server is called in the list of jobs: `HOST:PORT`, where the machine says what it is called.
fn name(address: SocketAddr) -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname");
    match host.as_deref().map(str::trim) {
        Ok(host) if !host.is_empty() => format!("{host}:{}", address.port()),
        _ => address.to_string(),
    }
}

/// The registry hides its own failures from callers; who starts the server is to see them.
pub fn with_cause(error: Error) -> anyhow::Error {
    match error {
        Error::Internal(cause) | Error::Unavailable(cause) => anyhow!(cause),
        error => error.into(),
    }
}

/// Says that it stops while it still answers, so that a balancer sends no more.
pub async fn announce_stop(registry: Arc<Registry>, how_long: Duration) {
    registry.announce_stop();
    tokio::time::sleep(how_long).await;
}

/// Serves until told to stop, then until what is under way is done.
pub async fn serve(
    listener: TcpListener,
    registry: Arc<Registry>,
    stop: oneshot::Receiver<()>,
) -> anyhow::Result<()> {
    let stopped = async {
        // Dropped, it says so too.
        let _ = stop.await;
    };
    sheaf_server::serve(listener, Arc::clone(&registry), stopped).await?;
    registry.close().await;
    Ok(())
}
