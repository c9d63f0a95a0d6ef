//! Numbers that are small as a rule, as symbols: below 16 each its own, from there on four buckets
//! for each doubling, and the place in the bucket as raw bits.

/// The first number that shares its symbol with others.
pub(super) const FIRST_SHARED: u32 = 16;

/// How numbers become symbols, and what a symbol stands for.
#[derive(Clone)]
pub(super) struct Buckets {
    /// Whether a bucket has numbers of one parity, which is the sign of what was folded.
    pub by_sign: bool,
    /// By symbol: its smallest number, and how many raw bits follow.
    entries: [(u32, u8); 256],
}

impl Buckets {
    /// All buckets.
    pub(super) fn new(by_sign: bool) -> Buckets {
        let entries = std::array::from_fn(|symbol| entry(by_sign, symbol as u32));
        Buckets { by_sign, entries }
    }

    /// A symbol's smallest number, and how many raw bits follow, fewer than 30.
    #[inline(always)]
    pub(super) fn entry(&self, symbol: u8) -> (u32, u8) {
        self.entries[usize::from(symbol)]
    }

    /// What raw bits add to a symbol's smallest number.
    #[inline(always)]
    pub(super) fn place(&self, raw: u32) -> u32 {
        raw << u32::from(self.by_sign)
    }

    /// A number's symbol, its raw bits, and how many those are.
    #[inline(always)]
    pub(super) fn symbol(&self, number: u32) -> (u8, u32, u8) {
        symbol(self.by_sign, number)
    }
}

/// A number's symbol, its raw bits, and how many those are.
#[inline(always)]
pub(super) fn symbol(by_sign: bool, number: u32) -> (u8, u32, u8) {
    let sign = u32::from(by_sign);
    // Small ones come along, so that there is no branch to guess.
    let shared = number.max(FIRST_SHARED);
    let size = shared >> sign;
    let log = 31 - size.leading_zeros();
    let raw_len = log - 2;
    // 4 to 7: the bucket in its doubling, with the bit that is always set.
    let upper = size >> raw_len;
    let bucket = 4 * (log + sign) + upper - 20;
    let own = FIRST_SHARED + (bucket << sign | number & sign);
    let raw = size & ((1 << raw_len) - 1);
    if number < FIRST_SHARED {
        (number as u8, 0, 0)
    } else {
        (own as u8, raw, raw_len as u8)
    }
}

/// What a symbol stands for; those beyond the last bucket stand for 0.
fn entry(by_sign: bool, symbol: u32) -> (u32, u8) {
    if symbol < FIRST_SHARED {
        return (symbol, 0);
    }
    let sign = u32::from(by_sign);
    let bucket = (symbol - FIRST_SHARED) >> sign;
    let log = bucket / 4 + 4 - sign;
    if log + sign > 31 {
        return (0, 0);
    }
    let size = (4 + bucket % 4) << (log - 2);
    (size << sign | (symbol & sign), (log - 2) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_each_other() {
        for by_sign in [false, true] {
            let buckets = Buckets::new(by_sign);
            let numbers = (0..5000).chain((0..32).flat_map(|log| {
                let power = 1u32 << log;
                [power - 1, power, power + 1, power | power >> 1, !power]
            }));
            for number in numbers {
                let (symbol, raw, raw_len) = buckets.symbol(number);
                let (smallest, len) = buckets.entry(symbol);
                assert_eq!(len, raw_len, "{number} {by_sign}");
                assert!(raw_len < 30 && u64::from(raw) < 1 << raw_len);
                assert_eq!(smallest + buckets.place(raw), number, "{number} {by_sign}");
            }
            assert_eq!(buckets.symbol(15).0, 15);
            assert_eq!(buckets.symbol(16).0, 16);
        }
    }

    #[test]
    fn sixteen_bits_take_64_symbols() {
        assert_eq!(Buckets::new(false).symbol(0xffff).0, 63);
        assert_eq!(Buckets::new(true).symbol(0xffff).0, 111);
        assert_eq!(Buckets::new(false).symbol(u32::MAX).0, 127);
        assert_eq!(Buckets::new(true).symbol(u32::MAX).0, 239);
    }
}
