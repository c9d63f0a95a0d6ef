use std::collections::HashMap;
use std::time::Duration;

use sheaf_types::jobs::JobKind;
use tokio::sync::{Notify, watch};

/// What the tasks of one server tell each other of jobs. It only spares a wait: the queue itself is in
/// the catalog.
pub(crate) struct JobQueue {
    queued: HashMap<JobKind, Notify>,
    ended: watch::Sender<u64>,
}

impl JobQueue {
    pub fn new() -> Self {
        let kinds = JobKind::ALL.iter().map(|kind| (*kind, Notify::new()));
        Self {
            queued: kinds.collect(),
            ended: watch::Sender::new(0),
        }
    }

    /// Wakes one who works on jobs of a kind.
    pub fn wake(&self, kind: JobKind) {
        if let Some(queued) = self.queued.get(&kind) {
            queued.notify_one();
        }
    }

    /// Waits until a job of a kind was queued here, or for so long.
    pub async fn queued(&self, kind: JobKind, at_most: Duration) {
        if let Some(queued) = self.queued.get(&kind) {
            // Late is as good as woken: whoever waits looks for itself.
            let _ = tokio::time::timeout(at_most, queued.notified()).await;
        }
    }

    /// Tells those who wait for a job that one came to its end.
    pub fn ended(&self) {
        self.ended.send_modify(|ended| *ended += 1);
    }

    /// Says when a job came to its end.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }
}
