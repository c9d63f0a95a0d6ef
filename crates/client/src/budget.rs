//! Memory as a budget: whoever holds a chunk has reserved its bytes in one step before.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Permits are for KiB, so that their number stays small.
const UNIT: usize = 1024;

/// A number of bytes to share.
#[derive(Clone)]
pub(crate) struct Budget {
    free: Arc<Semaphore>,
    units: u32,
}

/// Bytes that are reserved until this is dropped.
pub(crate) struct Reserved {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Budget {
    pub fn new(bytes: usize) -> Self {
        let units = (bytes / UNIT).clamp(1, 1 << 30) as u32;
        Self {
            free: Arc::new(Semaphore::new(units as usize)),
            units,
        }
    }

    /// Waits for so many bytes. What is above the whole budget waits for all of it, so that a
    /// budget below one chunk is slow and not a standstill.
    pub async fn reserve(&self, bytes: usize) -> Reserved {
        let permit = self.free.clone().acquire_many_owned(self.units(bytes));
        Reserved {
            // Nobody closes the semaphore.
            _permit: permit.await.ok(),
        }
    }

    /// So many bytes, if they are free now.
    pub fn try_reserve(&self, bytes: usize) -> Option<Reserved> {
        let permit = self.free.clone().try_acquire_many_owned(self.units(bytes));
        Some(Reserved {
            _permit: Some(permit.ok()?),
        })
    }

    fn units(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.div_ceil(UNIT))
            .unwrap_or(u32::MAX)
            .min(self.units)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_reserved_is_not_free_until_it_is_dropped() {
        let budget = Budget::new(10 * UNIT);
        let first = budget.reserve(6 * UNIT).await;
        assert!(budget.try_reserve(5 * UNIT).is_none());
        drop(first);
        assert!(budget.try_reserve(5 * UNIT).is_some());
    }

    #[tokio::test]
    async fn more_than_there_is_takes_all_there_is() {
        let budget = Budget::new(10 * UNIT);
        let all = budget.reserve(100 * UNIT).await;
        assert!(budget.try_reserve(1).is_none());
        drop(all);
    }
}
