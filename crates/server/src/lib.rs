//! Sheaf over HTTP: a router, extractors, errors. A handler parses, calls one use case of
//! `sheaf-registry`, and renders; it decides nothing.

// utoipa's derived parameters come out qualified.
#![allow(unused_qualifications)]

mod api;
mod error;
mod health;
mod openapi;
mod raw;
mod request;
mod response;
mod router;
mod stall;
mod trace;

use std::future::Future;
use std::io;
use std::sync::Arc;

use sheaf_registry::Registry;
use tokio::net::TcpListener;

pub use openapi::openapi;
pub use router::router;

/// Answers requests until `shutdown` is done, then until those under way are answered.
pub async fn serve(
    listener: TcpListener,
    registry: Arc<Registry>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    axum::serve(stall::Patient::new(listener), router(registry))
        .with_graceful_shutdown(shutdown)
        .await
}
