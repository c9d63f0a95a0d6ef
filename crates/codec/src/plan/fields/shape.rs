//! The bytes of quants as symbols, which are coded, and lower bits, which are not: most of what is known of
//! a quant is in its top bits, and few symbols are coded and decoded sooner than many.

use crate::coder::{entropy, histogram};
use crate::cpu::at_widest;

/// What a tile of bytes is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Each byte is a symbol.
    Whole = 0,
    /// Each nibble is one: of 64 bytes the lower ones, then the upper ones.
    Nibbles = 1,
    /// Each upper nibble is one; of 128 bytes 64 have the lower ones.
    Upper = 2,
    /// The top bits of both nibbles of two bytes.
    TopOfNibbles = 3,
    /// The two top bits of two bytes.
    TopOfBytes = 4,
    /// The top bits of the four pairs of bits of two bytes.
    TopOfPairs = 5,
    /// The top bits of four bytes.
    TopOfFours = 6,
    /// The two top bits of each byte.
    Quarters = 7,
}

/// What a symbol that needs no table costs in time, beside others.
const QUARTER: f64 = 0.25;

/// How many bytes a tile has, how many symbols they are, and how many bytes of lower bits.
pub(super) struct Tile {
    pub bytes: usize,
    pub symbols: usize,
    pub low: usize,
}

impl Shape {
    pub(super) fn from_code(code: u8) -> Option<Shape> {
        [
            Shape::Whole,
            Shape::Nibbles,
            Shape::Upper,
            Shape::TopOfNibbles,
            Shape::TopOfBytes,
            Shape::TopOfPairs,
            Shape::TopOfFours,
            Shape::Quarters,
        ]
        .into_iter()
        .find(|shape| *shape as u8 == code)
    }

    pub(super) fn tile(self) -> Tile {
        let (bytes, symbols, low) = match self {
            Shape::Whole => (64, 64, 0),
            Shape::Nibbles => (64, 128, 0),
            Shape::Upper => (128, 128, 64),
            Shape::TopOfNibbles | Shape::TopOfBytes => (256, 128, 192),
            Shape::TopOfPairs => (128, 64, 64),
            Shape::TopOfFours => (512, 128, 448),
            Shape::Quarters => (256, 256, 192),
        };
        Tile {
            bytes,
            symbols,
            low,
        }
    }

    /// Symbols that so many bytes have: those of whole tiles.
    pub(super) fn symbols_len(self, len: usize) -> usize {
        let tile = self.tile();
        len / tile.bytes * tile.symbols
    }

    /// Bytes of lower bits that so many bytes have: those after the last whole tile are all there.
    pub(super) fn low_len(self, len: usize) -> usize {
        let tile = self.tile();
        len / tile.bytes * tile.low + len % tile.bytes
    }

    /// The best of some for bytes, by a sample of them, where each symbol costs as much time as so many bits
    /// are worth.
    pub(super) fn best(shapes: &[Shape], bytes: &[u8], symbol: f64) -> Shape {
        let counts = sample(bytes);
        let cost = |shape: &Shape| {
            let tile = shape.tile();
            let each = match shape {
                Shape::Quarters => QUARTER,
                _ => 1.0,
            };
            shape.bits(&counts) + each * symbol * tile.symbols as f64 / tile.bytes as f64
        };
        let best = shapes.iter().min_by(|a, b| cost(a).total_cmp(&cost(b)));
        best.copied().unwrap_or(Shape::Whole)
    }

    /// About the bits that a byte takes.
    fn bits(self, counts: &[u32; 256]) -> f64 {
        let of = |symbol: fn(usize) -> usize| {
            let mut sums = [0; 256];
            for (byte, count) in counts.iter().enumerate() {
                sums[symbol(byte)] += count;
            }
            entropy(&sums)
        };
        match self {
            Shape::Whole => of(|byte| byte),
            Shape::Nibbles => of(|byte| byte & 15) + of(|byte| byte >> 4),
            Shape::Upper => of(|byte| byte >> 4) + 4.0,
            Shape::TopOfNibbles => of(|byte| byte & 0x88) + 6.0,
            Shape::TopOfBytes => of(|byte| byte >> 6) + 6.0,
            Shape::TopOfPairs => of(|byte| byte & 0xaa) + 4.0,
            Shape::TopOfFours => of(|byte| byte >> 7) + 7.0,
            Shape::Quarters => {
                let reached = |least: usize| counts[least..].iter().sum::<u32>();
                let total = f64::from(reached(0).max(1));
                7.0 + f64::from(reached(0x40) + reached(0x80)) / total
            }
        }
    }

    /// Takes bytes apart.
    pub(super) fn split(self, bytes: &[u8], symbols: &mut [u8], low: &mut [u8]) {
        let tile = self.tile();
        let (whole, rest) = bytes.split_at(bytes.len() / tile.bytes * tile.bytes);
        let (low, end) = low.split_at_mut(low.len() - rest.len());
        end.copy_from_slice(rest);
        match self {
            Shape::Whole => symbols.copy_from_slice(whole),
            Shape::Nibbles => split_nibbles(whole, symbols),
            Shape::Upper => split_upper(whole, symbols, low),
            Shape::TopOfNibbles => split_tops_of_nibbles(whole, symbols, low),
            Shape::TopOfBytes => split_tops_of_bytes(whole, symbols, low),
            Shape::TopOfPairs => split_tops_of_pairs(whole, symbols, low),
            Shape::TopOfFours => split_tops_of_fours(whole, symbols, low),
            Shape::Quarters => split_quarters(whole, symbols, low),
        }
    }

    /// Undoes [`Shape::split`].
    pub(super) fn merge(self, symbols: &[u8], low: &[u8], bytes: &mut [u8]) {
        let tile = self.tile();
        let whole = bytes.len() / tile.bytes * tile.bytes;
        let (whole, rest) = bytes.split_at_mut(whole);
        let (low, end) = low.split_at(low.len() - rest.len());
        rest.copy_from_slice(end);
        match self {
            Shape::Whole => whole.copy_from_slice(symbols),
            Shape::Nibbles => merge_nibbles(symbols, whole),
            Shape::Upper => merge_upper(symbols, low, whole),
            Shape::TopOfNibbles => merge_tops_of_nibbles(symbols, low, whole),
            Shape::TopOfBytes => merge_tops_of_bytes(symbols, low, whole),
            Shape::TopOfPairs => merge_tops_of_pairs(symbols, low, whole),
            Shape::TopOfFours => merge_tops_of_fours(symbols, low, whole),
            Shape::Quarters => merge_quarters(symbols, low, whole),
        }
    }
}

/// How often bytes occur in runs of them.
fn sample(bytes: &[u8]) -> [u32; 256] {
    const RUNS: usize = 16;
    const RUN: usize = 128;
    if bytes.len() < 2 * RUNS * RUN {
        return histogram(bytes);
    }
    let step = bytes.len() / RUNS;
    let runs = bytes.chunks_exact(step).flat_map(|part| &part[..RUN]);
    histogram(&runs.copied().collect::<Vec<u8>>())
}

at_widest! {
    fn split_nibbles(bytes: &[u8], symbols: &mut [u8]) = nibbles
}

at_widest! {
    fn merge_nibbles(symbols: &[u8], bytes: &mut [u8]) = nibbles_back
}

at_widest! {
    fn split_upper(bytes: &[u8], symbols: &mut [u8], low: &mut [u8]) = upper
}

at_widest! {
    fn merge_upper(symbols: &[u8], low: &[u8], bytes: &mut [u8]) = upper_back
}

at_widest! {
    fn split_tops_of_nibbles(bytes: &[u8], symbols: &mut [u8], low: &mut [u8]) = tops::<0x88, 1>
}

at_widest! {
    fn merge_tops_of_nibbles(symbols: &[u8], low: &[u8], bytes: &mut [u8]) = tops_back::<0x88, 1>
}

at_widest! {
    fn split_tops_of_bytes(bytes: &[u8], symbols: &mut [u8], low: &mut [u8]) = tops::<0xc0, 2>
}

at_widest! {
    fn merge_tops_of_bytes(symbols: &[u8], low: &[u8], bytes: &mut [u8]) = tops_back::<0xc0, 2>
}

at_widest! {
    fn split_tops_of_pairs(bytes: &[u8], symbols: &mut [u8], low: &mut [u8]) = tops_of_pairs
}

at_widest! {
    fn merge_tops_of_pairs(symbols: &[u8], low: &[u8], bytes: &mut [u8]) = tops_of_pairs_back
}

at_widest! {
    fn split_tops_of_fours(bytes: &[u8], symbols: &mut [u8], low: &mut [u8]) = tops_of_fours
}

at_widest! {
    fn merge_tops_of_fours(symbols: &[u8], low: &[u8], bytes: &mut [u8]) = tops_of_fours_back
}

at_widest! {
    fn split_quarters(bytes: &[u8], symbols: &mut [u8], low: &mut [u8]) = quarters
}

at_widest! {
    fn merge_quarters(symbols: &[u8], low: &[u8], bytes: &mut [u8]) = quarters_back
}

/// As many runs of 64 bytes as there are, of their own: nothing else can be in their place while they are worked
/// on.
#[inline(always)]
fn runs<const RUNS: usize>(bytes: &[u8]) -> [[u8; 64]; RUNS] {
    let mut own = [[0; 64]; RUNS];
    for (to, from) in own.iter_mut().zip(bytes.as_chunks().0) {
        *to = *from;
    }
    own
}

#[inline(always)]
fn nibbles(bytes: &[u8], symbols: &mut [u8]) {
    let to = symbols.as_chunks_mut::<64>().0.as_chunks_mut::<2>().0;
    for (bytes, to) in bytes.as_chunks::<64>().0.iter().zip(to) {
        let [mut lower, mut upper] = [*bytes; 2];
        lower.iter_mut().for_each(|byte| *byte &= 15);
        upper.iter_mut().for_each(|byte| *byte >>= 4);
        *to = [lower, upper];
    }
}

#[inline(always)]
fn nibbles_back(symbols: &[u8], bytes: &mut [u8]) {
    let from = symbols.as_chunks::<128>().0.iter();
    for (to, from) in bytes.as_chunks_mut::<64>().0.iter_mut().zip(from) {
        let [mut lower, upper] = runs(from);
        for (lower, upper) in lower.iter_mut().zip(upper) {
            *lower = *lower & 15 | upper << 4;
        }
        *to = lower;
    }
}

#[inline(always)]
fn upper(bytes: &[u8], symbols: &mut [u8], low: &mut [u8]) {
    let to = symbols.as_chunks_mut::<64>().0.as_chunks_mut::<2>().0;
    let to = to.iter_mut().zip(low.as_chunks_mut::<64>().0);
    for (bytes, (symbols, low)) in bytes.as_chunks::<128>().0.iter().zip(to) {
        let [mut a, mut b] = runs(bytes);
        let mut lower = [0; 64];
        for i in 0..64 {
            lower[i] = a[i] & 15 | b[i] << 4;
            a[i] >>= 4;
            b[i] >>= 4;
        }
        (*symbols, *low) = ([a, b], lower);
    }
}

#[inline(always)]
fn upper_back(symbols: &[u8], low: &[u8], bytes: &mut [u8]) {
    let to = bytes.as_chunks_mut::<64>().0.as_chunks_mut::<2>().0;
    let from = symbols.as_chunks::<128>().0.iter();
    for (to, (symbols, low)) in to.iter_mut().zip(from.zip(low.as_chunks::<64>().0)) {
        let ([mut a, mut b], [low]) = (runs(symbols), runs(low));
        for i in 0..64 {
            a[i] = a[i] << 4 | low[i] & 15;
            b[i] = b[i] << 4 | low[i] >> 4;
        }
        *to = [a, b];
    }
}

/// The bits of a mask of two bytes are a symbol; the others of four bytes lie in three.
#[inline(always)]
fn tops<const MASK: u8, const SHIFT: u32>(bytes: &[u8], symbols: &mut [u8], low: &mut [u8]) {
    let symbols = symbols.as_chunks_mut::<64>().0.as_chunks_mut::<2>().0;
    let low = low.as_chunks_mut::<64>().0.as_chunks_mut::<3>().0;
    let to = symbols.iter_mut().zip(low);
    for (bytes, (symbols, low)) in bytes.as_chunks::<256>().0.iter().zip(to) {
        let [mut a, mut b, mut c, d] = runs(bytes);
        let [mut first, mut second] = [[0; 64]; 2];
        for i in 0..64 {
            first[i] = a[i] & MASK | (b[i] & MASK) >> SHIFT;
            second[i] = c[i] & MASK | (d[i] & MASK) >> SHIFT;
            a[i] = a[i] & !MASK | d[i] << (3 * SHIFT) & MASK;
            b[i] = b[i] & !MASK | d[i] << (2 * SHIFT) & MASK;
            c[i] = c[i] & !MASK | d[i] << SHIFT & MASK;
        }
        (*symbols, *low) = ([first, second], [a, b, c]);
    }
}

#[inline(always)]
fn tops_back<const MASK: u8, const SHIFT: u32>(symbols: &[u8], low: &[u8], bytes: &mut [u8]) {
    let to = bytes.as_chunks_mut::<64>().0.as_chunks_mut::<4>().0;
    let from = symbols.as_chunks::<128>().0.iter();
    let from = from.zip(low.as_chunks::<192>().0);
    for (to, (symbols, low)) in to.iter_mut().zip(from) {
        let ([first, second], [mut a, mut b, mut c]) = (runs(symbols), runs(low));
        let mut d = [0; 64];
        for i in 0..64 {
            let [above, middle, below] = [a[i] & MASK, b[i] & MASK, c[i] & MASK];
            let low = above >> (3 * SHIFT) | middle >> (2 * SHIFT) | below >> SHIFT;
            a[i] = a[i] & !MASK | first[i] & MASK;
            b[i] = b[i] & !MASK | first[i] << SHIFT & MASK;
            c[i] = c[i] & !MASK | second[i] & MASK;
            d[i] = low | second[i] << SHIFT & MASK;
        }
        *to = [a, b, c, d];
    }
}

/// The two top bits of each byte are a symbol; the others of four bytes lie in three.
#[inline(always)]
fn quarters(bytes: &[u8], symbols: &mut [u8], low: &mut [u8]) {
    let symbols = symbols.as_chunks_mut::<64>().0.as_chunks_mut::<4>().0;
    let low = low.as_chunks_mut::<64>().0.as_chunks_mut::<3>().0;
    let to = symbols.iter_mut().zip(low);
    for (bytes, (symbols, low)) in bytes.as_chunks::<256>().0.iter().zip(to) {
        let mut own = runs::<4>(bytes);
        let d = own[3];
        for (place, to) in low.iter_mut().enumerate() {
            for i in 0..64 {
                to[i] = own[place][i] & 0x3f | d[i] << (6 - 2 * place) & 0xc0;
            }
        }
        own.as_flattened_mut()
            .iter_mut()
            .for_each(|byte| *byte >>= 6);
        *symbols = own;
    }
}

#[inline(always)]
fn quarters_back(symbols: &[u8], low: &[u8], bytes: &mut [u8]) {
    let to = bytes.as_chunks_mut::<64>().0.as_chunks_mut::<4>().0;
    let from = symbols.as_chunks::<256>().0.iter();
    let from = from.zip(low.as_chunks::<192>().0);
    for (to, (symbols, low)) in to.iter_mut().zip(from) {
        let (mut own, low) = (runs::<4>(symbols), runs::<3>(low));
        own.as_flattened_mut()
            .iter_mut()
            .for_each(|byte| *byte <<= 6);
        for (place, low) in low.iter().enumerate() {
            for i in 0..64 {
                own[place][i] |= low[i] & 0x3f;
                own[3][i] |= low[i] >> 6 << (2 * place);
            }
        }
        *to = own;
    }
}

/// Of two bytes the upper bits of all pairs are one symbol, the lower ones one byte.
#[inline(always)]
fn tops_of_pairs(bytes: &[u8], symbols: &mut [u8], low: &mut [u8]) {
    let to = symbols.as_chunks_mut::<64>().0.iter_mut();
    let to = to.zip(low.as_chunks_mut::<64>().0);
    for (bytes, (symbols, low)) in bytes.as_chunks::<128>().0.iter().zip(to) {
        let [mut a, mut b] = runs(bytes);
        for i in 0..64 {
            let upper = a[i] & 0xaa | b[i] >> 1 & 0x55;
            b[i] = a[i] << 1 & 0xaa | b[i] & 0x55;
            a[i] = upper;
        }
        (*symbols, *low) = (a, b);
    }
}

#[inline(always)]
fn tops_of_pairs_back(symbols: &[u8], low: &[u8], bytes: &mut [u8]) {
    let to = bytes.as_chunks_mut::<64>().0.as_chunks_mut::<2>().0;
    let from = symbols.as_chunks::<64>().0.iter();
    for (to, (symbols, low)) in to.iter_mut().zip(from.zip(low.as_chunks::<64>().0)) {
        let [mut a, mut b] = [*symbols, *low];
        for i in 0..64 {
            let first = a[i] & 0xaa | b[i] >> 1 & 0x55;
            b[i] = a[i] << 1 & 0xaa | b[i] & 0x55;
            a[i] = first;
        }
        *to = [a, b];
    }
}

/// Of eight bytes the top bits are two symbols; seven have the lower bits of the eighth in their place.
#[inline(always)]
fn tops_of_fours(bytes: &[u8], symbols: &mut [u8], low: &mut [u8]) {
    let symbols = symbols.as_chunks_mut::<64>().0.as_chunks_mut::<2>().0;
    let low = low.as_chunks_mut::<64>().0.as_chunks_mut::<7>().0;
    let to = symbols.iter_mut().zip(low);
    for (bytes, (symbols, low)) in bytes.as_chunks::<512>().0.iter().zip(to) {
        let all = runs::<8>(bytes);
        for (half, to) in all.as_chunks::<4>().0.iter().zip(symbols) {
            let [a, b, c, d] = half;
            for i in 0..64 {
                to[i] = a[i] >> 7 << 3 | b[i] >> 7 << 2 | c[i] >> 7 << 1 | d[i] >> 7;
            }
        }
        let [own @ .., last] = all;
        for (place, (own, to)) in own.iter().zip(low).enumerate() {
            for i in 0..64 {
                to[i] = own[i] & 0x7f | last[i] << (7 - place) & 0x80;
            }
        }
    }
}

#[inline(always)]
fn tops_of_fours_back(symbols: &[u8], low: &[u8], bytes: &mut [u8]) {
    let to = bytes.as_chunks_mut::<64>().0.as_chunks_mut::<8>().0;
    let from = symbols.as_chunks::<128>().0.iter();
    for (to, (symbols, low)) in to.iter_mut().zip(from.zip(low.as_chunks::<448>().0)) {
        let (symbols, low) = (runs::<2>(symbols), runs::<7>(low));
        let mut last = [0; 64];
        for (place, own) in low.iter().enumerate() {
            for i in 0..64 {
                last[i] |= (own[i] & 0x80) >> (7 - place);
                to[place][i] = own[i] & 0x7f | symbols[place / 4][i] << (4 + place % 4) & 0x80;
            }
        }
        for i in 0..64 {
            last[i] |= symbols[1][i] << 7;
        }
        to[7] = last;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back() {
        let mut bytes = vec![0; 1700];
        blake3::Hasher::new().finalize_xof().fill(&mut bytes);
        for code in 0..8 {
            let shape = Shape::from_code(code).unwrap();
            for len in [0, 3, 64, 255, 256, 1700] {
                let bytes = &bytes[..len];
                let mut symbols = vec![0; shape.symbols_len(len)];
                let mut low = vec![0; shape.low_len(len)];
                shape.split(bytes, &mut symbols, &mut low);
                let mut back = vec![0; len];
                shape.merge(&symbols, &low, &mut back);
                assert!(back == bytes, "{shape:?} {len}");
            }
        }
        assert_eq!(Shape::from_code(8), None);
    }
}
