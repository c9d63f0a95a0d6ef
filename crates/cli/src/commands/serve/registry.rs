//! The registry and its HTTP server, run as the configuration says.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use sheaf_registry::{Registry, Settings};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::config::Config;

/// Opens the registry whose data is in a folder.
pub async fn open(config: &Config, data: &Path, secret: &str) -> anyhow::Result<Arc<Registry>> {
    let temp_dir = data.join("tmp");
    std::fs::create_dir_all(&temp_dir)
        .with_context(|| format!("cannot make the folder {}", temp_dir.display()))?;
    let settings = Settings {
        catalog_url: config.catalog_url(data)?,
        blobs_url: config.blobs_url(data)?,
        temp_dir,
        threads: config.threads,
        ingest_memory: config.ingest_memory,
        serve_memory: config.serve_memory,
        upload_expiry: config.upload_expiry,
        spool_limit: config.spool_limit,
        level: config.level.into(),
    };
    let registry = Registry::open(settings).await?;
    registry.set_admin_secret(secret).await?;
    Ok(registry)
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
