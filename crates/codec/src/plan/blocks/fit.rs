//! Finding the tables and the contexts that suit a chunk.

use super::Blocks;
use super::grid::{Axis, Columns, Grid};
use super::groups::Groups;
use super::kind::{Fields, Kind};
use super::marks::{self, Marks, Places};
use super::place::Place;
use super::sample::Sample;
use super::scales::Mode;
use super::set::Set;
use super::shared::TWOS_BITS;
use super::twos::Twos;
use super::words::{self, Symbols, Words};
use crate::coder::rans::{MAX_CONTEXTS, Tables, count};
use crate::header::Facts;

/// Bits of the tables of groups' scales.
const SUB_BITS: u32 = 12;

/// The most contexts of symbols of two quants, whose tables are large; and where there are such of one quant, too.
const TWOS_CONTEXTS: usize = 16;
const SINGLE_CONTEXTS: usize = 8;

/// What encoding needs to know of a chunk's blocks beside their quants, as fitting found it: none of a plan that was
/// read.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub groups: Groups,
    /// Where marks are, and the contexts of that; not where quants are taken by twos.
    pub places: Places,
    pub columns: Vec<u8>,
    pub symbols: [Symbols; 2],
    /// Bits of the scales that are told elsewhere, if there are such.
    pub lent: Vec<u8>,
    pub subs: [Vec<u8>; 2],
    pub sub_contexts: Vec<u8>,
}

/// How quants are coded.
struct Choice {
    twos: Option<Twos>,
    grid: Grid,
    marks: Marks,
    /// Of all groups, and their contexts, or none.
    places: Places,
    columns: Vec<u8>,
    written: Tables,
    quants: Tables,
    /// About how many bytes they take.
    len: usize,
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
        let Choice {
            twos,
            grid,
            marks,
            places,
            columns,
            written,
            quants,
            mut len,
        } = choose(&mut sample, &kind, &place);
        let (mut params, groups) = (sample.params, sample.groups);
        let mode = mode(&kind, &mut params);
        let lent = twos.map_or(0, |twos| twos.lent());
        let halves = halves(&kind, &place, &params.halves, mode, lent, &mut len);
        let (subs, sub_contexts) = sub_tables(&kind, &params.subs, &mut len);
        Some(Blocks {
            kind,
            place,
            mode,
            classes: halves.classes,
            halves: halves.words,
            subs,
            grid,
            marks,
            quants: Set::new(quants),
            written,
            twos,
            known: Known {
                groups,
                places,
                columns,
                symbols: halves.symbols,
                lent: halves.lent,
                subs: params.subs,
                sub_contexts,
            },
            expected_len: len,
        })
    }
}

fn choose(sample: &mut Sample<'_>, kind: &Kind, place: &Place) -> Choice {
    let columns = sample.look(kind, place);
    let ends = sample.marks(kind);
    let by_twos = Twos::of(kind, ends.len())
        .filter(|_| columns.logs.is_empty() || kind.bits == 8)
        .and_then(|twos| by_twos(sample, kind, place, twos, &columns));
    if let Some(choice) = by_twos {
        return choice;
    }
    // The sample may be of twos by now.
    let columns = sample.look(kind, place);
    let most = MAX_CONTEXTS - marks::MOST;
    let grid = sample.grid(kind, place, columns, kind.bits, most);
    let (counts, places) = sample.count_all(kind, place, &grid, ends);
    let mut len = (counts.cost(1.0) / 8.0) as usize;
    let mut columns = Vec::new();
    if marks::columns(place) > 1 && !ends.is_empty() {
        marks::fill_columns(place, 0, sample.groups.number, &mut columns);
    }
    let marks = Marks::fit(&places[..ends.len()], &columns, place, 1.0, &mut len);
    let written = Tables::new(table_bits(kind), &counts.by_context());
    Choice {
        twos: None,
        grid,
        marks,
        places,
        columns,
        quants: written.clone(),
        written,
        len,
    }
}

/// Symbols of two quants, where those are worth it.
fn by_twos(
    sample: &mut Sample<'_>,
    kind: &Kind,
    place: &Place,
    twos: Twos,
    columns: &Columns,
) -> Option<Choice> {
    if twos.low_len() > 0 && !sample.is_smooth(&twos) {
        return None;
    }
    let columns = Columns {
        logs: Vec::new(),
        ..columns.clone()
    };
    let shifts = Grid {
        zero: Axis::ONE,
        ratio: Axis::ONE,
        columns,
    };
    let (places, by_column) = sample.keep(kind, place, &twos, &shifts);
    let most = match twos.has_single() {
        true => SINGLE_CONTEXTS,
        false => TWOS_CONTEXTS,
    };
    let grid = sample.grid(kind, place, shifts.columns, 4, most);
    let counts = sample.count_sample(4, &grid).all_occur();
    let written = Tables::new(TWOS_BITS, &counts.by_context());
    let quants = written
        .pairs_and(twos.has_single())
        .filter(Tables::encode)?;
    let times = sample.times();
    let mut len = (counts.cost(times) / 8.0) as usize;
    len += sample.groups.number * twos.low_len();
    let marks = &places[..twos.ends().len()];
    let columns = match marks::columns(place) {
        1 => &[],
        _ => by_column.as_slice(),
    };
    // Of a whole chunk, too, others may be in no sample's stead.
    let marks = Marks::fit(
        marks,
        columns,
        place,
        times.max(1.0 + f64::EPSILON),
        &mut len,
    );
    Some(Choice {
        twos: Some(twos),
        grid,
        marks,
        places: Places::default(),
        columns: Vec::new(),
        written,
        quants,
        len,
    })
}

/// How halves are coded.
#[derive(Default)]
struct Halves {
    /// The classes of a row's blocks.
    classes: Vec<u8>,
    words: Vec<Words>,
    symbols: [Symbols; 2],
    lent: Vec<u8>,
}

/// The tables of all halves, and their symbols; so many bits of the scales are told elsewhere.
fn halves(
    kind: &Kind,
    place: &Place,
    halves: &[Vec<u16>; 2],
    mode: Mode,
    lent: u32,
    len: &mut usize,
) -> Halves {
    let mut all = Halves::default();
    let mut before = Vec::new();
    for (i, half) in halves[..kind.halves].iter().enumerate() {
        let split = words::split(half, mode);
        let mut own_lent = 0;
        if i == 0 {
            all.classes = scale_classes(kind, place, &split.high);
            super::fill_classes(&all.classes, kind, place, 0, half.len(), &mut before);
            if lent > 0 {
                let own = split.low.iter().map(|low| low >> 1 & ((1 << lent) - 1));
                all.lent.extend(own);
            }
            own_lent = lent;
        } else {
            before.clone_from(&all.symbols[i - 1].high);
        }
        let (words, own, words_len) = Words::fit(split, &before, own_lent);
        *len += words_len;
        all.words.push(words);
        all.symbols[i] = own;
    }
    all
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
