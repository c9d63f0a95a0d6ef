//! The plan of blocks where speed counts: upper bits as symbols, contexts of one kind and no columns, all
//! from a sample. What the sample lacks has shares too, so that no frame is left out.

use super::Blocks;
use super::fit::{mode, sub_tables};
use super::grid::{Axis, Columns, Grid, Place};
use super::kind::{Fields, Form, Kind};
use super::pack::unpack_halves;
use super::sample::Sample;
use super::scales::Mode;
use super::set::Set;
use super::shared::symbol_tables;
use super::words::{Range, Words};
use crate::coder::rans::Tables;
use crate::header::Facts;

/// Of a frame's blocks, the part that is looked at.
const PART: usize = 16;
/// The least blocks of a frame that are, if there are as many.
const LEAST: usize = 64;
/// The most contexts of symbols.
const CONTEXTS: u8 = 8;
/// Bits of the parts' tables.
const BITS: u32 = 12;

/// The plan for a chunk, if it has any block.
pub(super) fn fit(kind: Kind, place: Place, raw: &[u8], facts: &Facts) -> Option<Blocks> {
    let part = |blocks: usize| (blocks / PART).max(LEAST).min(blocks);
    let mut sample = Sample::take(raw, facts, &kind, &place, part);
    let blocks = sample.params.halves[0].len();
    if blocks == 0 {
        return None;
    }
    let found = mode(&kind, &mut sample.params);
    let (mode, ranges) = survey(found, &kind, raw, facts);
    if mode != found {
        found.inverse(&mut sample.params);
    }
    let (mut halves, mut before, mut len) = (Vec::new(), None, 0);
    let pairs = sample.params.halves[..kind.halves].iter().zip(ranges);
    for (half, range) in pairs {
        let (words, high, words_len) = Words::fit_within(half, range, before.take(), mode);
        len += words_len;
        before = Some((high, words.most(range)));
        halves.push(words);
    }
    let subs = sub_tables(&kind, &sample.params.subs, true, &mut len);
    let grid = contexts(&kind, &place, &sample);
    let counts = parts(&kind, sample.count(&kind, &place, &grid));
    let written = Tables::new(BITS, &counts);
    let quants = symbol_tables(&kind, &written).filter(Tables::can_encode)?;
    len += written.encoded_len(&counts) / usize::from(WEIGHT as u16) + blocks * kind.low;
    let mut plan = Blocks {
        kind,
        place,
        mode,
        classes: Vec::new(),
        halves,
        subs,
        grid,
        written,
        quants: Set::new(quants),
        expected_len: 0,
    };
    let mut shared = Vec::new();
    plan.write_shared(&mut shared);
    // Tables are there once, whatever part is looked at.
    let coded = len.saturating_sub(shared.len());
    plan.expected_len = coded * (raw.len() / kind.unit) / blocks + shared.len();
    Some(plan)
}

/// Contexts by the zero, where groups have one, and by the scale where not.
fn contexts(kind: &Kind, place: &Place, sample: &Sample) -> Grid {
    let mut grid = Grid {
        zero: Axis::ONE,
        ratio: Axis::ONE,
        columns: Columns::default(),
    };
    if kind.halves == 2 {
        grid.zero = sample.zero_axis(kind, place, &grid, CONTEXTS);
    } else {
        grid.ratio = sample.ratio_axis(&[], CONTEXTS);
    }
    grid
}

/// What a symbol of the sample counts for, beside one that it may lack.
pub(super) const WEIGHT: u32 = 16;

/// Bits of the tables of so many symbols: as few as will do, since there are as many tables as contexts,
/// and all should stay in the cache.
pub(super) fn sample_bits(symbols: usize) -> u32 {
    if symbols <= 64 { 10 } else { 12 }
}

/// Counts of a sample, with which each of so many symbols has some.
pub(super) fn of_sample(counts: &mut [[u32; 256]], symbols: usize) {
    for count in counts.iter_mut().flat_map(|own| &mut own[..symbols]) {
        *count = *count * WEIGHT + 1;
    }
}

/// From counts of symbols to those of their parts.
fn parts(kind: &Kind, counts: Vec<[u32; 256]>) -> Vec<[u32; 256]> {
    let bits = kind.part_bits();
    debug_assert!(kind.form == Form::Upper);
    let of_parts = |own: [u32; 256]| {
        let mut parts = [0; 256];
        for (symbol, count) in own.iter().enumerate() {
            for shift in (0..8).step_by(bits as usize) {
                parts[symbol >> shift & ((1 << bits) - 1)] += count;
            }
        }
        parts
    };
    let mut counts: Vec<_> = counts.into_iter().map(of_parts).collect();
    of_sample(&mut counts, 1 << bits);
    counts
}

/// Whether all halves were made in a way that a sample suggests, or else plainly, and their ranges then.
fn survey(mode: Mode, kind: &Kind, raw: &[u8], facts: &Facts) -> (Mode, [Range; 2]) {
    let mut fields = Fields::default();
    let mut ranges = [Range::default(); 2];
    for frame in 0..facts.frames() {
        let core = &raw[facts.frame_range(frame)][facts.core(frame)];
        unpack_halves(kind, core, &mut fields);
        if mode != Mode::Plain && self::mode(kind, &mut fields) != mode {
            return survey(Mode::Plain, kind, raw, facts);
        }
        for (range, half) in ranges.iter_mut().zip(&fields.halves) {
            range.add(half);
        }
    }
    (mode, ranges)
}
