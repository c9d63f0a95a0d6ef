//! Elements to planes and back: the byte grouping.

use crate::cpu::at_best;
use crate::layout::{Layout, Part};

/// Runs an expression with a part's length as a constant, where it is a usual one.
macro_rules! for_len {
    ($len:expr, $name:ident => $known:expr, else $other:expr) => {
        for_len!(@ $len, $name, $known, $other, 1 4 8 12 16 32 64 128)
    };
    (@ $len:expr, $name:ident, $known:expr, $other:expr, $($value:literal)*) => {
        match $len {
            $($value => { const $name: usize = $value; $known })*
            _ => $other,
        }
    };
}

at_best! {
    /// Splits whole elements into planes, one after the other in `out`, which has the same length.
    pub(crate) fn split(layout: Layout, raw: &[u8], out: &mut [u8]) = split_any
}

at_best! {
    /// Puts planes back together: the inverse of [`split`].
    pub(crate) fn merge(layout: Layout, planes: &[u8], out: &mut [u8]) = merge_any
}

#[inline(always)]
fn split_any(layout: Layout, raw: &[u8], out: &mut [u8]) {
    match layout {
        Layout::Bytes(1) => out.copy_from_slice(raw),
        Layout::Bytes(2) => split_words::<2>(raw, out, |word| word),
        Layout::Bytes(4) => split_words::<4>(raw, out, |word| word),
        Layout::Bytes(_) => split_words::<8>(raw, out, |word| word),
        Layout::Bf16 => split_words::<2>(raw, out, |[low, high]| sign_down(low, high)),
        Layout::F32 => split_words::<4>(raw, out, |[a, b, low, high]| {
            let [low, high] = sign_down(low, high);
            [a, b, low, high]
        }),
        Layout::F64 => split_words::<8>(raw, out, |[a, b, c, d, e, f, low, high]| {
            let [low, high] = nibbles_apart(low, high);
            [a, b, c, d, e, f, low, high]
        }),
        Layout::Blocks(parts) => split_blocks(parts, raw, out),
    }
}

#[inline(always)]
fn merge_any(layout: Layout, planes: &[u8], out: &mut [u8]) {
    match layout {
        Layout::Bytes(1) => out.copy_from_slice(planes),
        Layout::Bytes(2) => merge_words::<2>(planes, out, |word| word),
        Layout::Bytes(4) => merge_words::<4>(planes, out, |word| word),
        Layout::Bytes(_) => merge_words::<8>(planes, out, |word| word),
        Layout::Bf16 => merge_words::<2>(planes, out, |[low, high]| sign_up(low, high)),
        Layout::F32 => merge_words::<4>(planes, out, |[a, b, low, high]| {
            let [low, high] = sign_up(low, high);
            [a, b, low, high]
        }),
        Layout::F64 => merge_words::<8>(planes, out, |[a, b, c, d, e, f, low, high]| {
            let [low, high] = nibbles_together(low, high);
            [a, b, c, d, e, f, low, high]
        }),
        Layout::Blocks(parts) => merge_blocks(parts, planes, out),
    }
}

/// The top bytes of a bf16 or a single: sign and 7 bits of mantissa, then 8 bits of exponent.
#[inline(always)]
fn sign_down(low: u8, high: u8) -> [u8; 2] {
    [(low & 0x7f) | (high & 0x80), (high << 1) | (low >> 7)]
}

#[inline(always)]
fn sign_up(low: u8, high: u8) -> [u8; 2] {
    [(low & 0x7f) | (high << 7), (high >> 1) | (low & 0x80)]
}

/// The top bytes of a double: the sign, the exponent's top 3 bits and the mantissa's top 4, which
/// change little together; then the exponent's low 8 bits.
#[inline(always)]
fn nibbles_apart(low: u8, high: u8) -> [u8; 2] {
    [(high & 0xf0) | (low & 0x0f), (high << 4) | (low >> 4)]
}

#[inline(always)]
fn nibbles_together(low: u8, high: u8) -> [u8; 2] {
    [(low & 0x0f) | (high << 4), (low & 0xf0) | (high >> 4)]
}

/// Elements that are taken at once, so that a plane's bytes are written in runs.
const TILE: usize = 64;

#[inline(always)]
fn split_words<const W: usize>(raw: &[u8], out: &mut [u8], map: impl Fn([u8; W]) -> [u8; W]) {
    let (words, _) = raw.as_chunks::<W>();
    let count = words.len();
    let mut tile = [[0u8; TILE]; W];
    for (at, words) in words.chunks(TILE).enumerate() {
        for (i, word) in words.iter().enumerate() {
            let word = map(*word);
            for plane in 0..W {
                tile[plane][i] = word[plane];
            }
        }
        for (plane, bytes) in tile.iter().enumerate() {
            let start = plane * count + at * TILE;
            out[start..start + words.len()].copy_from_slice(&bytes[..words.len()]);
        }
    }
}

#[inline(always)]
fn merge_words<const W: usize>(planes: &[u8], out: &mut [u8], map: impl Fn([u8; W]) -> [u8; W]) {
    let (words, _) = out.as_chunks_mut::<W>();
    let count = words.len();
    let mut tile = [[0u8; TILE]; W];
    for (at, words) in words.chunks_mut(TILE).enumerate() {
        for (plane, bytes) in tile.iter_mut().enumerate() {
            let start = plane * count + at * TILE;
            bytes[..words.len()].copy_from_slice(&planes[start..start + words.len()]);
        }
        for (i, word) in words.iter_mut().enumerate() {
            *word = map(std::array::from_fn(|plane| tile[plane][i]));
        }
    }
}

fn split_blocks(parts: &[Part], raw: &[u8], out: &mut [u8]) {
    let unit: usize = parts.iter().map(|part| part.len).sum();
    let count = raw.len() / unit;
    let (mut within, mut rest) = (0, out);
    for part in parts {
        let (plane, after) = rest.split_at_mut(part.len * count);
        let blocks = raw
            .chunks_exact(unit)
            .map(|block| &block[within..within + part.len]);
        for_len!(part.len, N => gather::<N>(blocks, plane), else for (to, from) in
            plane.chunks_exact_mut(part.len).zip(blocks)
        {
            to.copy_from_slice(from);
        });
        (within, rest) = (within + part.len, after);
    }
}

fn merge_blocks(parts: &[Part], planes: &[u8], out: &mut [u8]) {
    let unit: usize = parts.iter().map(|part| part.len).sum();
    let count = out.len() / unit;
    let (mut within, mut rest) = (0, planes);
    for part in parts {
        let (plane, after) = rest.split_at(part.len * count);
        let blocks = out
            .chunks_exact_mut(unit)
            .map(|block| &mut block[within..within + part.len]);
        for_len!(part.len, N => scatter::<N>(plane, blocks), else for (from, to) in
            plane.chunks_exact(part.len).zip(blocks)
        {
            to.copy_from_slice(from);
        });
        (within, rest) = (within + part.len, after);
    }
}

/// Copies runs of a length that the compiler knows, which takes no call for each.
#[inline(always)]
fn gather<'a, const N: usize>(blocks: impl Iterator<Item = &'a [u8]>, plane: &mut [u8]) {
    for (to, from) in plane.as_chunks_mut::<N>().0.iter_mut().zip(blocks) {
        to.copy_from_slice(from);
    }
}

#[inline(always)]
fn scatter<'a, const N: usize>(plane: &[u8], blocks: impl Iterator<Item = &'a mut [u8]>) {
    for (from, to) in plane.as_chunks::<N>().0.iter().zip(blocks) {
        to.copy_from_slice(from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dtype;

    #[test]
    fn merge_undoes_split() {
        for &dtype in Dtype::ALL {
            let layout = Layout::of(dtype);
            for count in [0, 1, 63, 64, 65, 300] {
                let raw: Vec<u8> = (0..count * layout.unit())
                    .map(|i| (i * 167 + i / 256) as u8)
                    .collect();
                let mut planes = vec![0; raw.len()];
                let mut back = vec![0; raw.len()];
                split(layout, &raw, &mut planes);
                merge(layout, &planes, &mut back);
                assert_eq!(back, raw, "{dtype:?} {count}");
            }
        }
    }

    #[test]
    fn every_machine_does_the_same() {
        for &dtype in Dtype::ALL {
            let layout = Layout::of(dtype);
            let raw: Vec<u8> = (0..777 * layout.unit())
                .map(|i| (i * i + i / 5) as u8)
                .collect();
            let (mut best, mut plain) = (vec![0; raw.len()], vec![0; raw.len()]);
            split(layout, &raw, &mut best);
            split_any(layout, &raw, &mut plain);
            assert_eq!(best, plain, "{dtype:?}");
            merge(layout, &raw, &mut best);
            merge_any(layout, &raw, &mut plain);
            assert_eq!(best, plain, "{dtype:?}");
        }
    }

    #[test]
    fn exponents_are_whole() {
        let mut planes = [0; 2];
        split(Layout::Bf16, &0xbf80u16.to_le_bytes(), &mut planes);
        assert_eq!(planes, [0x80, 127]);
        let mut planes = [0; 8];
        split(Layout::F64, &(-1.5f64).to_le_bytes(), &mut planes);
        assert_eq!(planes[6..], [0xb8, 0xff]);
    }
}
