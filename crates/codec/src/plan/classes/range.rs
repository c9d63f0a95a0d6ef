//! Which numbers get a symbol: how many bits of the mantissa, and from which base on.

use super::split::{ESCAPE, Split, Word, for_word};
use crate::Dtype;

/// Elements that are looked at.
const SAMPLE: usize = 1 << 13;
/// Of so many elements one may escape at either end.
const RARE: usize = 4000;
/// A bit of the mantissa is given up when more than one of so many escapes.
const OFTEN: usize = 64;

/// The kept bits of the mantissa and the split; nothing for a dtype that has none.
pub(super) fn choose(dtype: Dtype, raw: &[u8]) -> Option<(u32, Split)> {
    let most = Split::most_kept(dtype)?;
    let finest = Split::new(dtype, most, 0)?;
    if finest.is_narrow() {
        return Some((most, finest));
    }
    let counts = counts(finest, raw);
    let (mut kept, mut last) = (most, finest);
    for less in 0..=most {
        let Some((base, escaped)) = window(&coarser(&counts, less)) else {
            continue;
        };
        kept = most - less;
        last = Split::new(dtype, kept, base)?;
        if escaped * OFTEN <= raw.len().div_ceil(finest.width).min(SAMPLE) {
            break;
        }
    }
    Some((kept, last))
}

/// How often each value of the bits between sign and raw bits occurs in a sample.
fn counts(split: Split, raw: &[u8]) -> Vec<u32> {
    let mut counts = vec![0; usize::from(split.mask()) + 1];
    for_word!(split.width, count(split, raw, &mut counts));
    counts
}

fn count<W: Word<N>, const N: usize>(split: Split, raw: &[u8], counts: &mut [u32]) {
    let elements = raw.as_chunks::<N>().0;
    let step = elements.len().div_ceil(SAMPLE).max(1);
    for element in elements.iter().step_by(step) {
        counts[usize::from(W::get(*element).down(split.low) & split.mask())] += 1;
    }
}

/// The counts when so many bits less are kept.
fn coarser(counts: &[u32], less: u32) -> Vec<u32> {
    counts
        .chunks(1 << less)
        .map(|values| values.iter().sum())
        .collect()
}

/// The base of the symbols' window, and how many escape it: what is rarest at the lower end, where a
/// table would have to give each symbol more than it is worth, and what is far from the others.
fn window(counts: &[u32]) -> Option<(u16, usize)> {
    let wide = usize::from(ESCAPE) - 1;
    let last_base = counts.len().checked_sub(wide + 2)?;
    // Zero has its symbol anyway.
    let all: usize = counts[1..].iter().map(|count| *count as usize).sum();
    let (mut base, mut covered, mut inside) = (0, 0, 0);
    for (end, count) in counts[..=last_base + wide].iter().enumerate().skip(1) {
        inside += *count as usize;
        if end > wide {
            inside -= counts[end - wide] as usize;
        }
        if end >= wide && inside >= covered {
            (base, covered) = (end - wide, inside);
        }
    }
    // Moved up as long as that loses little.
    let mut lost = 0;
    while base < last_base {
        lost += counts[base + 1] as usize;
        if lost * RARE > all {
            break;
        }
        base += 1;
    }
    Some((base as u16, all - covered))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_holds_most() {
        let mut counts = vec![0; 1024];
        assert!(window(&counts).is_some());
        for (i, count) in counts[400..480].iter_mut().enumerate() {
            *count = 100 * i as u32 + 1000;
        }
        counts[0] = 1_000_000;
        let (base, escaped) = window(&counts).unwrap();
        assert_eq!(escaped, 0);
        assert!((350..=400).contains(&base) || base == 399);
        counts[900] = 7;
        assert_eq!(window(&counts).unwrap().1, 7);
        assert_eq!(window(&[0; 100]), None);
    }

    #[test]
    fn wide_numbers_give_up_mantissa() {
        let near: Vec<u8> = (1..5000u32)
            .flat_map(|i| (i as f32).sqrt().to_le_bytes())
            .collect();
        assert_eq!(choose(Dtype::F32, &near).unwrap().0, 2);
        let far: Vec<u8> = (1..5000i32)
            .flat_map(|i| 2f32.powi(i % 60 - 60).to_le_bytes())
            .collect();
        assert_eq!(choose(Dtype::F32, &far).unwrap().0, 1);
        let all: Vec<u8> = (1..5000i32)
            .flat_map(|i| 2f32.powi(i % 250 - 125).to_le_bytes())
            .collect();
        assert_eq!(choose(Dtype::F32, &all).unwrap().0, 0);
        assert_eq!(choose(Dtype::F8E4M3, &all).unwrap().0, 3);
        assert_eq!(choose(Dtype::U16, &all), None);
    }
}
