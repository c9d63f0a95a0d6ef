//! The contexts of quants by their columns, sixteen at once.

use std::arch::x86_64::*;

use super::fill::{WORD, steps};
use super::{Axis, Grid};
use crate::plan::blocks::groups::Run;
use crate::plan::blocks::half::to_single;
use crate::plan::blocks::place::Place;

/// As [`Axis::class`] has them.
struct Classes {
    add: __m256i,
    shift: __m128i,
    most: __m256i,
}

impl Classes {
    #[inline]
    #[target_feature(enable = "avx2")]
    fn new(axis: Axis) -> Classes {
        Classes {
            add: _mm256_set1_epi16(axis.add),
            shift: _mm_cvtsi32_si128(i32::from(axis.shift)),
            most: _mm256_set1_epi16(i16::from(axis.number) - 1),
        }
    }

    #[inline]
    #[target_feature(enable = "avx2")]
    fn of(&self, values: __m256i) -> __m256i {
        let classes = _mm256_sra_epi16(_mm256_adds_epi16(values, self.add), self.shift);
        let classes = _mm256_max_epi16(classes, _mm256_setzero_si256());
        _mm256_min_epi16(classes, self.most)
    }
}

/// The contexts of groups of so many words, the first of which is at a place of its row.
#[target_feature(enable = "avx2")]
pub(super) fn fill<const WORDS: usize>(
    grid: &Grid,
    place: &Place,
    mut column: usize,
    groups: Run<'_>,
    out: &mut [[[u8; WORD]; WORDS]],
) {
    let (zeros, ratios) = (Classes::new(grid.zero), Classes::new(grid.ratio));
    let number = _mm256_set1_epi16(grid.ratio.number.into());
    let (logs, means) = grid.columns.words::<WORDS>();
    let unit = to_single(grid.columns.unit);
    for (i, out) in out.iter_mut().enumerate() {
        let zero = _mm256_set1_epi16(groups.zero.get(i).copied().unwrap_or(0));
        let ratio = _mm256_set1_epi16(groups.ratio[i]);
        let own = means.get(column);
        let steps = _mm256_set1_epi16(own.map_or(0, |_| steps(unit, groups.scale[i])));
        for (j, out) in out.iter_mut().enumerate() {
            let zero = match own {
                Some(means) => _mm256_add_epi16(zero, shifted(load(&means[j]), steps)),
                None => zero,
            };
            let start = _mm256_mullo_epi16(zeros.of(zero), number);
            let ratio = ratios.of(_mm256_add_epi16(ratio, load(&logs[column][j])));
            store(_mm256_add_epi16(start, ratio), out);
        }
        column = place.after(column);
    }
}

/// As [`super::fill::shifted`].
#[inline]
#[target_feature(enable = "avx2")]
fn shifted(means: __m256i, steps: __m256i) -> __m256i {
    let high = _mm256_mulhi_epi16(means, steps);
    let low = _mm256_srli_epi16::<8>(_mm256_mullo_epi16(means, steps));
    let middle = _mm256_or_si256(_mm256_slli_epi16::<8>(high), low);
    let least = _mm256_set1_epi16(-0x1fff);
    let middle = _mm256_max_epi16(middle, least);
    let above = _mm256_cmpgt_epi16(high, _mm256_set1_epi16(31));
    let below = _mm256_cmpgt_epi16(_mm256_set1_epi16(-32), high);
    let cut = _mm256_blendv_epi8(middle, _mm256_set1_epi16(0x1fff), above);
    _mm256_blendv_epi8(cut, least, below)
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(words: &[i16; WORD]) -> __m256i {
    // SAFETY: they are 32 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm256_loadu_si256(words.as_ptr().cast())
    }
}

/// Words that are below 256, as bytes.
#[inline]
#[target_feature(enable = "avx2")]
fn store(words: __m256i, to: &mut [u8; WORD]) {
    let halves = [
        _mm256_castsi256_si128(words),
        _mm256_extracti128_si256::<1>(words),
    ];
    let bytes = _mm_packus_epi16(halves[0], halves[1]);
    // SAFETY: they are 16 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm_storeu_si128(to.as_mut_ptr().cast(), bytes);
    }
}
