//! Finding the tables and the contexts that suit a chunk.

use super::Blocks;
use super::groups::Groups;
use super::kind::{Fields, Kind};
use super::marks::{Marks, Places};
use super::place::Place;
use super::sample::Sample;
use super::scales::Mode;
use super::set::Set;
use super::words::{self, Symbols, Words};
use crate::coder::rans::{Tables, count};
use crate::header::Facts;

/// Bits of the tables of groups' scales.
const SUB_BITS: u32 = 12;

/// What encoding needs to know of a chunk's blocks beside their quants, as fitting found it: none of a plan that was
/// read.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub groups: Groups,
    /// Where marks are, and the contexts of that.
    pub places: Places,
    pub columns: Vec<u8>,
    pub symbols: [Symbols; 2],
    pub subs: [Vec<u8>; 2],
    pub sub_contexts: Vec<u8>,
}

impl Blocks {
    /// The plan for a chunk, where its blocks are known.
    pub(crate) fn fit(raw: &[u8], facts: &Facts) -> Option<Blocks> {
        let kind = Kind::of(facts.hint.dtype)?;
        let place = Place::new(&kind, facts.hint.row, facts.hint.offset);
        let mut sample = Sample::take(raw, facts, &kind, &place);
        if sample.params.halves[0].is_empty() {
            return None;
        }
        let grid = sample.grid(&kind, &place);
        let ends = sample.marks(&kind);
        let (counts, places) = sample.count_all(&kind, &place, &grid, ends);
        let mut len = (counts.cost(1.0) / 8.0) as usize;
        let written = Tables::new(table_bits(&kind), &counts.by_context());
        let (marks, columns) = Marks::fit(&places[..ends.len()], &place, &mut len);
        let (mut params, groups) = (sample.params, sample.groups);
        let mode = mode(&kind, &mut params);
        let (classes, halves, symbols) = halves(&kind, &place, &params.halves, mode, &mut len);
        let (subs, sub_contexts) = sub_tables(&kind, &params.subs, &mut len);
        Some(Blocks {
            kind,
            place,
            mode,
            classes,
            halves,
            subs,
            grid,
            marks,
            quants: Set::new(written.clone()),
            written,
            known: Known {
                groups,
                places,
                columns,
                symbols,
                subs: params.subs,
                sub_contexts,
            },
            expected_len: len,
        })
    }
}

/// The classes of a row's blocks, the tables of all halves, and their symbols.
fn halves(
    kind: &Kind,
    place: &Place,
    halves: &[Vec<u16>; 2],
    mode: Mode,
    len: &mut usize,
) -> (Vec<u8>, Vec<Words>, [Symbols; 2]) {
    let (mut all, mut symbols): (Vec<Words>, [Symbols; 2]) = Default::default();
    let (mut classes, mut before) = (Vec::new(), Vec::new());
    for (i, half) in halves[..kind.halves].iter().enumerate() {
        let split = words::split(half, mode);
        if i == 0 {
            classes = scale_classes(kind, place, &split.high);
            super::fill_classes(&classes, kind, place, 0, half.len(), &mut before);
        } else {
            before.clone_from(&symbols[i - 1].high);
        }
        let (words, own, words_len) = Words::fit(split, &before);
        *len += words_len;
        all.push(words);
        symbols[i] = own;
    }
    (classes, all, symbols)
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

/// For each block of a row, the class of its scale's upper symbols, where there are enough rows to pay for them.
fn scale_classes(kind: &Kind, place: &Place, high: &[u8]) -> Vec<u8> {
    const ROWS: usize = 64;
    let columns = place.row() / kind.groups();
    if columns < 2 || columns > high.len() / ROWS {
        return Vec::new();
    }
    let mut sums = vec![(0u32, 0u32); columns];
    let (mut rest, mut column) = (high, place.column(0) / kind.groups());
    while !rest.is_empty() {
        let (row, after) = rest.split_at(rest.len().min(columns - column));
        for ((sum, number), symbol) in sums[column..].iter_mut().zip(row) {
            *sum += u32::from(*symbol);
            *number += 1;
        }
        (rest, column) = (after, 0);
    }
    let means = sums
        .iter()
        .map(|(sum, number)| *sum as f32 / f32::max(*number as f32, 1.0));
    let least = means.clone().fold(f32::MAX, f32::min);
    let most = means.clone().fold(0.0, f32::max);
    let step = ((most - least) / 15.0).max(0.125);
    means
        .map(|mean| ((mean - least) / step).round() as u8)
        .collect()
}

/// Tables of the groups' scales and minimums, and the contexts of the latter; `len` grows by about what all take.
fn sub_tables(kind: &Kind, subs: &[Vec<u8>; 2], len: &mut usize) -> (Vec<Set>, Vec<u8>) {
    let mut contexts = Vec::new();
    let mut sets = Vec::new();
    for sub in &subs[..kind.subs] {
        let number = if contexts.is_empty() { 1 } else { 16 };
        let counts = count(sub, &contexts, number);
        let tables = Tables::new(SUB_BITS, &counts);
        *len += tables.encoded_len(&counts) + tables.written_len();
        sets.push(Set::new(tables));
        if sets.len() < kind.subs {
            super::fill_sub_contexts(sub, &mut contexts);
        }
    }
    (sets, contexts)
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
