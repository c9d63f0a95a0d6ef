//! The end: the first signal stops new requests, the second one those that are under way.

use std::time::Duration;

use anyhow::Context;
use tokio::sync::oneshot;

/// How long requests that are under way may take after the first signal.
const DRAIN: Duration = Duration::from_secs(30);

/// SIGTERM and SIGINT, noticed from the moment that this is made.
pub struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// From now on a signal no longer ends the process.
    pub fn new() -> anyhow::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            terminate: signal(SignalKind::terminate()).context("cannot wait for SIGTERM")?,
            interrupt: signal(SignalKind::interrupt()).context("cannot wait for SIGINT")?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    /// From now on Ctrl-C no longer ends the process.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self {})
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Signals {
    /// Runs a server until it ends. At the first signal that is announced, then it is told to stop; it is
    /// dropped at the second, or when it takes too long.
    pub async fn run<Server>(
        mut self,
        start: impl FnOnce(oneshot::Receiver<()>) -> Server,
        announce: impl Future<Output = ()>,
    ) -> anyhow::Result<()>
    where
        Server: Future<Output = anyhow::Result<()>>,
    {
        let (stop, stopped) = oneshot::channel();
        let mut server = Box::pin(start(stopped));
        tokio::select! {
            outcome = &mut server => return outcome,
            () = self.next() => {}
        }
        tracing::info!("stopping: requests under way are answered");
        tokio::select! {
            outcome = &mut server => return outcome,
            () = self.next() => return cut_off("a second signal"),
            () = announce => {}
        }
        // The server may have just ended by itself.
        let _ = stop.send(());
        tokio::select! {
            outcome = &mut server => outcome,
            () = self.next() => cut_off("a second signal"),
            () = tokio::time::sleep(DRAIN) => cut_off("they take too long"),
        }
    }
}

/// What is cut off was never acknowledged: nothing that matters is lost.
fn cut_off(why: &str) -> anyhow::Result<()> {
    tracing::warn!("requests under way are cut off: {why}");
    Ok(())
}
