use std::time::Duration;

use crate::random::random;

/// Before the second attempt, on average.
const FIRST: Duration = Duration::from_secs(1);
/// At most, on average.
const LONGEST: Duration = Duration::from_secs(60);

/// How long to wait after so many attempts that got nowhere: twice as long each time, and not at the
/// same moment as everybody whom the same trouble has met.
pub(super) fn pause(fruitless: u64) -> Duration {
    let jitter = random().map_or(u16::MAX / 2, u16::from_le_bytes);
    spread(fruitless, f64::from(jitter) / f64::from(u16::MAX))
}

/// From half of it to half as much again.
fn spread(fruitless: u64, jitter: f64) -> Duration {
    let doublings = u32::try_from(fruitless.saturating_sub(1)).unwrap_or(u32::MAX);
    let factor = 2u32.checked_pow(doublings).unwrap_or(u32::MAX);
    FIRST
        .saturating_mul(factor)
        .min(LONGEST)
        .mul_f64(0.5 + jitter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound() {
        let middle = [0, 1, 2, 3, 7, 1000].map(|fruitless| spread(fruitless, 0.5).as_secs());
        assert_eq!(middle, [1, 1, 2, 4, 60, 60]);
    }

    #[test]
    fn pauses_are_spread() {
        assert_eq!(spread(2, 0.0), Duration::from_secs(1));
        assert_eq!(spread(2, 1.0), Duration::from_secs(3));
    }
}
