//! What symbols have no room for: the bits between sign and raw bits of elements that escaped, 2 bytes each.

use super::split::{ESCAPE, Split};
use crate::Error;
#[cfg(target_arch = "x86_64")]
use crate::coder::vectors::{Wide, load_bytes};
use crate::cpu::at_best;

/// Symbols that are looked at together.
const RUN: usize = 64;

/// Finds the runs of symbols that have an escape: where they begin, and a bit for each symbol.
fn find(runs: &[[u8; RUN]], found: &mut Vec<(usize, u64)>) {
    #[cfg(target_arch = "x86_64")]
    if Wide::here().is_some() {
        // SAFETY: a `Wide` exists only where there are the features.
        #[allow(unsafe_code)]
        return unsafe { find_wide(runs, found) };
    }
    find_otherwise(runs, found);
}

at_best! {
    fn find_otherwise(runs: &[[u8; RUN]], found: &mut Vec<(usize, u64)>) = find_any
}

#[inline(always)]
fn find_any(runs: &[[u8; RUN]], found: &mut Vec<(usize, u64)>) {
    for (run, symbols) in runs.iter().enumerate() {
        // Without a branch, so that a vector holds many of them.
        let most = symbols
            .iter()
            .fold(0, |most, symbol| most.max(symbol & ESCAPE));
        if most == ESCAPE {
            let escapes = symbols.iter().enumerate().fold(0, |escapes, (i, symbol)| {
                escapes | u64::from(symbol & ESCAPE == ESCAPE) << i
            });
            found.push((run * RUN, escapes));
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw")]
fn find_wide(runs: &[[u8; RUN]], found: &mut Vec<(usize, u64)>) {
    use std::arch::x86_64::*;
    let escape = _mm512_set1_epi8(ESCAPE as i8);
    for (run, symbols) in runs.iter().enumerate() {
        let within = _mm512_and_si512(load_bytes(symbols), escape);
        let escapes = _mm512_cmpeq_epi8_mask(within, escape);
        if escapes != 0 {
            found.push((run * RUN, escapes));
        }
    }
}

/// The places of escapes among symbols.
fn places(symbols: &[u8]) -> Vec<u32> {
    let (runs, last) = symbols.as_chunks();
    let mut found = Vec::new();
    find(runs, &mut found);
    let mut run = [0; RUN];
    run[..last.len()].copy_from_slice(last);
    let rest = found.len();
    find(&[run], &mut found);
    found[rest..]
        .iter_mut()
        .for_each(|(first, _)| *first = RUN * runs.len());
    let mut places = Vec::new();
    for (first, mut escapes) in found {
        while escapes != 0 {
            places.push(first as u32 + escapes.trailing_zeros());
            escapes &= escapes - 1;
        }
    }
    places
}

/// Appends what escaped.
pub(super) fn write(split: Split, raw: &[u8], symbols: &[u8], out: &mut Vec<u8>) {
    if split.is_narrow() {
        return;
    }
    for place in places(symbols) {
        let element = &raw[place as usize * split.width..][..split.width];
        out.extend(split.within(element).to_le_bytes());
    }
}

/// Puts what escaped into elements, and must use it up.
pub(super) fn read(
    split: Split,
    escaped: &[u8],
    symbols: &[u8],
    out: &mut [u8],
) -> Result<(), Error> {
    let places = match split.is_narrow() {
        true => Vec::new(),
        false => places(symbols),
    };
    let (values, odd) = escaped.as_chunks::<2>();
    if values.len() != places.len() || !odd.is_empty() {
        return Err(Error::Malformed("escapes"));
    }
    for (place, value) in places.iter().zip(values) {
        let element = &mut out[*place as usize * split.width..][..split.width];
        put_within(split, u16::from_le_bytes(*value), element);
    }
    Ok(())
}

fn put_within(split: Split, value: u16, element: &mut [u8]) {
    let mut bytes = [0; 8];
    bytes[..element.len()].copy_from_slice(element);
    let kept = u64::from_le_bytes(bytes) & !(u64::from(split.mask()) << split.low);
    let word = kept | u64::from(value & split.mask()) << split.low;
    element.copy_from_slice(&word.to_le_bytes()[..element.len()]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_escape_is_found() {
        for len in [0, 1, 63, 64, 65, 1000] {
            let symbols: Vec<u8> = (0..len)
                .map(|i| (i * i % 256) as u8 | (i % 7) as u8)
                .collect();
            let is_escape = |i: &u32| symbols[*i as usize] & ESCAPE == ESCAPE;
            let expected: Vec<u32> = (0..len as u32).filter(is_escape).collect();
            assert_eq!(places(&symbols), expected, "{len}");
            assert_eq!(crate::cpu::plainly(|| places(&symbols)), expected, "{len}");
        }
        assert_eq!(places(&[255, 0, 127]), [0, 2]);
    }
}
