//! When a failed request is tried again, and after how long.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// How often a request is tried in all: for half a minute, in which a server can be started again.
const TRIES: u32 = 8;
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// The longest wait, also when a server asks for more.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Counts the tries of one request.
#[derive(Debug)]
pub(crate) struct Retry {
    tried: u32,
    tries: u32,
}

impl Default for Retry {
    fn default() -> Self {
        Self::of(TRIES)
    }
}

impl Retry {
    /// Of so many tries in all.
    pub fn of(tries: u32) -> Self {
        Self { tried: 0, tries }
    }

    /// How long to wait before the next try, if there is to be one. Call it after each failure;
    /// `asked` is what the server wants.
    pub fn wait(&mut self, asked: Option<Duration>) -> Option<Duration> {
        self.tried += 1;
        if self.tried >= self.tries {
            return None;
        }
        let backoff = FIRST_WAIT * 2_u32.pow(self.tried - 1);
        let wait = jitter(backoff).max(asked.unwrap_or_default());
        Some(wait.min(LONGEST_WAIT))
    }
}

/// Between half of it and all of it, so that clients that failed together do not return together.
fn jitter(wait: Duration) -> Duration {
    let random = RandomState::new().hash_one(0) % 1000;
    wait / 2 + wait / 2 * random as u32 / 1000
}

/// Whether what failed may be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Again {
    /// It would come to the same.
    Never,
    /// It was not acted upon.
    Harmless,
    /// It may have been acted upon: only what does no harm twice.
    MayHaveArrived,
}

/// What a status says of trying again.
pub(crate) fn again_after(status: u16) -> Again {
    match status {
        429 => Again::Harmless,
        502..=504 => Again::MayHaveArrived,
        _ => Again::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_bounded_and_waits_grow() {
        let mut retry = Retry::default();
        let waits: Vec<Duration> = std::iter::from_fn(|| retry.wait(None)).collect();
        assert_eq!(waits.len(), TRIES as usize - 1);
        assert!(waits[0] <= FIRST_WAIT);
        assert!(waits[4] >= 4 * FIRST_WAIT);
    }

    #[test]
    fn the_server_may_ask_for_more_but_not_for_ever() {
        let mut retry = Retry::default();
        assert_eq!(
            retry.wait(Some(Duration::from_secs(7))),
            Some(Duration::from_secs(7))
        );
        assert_eq!(
            retry.wait(Some(Duration::from_secs(7000))),
            Some(LONGEST_WAIT)
        );
    }
}
