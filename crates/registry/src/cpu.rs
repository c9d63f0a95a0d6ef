//! A pool for hashing, cutting, encoding and decoding, sized to the cores.

use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::oneshot;

use crate::{Error, Result};

#[derive(Clone)]
pub(crate) struct Cpu {
    pool: Arc<ThreadPool>,
}

#[derive(Debug, thiserror::Error)]
#[error("a CPU task panicked")]
struct Panicked;

impl Cpu {
    /// `threads` of 0 means as many as there are cores.
    pub fn new(threads: usize) -> Result<Self> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|i| format!("cpu-{i}"))
            // The task that panicked drops the sender of its answer: that task fails, alone.
            .panic_handler(|_| {})
            .build()
            .map_err(Error::internal)?;
        Ok(Self {
            pool: Arc::new(pool),
        })
    }

    /// Half of the pool's threads, for what must not keep others waiting; at least one.
    pub fn half(&self) -> usize {
        (self.pool.current_num_threads() / 2).max(1)
    }

    /// Runs work on the pool.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let (sender, receiver) = oneshot::channel();
        self.pool.spawn_fifo(move || {
            let _ = sender.send(work());
        });
        receiver.await.map_err(|_| Error::internal(Panicked))
    }
}
