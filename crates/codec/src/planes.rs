//! Elements to planes and back: the byte grouping.

#[cfg(target_arch = "x86_64")]
mod wide;
mod words;

#[cfg(target_arch = "x86_64")]
pub(crate) use wide::{Units, absorb};
use words::{Half, merge2, merge4, merge8, split2, split4, split8};

use crate::cpu::at_widest;
use crate::layout::{Layout, Part};
use crate::plan::MAX_PLANES;

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

/// Splits whole elements into planes, one after the other in `out`, which has the same length.
pub(crate) fn split(layout: Layout, raw: &[u8], out: &mut [u8]) {
    let mut rest = out;
    let mut planes: [&mut [u8]; MAX_PLANES] = Default::default();
    for (plane, to) in planes[..layout.planes()].iter_mut().enumerate() {
        *to = rest
            .split_off_mut(..layout.plane_len(plane, raw.len()))
            .unwrap_or_default();
    }
    split_to(layout, raw, &mut planes[..layout.planes()]);
}

/// Puts planes that follow each other back together: the inverse of [`split`].
pub(crate) fn merge(layout: Layout, planes: &[u8], out: &mut [u8]) {
    let mut rest = planes;
    let mut planes: [&[u8]; MAX_PLANES] = Default::default();
    for (plane, from) in planes[..layout.planes()].iter_mut().enumerate() {
        *from = rest
            .split_off(..layout.plane_len(plane, out.len()))
            .unwrap_or_default();
    }
    merge_from(layout, &planes[..layout.planes()], out);
}

at_widest! {
    /// Splits whole elements into planes, each of which has room for its share of them.
    pub(crate) fn split_to(layout: Layout, raw: &[u8], planes: &mut [&mut [u8]]) = split_any
}

at_widest! {
    /// Puts planes back together: the inverse of [`split_to`].
    pub(crate) fn merge_from(layout: Layout, planes: &[&[u8]], out: &mut [u8]) = merge_any
}

#[inline(always)]
fn split_any(layout: Layout, raw: &[u8], planes: &mut [&mut [u8]]) {
    match (layout, planes) {
        (Layout::Blocks(parts), planes) => split_blocks(parts, raw, planes),
        (_, [bytes]) => bytes.copy_from_slice(raw),
        (layout, [a, b]) => split2(top(layout), raw, [a, b]),
        (layout, [a, b, c, d]) => split4(top(layout), raw, [a, b, c, d]),
        (layout, planes) => split8(top(layout), raw, planes),
    }
}

#[inline(always)]
fn merge_any(layout: Layout, planes: &[&[u8]], out: &mut [u8]) {
    match (layout, planes) {
        (Layout::Blocks(parts), planes) => merge_blocks(parts, planes, out),
        (_, [bytes]) => out.copy_from_slice(bytes),
        (layout, &[a, b]) => merge2(top(layout), [a, b], out),
        (layout, &[a, b, c, d]) => merge4(top(layout), [a, b, c, d], out),
        (layout, planes) => merge8(top(layout), planes, out),
    }
}

/// How a layout divides an element's upper two bytes.
fn top(layout: Layout) -> Half {
    match layout {
        Layout::Bf16 | Layout::F32 => Half::Float,
        Layout::F64 => Half::Double,
        _ => Half::Bytes,
    }
}

fn split_blocks(parts: &[Part], raw: &[u8], planes: &mut [&mut [u8]]) {
    let unit: usize = parts.iter().map(|part| part.len).sum();
    let mut within = 0;
    for (part, plane) in parts.iter().zip(planes) {
        let blocks = raw
            .chunks_exact(unit)
            .map(|block| &block[within..within + part.len]);
        for_len!(part.len, N => gather::<N>(blocks, plane), else for (to, from) in
            plane.chunks_exact_mut(part.len).zip(blocks)
        {
            to.copy_from_slice(from);
        });
        within += part.len;
    }
}

fn merge_blocks(parts: &[Part], planes: &[&[u8]], out: &mut [u8]) {
    let unit: usize = parts.iter().map(|part| part.len).sum();
    let mut within = 0;
    for (part, plane) in parts.iter().zip(planes) {
        let blocks = out
            .chunks_exact_mut(unit)
            .map(|block| &mut block[within..within + part.len]);
        for_len!(part.len, N => scatter::<N>(plane, blocks), else for (from, to) in
            plane.chunks_exact(part.len).zip(blocks)
        {
            to.copy_from_slice(from);
        });
        within += part.len;
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
            let mut best = vec![0; raw.len()];
            split(layout, &raw, &mut best);
            let mut plain: Vec<Vec<u8>> = (0..layout.planes())
                .map(|plane| vec![0; layout.plane_len(plane, raw.len())])
                .collect();
            let mut to: Vec<&mut [u8]> = plain.iter_mut().map(Vec::as_mut_slice).collect();
            split_any(layout, &raw, &mut to);
            assert_eq!(best, plain.concat(), "{dtype:?}");
            merge(layout, &plain.concat(), &mut best);
            assert_eq!(best, raw, "{dtype:?}");
            let from: Vec<&[u8]> = plain.iter().map(Vec::as_slice).collect();
            best.fill(0);
            merge_any(layout, &from, &mut best);
            assert_eq!(best, raw, "{dtype:?}");
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
