//! The contexts of quants by their columns, a group of 32 at once.

use std::arch::x86_64::*;

use super::fill::{WORD, steps};
use super::{Axis, Grid};
use crate::coder::vectors::load_half;
use crate::plan::blocks::groups::Run;
use crate::plan::blocks::half::to_single;
use crate::plan::blocks::place::Place;

/// As [`Axis::class`] has them.
struct Classes {
    add: __m512i,
    shift: __m128i,
    most: __m512i,
}

impl Classes {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn new(axis: Axis) -> Classes {
        Classes {
            add: _mm512_set1_epi16(axis.add),
            shift: _mm_cvtsi32_si128(i32::from(axis.shift)),
            most: _mm512_set1_epi16(i16::from(axis.number) - 1),
        }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512bw")]
    fn of(&self, values: __m512i) -> __m512i {
        let classes = _mm512_sra_epi16(_mm512_adds_epi16(values, self.add), self.shift);
        let classes = _mm512_max_epi16(classes, _mm512_setzero_si512());
        _mm512_min_epi16(classes, self.most)
    }
}

/// The contexts of groups, the first of which is at a place of its row.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2")]
pub(super) fn fill(
    grid: &Grid,
    place: &Place,
    mut column: usize,
    groups: Run<'_>,
    out: &mut [[u8; 2 * WORD]],
) {
    let (zeros, ratios) = (Classes::new(grid.zero), Classes::new(grid.ratio));
    let number = _mm512_set1_epi16(grid.ratio.number.into());
    let (logs, means) = grid.columns.words::<2>();
    let unit = to_single(grid.columns.unit);
    for (i, out) in out.iter_mut().enumerate() {
        let zero = _mm512_set1_epi16(groups.zero.get(i).copied().unwrap_or(0));
        let zero = match means.get(column) {
            Some(means) => {
                let steps = _mm512_set1_epi16(steps(unit, groups.scale[i]));
                _mm512_add_epi16(zero, shifted(load(means), steps))
            }
            None => zero,
        };
        let start = _mm512_mullo_epi16(zeros.of(zero), number);
        let ratio = _mm512_set1_epi16(groups.ratio[i]);
        let ratio = ratios.of(_mm512_add_epi16(ratio, load(&logs[column])));
        store(_mm512_add_epi16(start, ratio), out);
        column = place.after(column);
    }
}

/// As [`Grid::shift`], of groups the first of which is at a place of its row.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2")]
pub(super) fn shift(
    grid: &Grid,
    place: &Place,
    mut column: usize,
    groups: Run<'_>,
    back: bool,
    quants: &mut [[u8; 2 * WORD]],
) {
    let (_, means) = grid.columns.words::<2>();
    let unit = to_single(grid.columns.unit);
    for (own, scale) in quants.iter_mut().zip(groups.scale) {
        let (means, steps) = (load(&means[column]), steps(unit, *scale));
        let twice = if steps.abs() <= FEW_STEPS {
            shifted_by_few(means, _mm512_set1_epi16(steps << 2))
        } else {
            shifted(means, _mm512_set1_epi16(steps))
        };
        let by = _mm512_srai_epi16::<1>(_mm512_add_epi16(twice, _mm512_set1_epi16(1)));
        let words = _mm512_cvtepu8_epi16(load_half(own));
        let words = match back {
            false => _mm512_sub_epi16(words, by),
            true => _mm512_add_epi16(words, by),
        };
        store(words, own);
        column = place.after(column);
    }
}

/// Steps of which four times as many are a word.
const FEW_STEPS: i16 = 0x1fff;

/// As [`super::fill::shifted`], by a fourth of so many steps: means are at most 500, so that 64 times as much is a word.
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn shifted_by_few(means: __m512i, steps: __m512i) -> __m512i {
    let product = _mm512_mulhi_epi16(_mm512_slli_epi16::<6>(means), steps);
    let product = _mm512_max_epi16(product, _mm512_set1_epi16(-0x1fff));
    _mm512_min_epi16(product, _mm512_set1_epi16(0x1fff))
}

/// As [`super::fill::shifted`].
#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn shifted(means: __m512i, steps: __m512i) -> __m512i {
    let high = _mm512_mulhi_epi16(means, steps);
    let low = _mm512_srli_epi16::<8>(_mm512_mullo_epi16(means, steps));
    let middle = _mm512_or_si512(_mm512_slli_epi16::<8>(high), low);
    let least = _mm512_set1_epi16(-0x1fff);
    let middle = _mm512_max_epi16(middle, least);
    let above = _mm512_cmpgt_epi16_mask(high, _mm512_set1_epi16(31));
    let below = _mm512_cmpgt_epi16_mask(_mm512_set1_epi16(-32), high);
    let cut = _mm512_mask_mov_epi16(middle, above, _mm512_set1_epi16(0x1fff));
    _mm512_mask_mov_epi16(cut, below, least)
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load(words: &[[i16; WORD]; 2]) -> __m512i {
    // SAFETY: they are 64 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_loadu_si512(words.as_ptr().cast())
    }
}

/// Words that are below 256, as bytes.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx2")]
fn store(words: __m512i, to: &mut [u8; 2 * WORD]) {
    let bytes = _mm512_cvtepi16_epi8(words);
    // SAFETY: they are 32 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm256_storeu_si256(to.as_mut_ptr().cast(), bytes);
    }
}
