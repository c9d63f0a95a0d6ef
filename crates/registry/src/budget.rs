//! Memory as a budget: what is to be held is reserved first, in one step, first come first served.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Error, Result};

/// What a permit stands for. A semaphore counts to 2^32 at most in one step.
const UNIT: u64 = 1024;

/// How long a request that has not begun waits for memory, before its client is asked to come back. Who
/// comes back stands at the end of the line, so this is longer than a line of busy clients takes.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Clone)]
pub(crate) struct Budget {
    units: Arc<Semaphore>,
    all: u32,
}

/// Memory that is reserved until this is dropped.
pub(crate) struct Reserved {
    _permit: OwnedSemaphorePermit,
}

impl Budget {
    pub fn new(bytes: u64) -> Self {
        let all = u32::try_from(bytes / UNIT).unwrap_or(u32::MAX).max(1);
        Self {
            units: Arc::new(Semaphore::new(all as usize)),
            all,
        }
    }

    /// Waits until so many bytes are free. What is more than the whole budget waits for all of it,
    /// so that a small budget makes things slow and never stops them.
    pub async fn reserve(&self, bytes: u64) -> Result<Reserved> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX);
        let permit = Arc::clone(&self.units)
            .acquire_many_owned(units.min(self.all))
            .await
            .map_err(Error::internal)?;
        Ok(Reserved { _permit: permit })
    }
}

impl Budget {
    /// The same for what can as well come later: not for ever.
    pub async fn reserve_soon(&self, bytes: u64) -> Result<Reserved> {
        let reserved = tokio::time::timeout(PATIENCE, self.reserve(bytes)).await;
        reserved.unwrap_or(Err(Error::Busy))
    }

    /// Reserves what is free now, or nothing.
    pub fn try_reserve(&self, bytes: u64) -> Option<Reserved> {
        let units = u32::try_from(bytes.div_ceil(UNIT)).ok()?;
        let permit = Arc::clone(&self.units).try_acquire_many_owned(units).ok()?;
        Some(Reserved { _permit: permit })
    }
}

impl Reserved {
    /// Bytes that give the reservation back when the last of them is dropped.
    pub fn hold(self, bytes: Vec<u8>) -> Bytes {
        Bytes::from_owner(Held {
            bytes,
            _reserved: self,
        })
    }
}

struct Held {
    bytes: Vec<u8>,
    _reserved: Reserved,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bytes_hold_their_memory_until_the_last_is_gone() {
        let budget = Budget::new(4096);
        let bytes = budget.reserve(4096).await.unwrap().hold(vec![1; 4096]);
        let part = bytes.slice(10..20);
        drop(bytes);
        assert!(budget.units.try_acquire().is_err());
        drop(part);
        assert!(budget.units.try_acquire().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn who_can_come_later_does_not_wait_for_ever() {
        let budget = Budget::new(2048);
        let held = budget.reserve(1024).await.unwrap();
        assert!(matches!(budget.reserve_soon(2048).await, Err(Error::Busy)));
        drop(held);
        assert!(budget.reserve_soon(2048).await.is_ok());
    }

    #[tokio::test]
    async fn more_than_there_is_waits_for_all_there_is() {
        let budget = Budget::new(2048);
        let all = budget.reserve(1 << 30).await.unwrap();
        assert!(budget.units.try_acquire().is_err());
        drop(all);
    }
}
