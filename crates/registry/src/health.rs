//! Whether requests can be answered now.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::Registry;

/// How long catalog and object store may take for the smallest of answers.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long an answer is good: several balancers may ask, and anybody else.
const FRESH: Duration = Duration::from_secs(1);

/// What is known of it.
#[derive(Default)]
pub(crate) struct Health {
    stopping: AtomicBool,
    looked: Mutex<Option<(Instant, Vec<&'static str>)>>,
}

impl Registry {
    /// From now on it says that it is not ready, so that nobody sends more.
    pub fn announce_stop(&self) {
        self.health.stopping.store(true, Ordering::Relaxed);
    }

    /// What stands in the way of answering requests; nothing, when it is ready.
    pub async fn obstacles(&self) -> Vec<&'static str> {
        let mut looked = self.health.looked.lock().await;
        let fresh = looked.as_ref().filter(|(at, _)| at.elapsed() < FRESH);
        let mut obstacles = match fresh {
            Some((_, found)) => found.clone(),
            None => self.find_obstacles().await,
        };
        if fresh.is_none() {
            *looked = Some((Instant::now(), obstacles.clone()));
        }
        if self.health.stopping.load(Ordering::Relaxed) {
            obstacles.push("it is stopping");
        }
        obstacles
    }

    async fn find_obstacles(&self) -> Vec<&'static str> {
        let (catalog, store) = tokio::join!(
            within_patience(self.catalog.check()),
            within_patience(self.blobs.check()),
        );
        let mut obstacles = vec![];
        if !catalog {
            obstacles.push("the catalog does not answer");
        }
        if !store {
            obstacles.push("the object store does not answer");
        }
        obstacles
    }
}

async fn within_patience<E>(check: impl Future<Output = Result<(), E>>) -> bool {
    matches!(tokio::time::timeout(PATIENCE, check).await, Ok(Ok(())))
}
