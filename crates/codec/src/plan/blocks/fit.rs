//! Finding the tables and the contexts that suit a chunk.

use super::Blocks;
use super::kind::{Fields, Kind};
use super::marks::Marks;
use super::place::Place;
use super::sample::{Choice, Sample};
use super::scales::Mode;
use super::set::Set;
use super::words::{self, Words};
use crate::coder::rans::{Tables, count};
use crate::header::Facts;

/// Bits of the tables of groups' scales.
const SUB_BITS: u32 = 12;
impl Blocks {
    /// The plan for a chunk, where its blocks are known.
    pub(crate) fn fit(raw: &[u8], facts: &Facts) -> Option<Blocks> {
        let kind = Kind::of(facts.hint.dtype)?;
        let place = Place::new(&kind, facts.hint.row, facts.hint.offset);
        let sample = Sample::take(raw, facts, &kind, &place);
        if sample.params.halves[0].is_empty() {
            return None;
        }
        let mut params = sample.params.clone();
        let mode = mode(&kind, &mut params);
        let mut halves: Vec<Words> = Vec::new();
        let (mut before, mut len) = (Vec::new(), 0);
        let classes = scale_classes(&kind, &place, &params.halves[0], mode);
        let blocks = params.halves[0].len();
        super::fill_classes(&classes, &kind, &place, 0, blocks, &mut before);
        for half in &params.halves[..kind.halves] {
            let (words, high, words_len) = Words::fit(half, &before, mode);
            len += words_len;
            halves.push(words);
            before = high;
        }
        let subs = sub_tables(&kind, &params.subs, &mut len);
        let Choice { bits, grid } = sample.grid(&kind, &place);
        let (bits, ends) = sample.marks(&kind, &place, &grid, bits);
        let (counts, places) = sample.count_all(&kind, &place, &grid, ends);
        let mut places_len = 0;
        let marks = Marks::fit(&places, &place, &mut places_len);
        let written = Tables::new(table_bits(&kind), &counts);
        let quants = written.clone();
        len += (bits / 8.0) as usize;
        Some(Blocks {
            kind,
            place,
            mode,
            classes,
            halves,
            subs,
            grid,
            marks,
            written,
            quants: Set::new(quants),
            expected_len: len,
        })
    }
}

/// What the halves were made from, if all of them were; puts that in their place.
fn mode(kind: &Kind, params: &mut Fields) -> Mode {
    let halves = params.halves.clone();
    super::make(kind.mode, &mut params.halves);
    let origins = params.halves.clone();
    super::undo(kind.mode, &mut params.halves);
    if params.halves == halves {
        params.halves = origins;
        return kind.mode;
    }
    params.halves = halves;
    Mode::Plain
}

/// For each block of a row, the class of its scales, where there are enough rows to pay for them.
fn scale_classes(kind: &Kind, place: &Place, scales: &[u16], mode: Mode) -> Vec<u8> {
    const ROWS: usize = 64;
    let columns = place.row() / kind.groups();
    if columns < 2 || columns > scales.len() / ROWS {
        return Vec::new();
    }
    let (_, _, high) = words::upper(scales, mode);
    let mut sums = vec![(0.0, 0.0); columns];
    let mut column = place.column(0) / kind.groups();
    for symbol in &high {
        let (sum, number) = &mut sums[column];
        *sum += f32::from(*symbol);
        *number += 1.0;
        column = (column + 1) % columns;
    }
    let means = sums
        .iter()
        .map(|(sum, number)| sum / f32::max(*number, 1.0));
    let least = means.clone().fold(f32::MAX, f32::min);
    let most = means.clone().fold(0.0, f32::max);
    let step = ((most - least) / 15.0).max(0.125);
    means
        .map(|mean| ((mean - least) / step).round() as u8)
        .collect()
}

/// Tables of the groups' scales and minimums; `len` grows by about what all take.
fn sub_tables(kind: &Kind, subs: &[Vec<u8>; 2], len: &mut usize) -> Vec<Set> {
    let mut contexts = Vec::new();
    let mut sets = Vec::new();
    for sub in &subs[..kind.subs] {
        let number = if contexts.is_empty() { 1 } else { 16 };
        let counts = count(sub, &contexts, number);
        let tables = Tables::new(SUB_BITS, &counts);
        *len += tables.encoded_len(&counts) + tables.written_len();
        sets.push(Set::new(tables));
        super::fill_sub_contexts(sub, &mut contexts);
    }
    sets
}

/// Bits of the quants' tables: as few as will do, so that what the decoder needs stays in the cache. More would cost
/// more in the header than they gain.
fn table_bits(kind: &Kind) -> u32 {
    match kind.bits {
        ..6 => 9,
        6 => 10,
        _ => 11,
    }
}
