//! Which values get codes, and how long those are.

use super::code::Code;
use super::spec::{Shape, Spec};
use super::{COUNT_LEN, MAX_RAW, ROW, ROW_BYTES};
use crate::coder::histogram::{entropy, kinds};
use crate::coder::huffman::lengths;

/// A level costs about as much as it takes to code so many of its symbols apart: one of these is
/// reached by more.
const WORTH_A_LEVEL: u64 = 15;
/// The same for quants' symbols, of which there are fewer than bytes that are only copied.
const WORTH_A_LEVEL_OF_SYMBOLS: u64 = 60;
/// Of what is coded apart there is little.
const WORTH_A_LEVEL_WITHIN: u64 = 200;
/// Bytes that literals take beside their own bits, and for each of their values.
const AROUND_LITERALS: usize = 20;
const BYTES_A_LITERAL: f64 = 0.5;

/// Bits of a literal that none was like, at least: the code of literals is not made for it.
pub(super) const UNSEEN: f64 = 5.5;

/// A code, and about what it makes of a plane.
pub(crate) struct Fit {
    spec: Spec,
    shape: Shape,
    head: Vec<u8>,
    /// Bits of a literal.
    literal: f64,
    /// By value, whether it was not seen.
    unseen: [bool; 256],
    /// Bits of a symbol, the raw ones and those of literals included.
    pub bits: f64,
    /// Bytes beside them.
    pub around: f64,
}

impl Fit {
    /// The code, for writers.
    pub(crate) fn code(self) -> Code {
        Code::new(
            &self.spec,
            self.shape,
            self.head,
            self.literal,
            &self.unseen,
        )
    }

    /// About how many bytes a plane takes.
    pub(crate) fn len(&self, plane_len: usize) -> usize {
        (self.bits * plane_len as f64 / 8.0 + self.around) as usize
    }
}

/// The code for values that occur about as often as `counts` says, which need not have all of them. Bits of a
/// byte that are in `raw` must be 0 in all.
pub(crate) fn fit(counts: &[u32; 256], raw: u8) -> Option<Fit> {
    fit_by(counts, raw, WORTH_A_LEVEL, Shape::of)
}

/// The same for quants' symbols, of which less is coded apart.
pub(crate) fn fit_symbols(counts: &[u32; 256], raw: u8) -> Option<Fit> {
    fit_by(counts, raw, WORTH_A_LEVEL_OF_SYMBOLS, Shape::of)
}

/// The code for what another codes apart.
pub(super) fn fit_within(counts: &[u32; 256]) -> Option<Fit> {
    fit_by(counts, 0, WORTH_A_LEVEL_WITHIN, |spec| {
        Shape::of(spec).dense()
    })
}

fn fit_by(
    counts: &[u32; 256],
    raw: u8,
    worth_a_level: u64,
    shape: impl Fn(&Spec) -> Shape,
) -> Option<Fit> {
    if raw.count_ones() as usize > MAX_RAW {
        return None;
    }
    let most = Spec::most(raw);
    let total: u64 = counts.iter().map(|count| u64::from(*count)).sum();
    let least = least(counts, total, most, worth_a_level);
    let mut kept = counts.map(|count| if count >= least { count } else { 0 });
    while kinds(&kept) >= 1 << most {
        // All but one code at most, as there is an escape.
        let rarest = (0..256).filter(|value| kept[*value] > 0);
        kept[rarest.min_by_key(|value| kept[*value])?] = 0;
    }
    let escaped: [u32; 256] = std::array::from_fn(|value| counts[value] - kept[value]);
    let escapes: u32 = escaped.iter().sum();
    if kept.iter().all(|count| *count == 0) {
        return None;
    }
    // A value that is not kept stands for the escape.
    let stand_in = kept.iter().position(|count| *count == 0)?;
    kept[stand_in] = escapes.max(1);
    let mut lengths = lengths::limited(&kept, most);
    let escape = std::mem::take(&mut lengths[stand_in]);
    kept[stand_in] = 0;
    let spec = Spec {
        raw,
        escape,
        lengths,
    };
    let coded: u64 = kept
        .iter()
        .zip(&spec.lengths)
        .map(|(&count, &len)| u64::from(count) * u64::from(len))
        .sum();
    let coded = coded + u64::from(escapes) * u64::from(escape);
    let literal = match escapes {
        0 => 0.0,
        _ => entropy(&escaped),
    };
    let coded = coded as f64 + literal * f64::from(escapes);
    let bits = coded / total as f64 + f64::from(raw.count_ones());
    let kinds = kinds(&escaped);
    let shape = shape(&spec);
    let mut head = Vec::new();
    spec.write(&mut head);
    let around = around(head.len(), &shape, kinds);
    Some(Fit {
        spec,
        shape,
        head,
        literal: if escapes == 0 { 8.0 } else { literal },
        unseen: counts.map(|count| count == 0),
        bits,
        around,
    })
}

/// The least count of a value that gets a code.
fn least(counts: &[u32; 256], total: u64, most: u32, worth_a_level: u64) -> u32 {
    // A code of n bits is for what comes once in 2^n symbols, give or take half a bit.
    let bound = |levels: u32| ((total as f64 * 0.7 / f64::from(1u32 << levels)) as u32).max(1);
    let beyond = |levels: &u32| {
        let bound = bound(*levels);
        let rare = counts.iter().filter(|count| **count < bound);
        rare.map(|count| u64::from(*count)).sum::<u64>() * worth_a_level <= total
    };
    bound((1..most).find(beyond).unwrap_or(most))
}

/// What a payload has beside bits.
fn around(head_len: usize, shape: &Shape, literals: usize) -> f64 {
    let deeper = shape.levels - shape.whole;
    // Rows are whole, and strings are filled up to a byte.
    let rows = (shape.raw + shape.whole) * ROW_BYTES * 8 / ROW;
    let literals = match literals {
        0 => 0.0,
        kinds => AROUND_LITERALS as f64 + BYTES_A_LITERAL * kinds as f64,
    };
    literals + (head_len + COUNT_LEN * (deeper + 1) + 1 + deeper / 2 + rows) as f64
}
