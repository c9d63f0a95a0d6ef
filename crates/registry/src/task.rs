//! Work that goes on whether or not whoever wants it is looking.

use std::future::Future;

use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use crate::{Error, Result};

/// Begins work on a task of its own, which ends when this is dropped. What a stream does ahead of its reader runs
/// so: the reader may be slow, or wait for the very lock, connection or memory that such work holds.
pub(crate) fn on_task<T, W>(work: W) -> impl Future<Output = Result<T>> + use<T, W>
where
    T: Send + 'static,
    W: Future<Output = Result<T>> + Send + 'static,
{
    let task = AbortOnDropHandle::new(tokio::spawn(work.in_current_span()));
    async move { task.await.map_err(Error::internal)? }
}
