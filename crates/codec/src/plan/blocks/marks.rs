//! Marked quants: a block's scale is made so that one of its quants, or one at either end, is as far out as quants go.
//! Where those are is told apart, and each has a context of its own, in which it says next to nothing; what is left in
//! the others is that further quants may be as far out.

use std::ops::Range;

use super::kind::Kind;
use super::place::Place;
use super::sample::{Counts, PLACE};
use super::set::{Part, Set};
use crate::Dtype;
use crate::Error;
use crate::coder::rans::{Decoder, MAX_CONTEXTS, Segment, Tables};
#[cfg(target_arch = "x86_64")]
use crate::coder::vectors::load_half;

/// Quants of a group that has marks, which is a block.
pub(super) const GROUP: usize = 32;
/// The most marks of a group.
pub(super) const MOST: usize = 2;
/// The place of a mark that a group does not have.
const NONE: usize = GROUP;
/// Bits of the places' tables.
const BITS: u32 = 12;

/// Where a frame's marks are, by group.
pub(super) type Places = [Vec<u8>; MOST];

/// What codes the places of marks, a set for each that groups have.
#[derive(Debug, Default)]
pub(super) struct Marks(pub Vec<Set>);

/// The quants that a mark may stand for, two at most: as far out as they go on one side, or on both.
pub(super) type Ends = [u8; 2];

impl Kind {
    /// What the marks of a group are, where a quantiser has such.
    pub(super) fn ends(&self) -> &'static [Ends] {
        match self.dtype {
            Dtype::GgmlQ4_0 | Dtype::GgmlQ5_0 | Dtype::GgmlIq4Nl => &[[0, 0]],
            Dtype::GgmlQ4_1 => &[[0, 0], [15, 15]],
            Dtype::GgmlQ5_1 => &[[0, 0], [31, 31]],
            Dtype::GgmlQ8_0 => &[[1, 255]],
            _ => &[],
        }
    }

    /// Whether groups can have marks.
    fn marked(&self) -> bool {
        self.group == GROUP && self.groups() == 1
    }
}

/// The place of each group's first quant that is one of two, to the end of a list.
pub(super) fn find(quants: &[u8], ends: Ends, to: &mut Vec<u8>) {
    let groups = quants.as_chunks::<GROUP>().0;
    #[cfg(target_arch = "x86_64")]
    if crate::cpu::has_v3() {
        // SAFETY: the features were just found.
        #[allow(unsafe_code)]
        return unsafe { find_wide(groups, ends, to) };
    }
    let is_end = |quant: &u8| ends.contains(quant);
    to.extend(
        groups
            .iter()
            .map(|own| own.iter().position(is_end).unwrap_or(NONE) as u8),
    );
}

/// The same, a group at a time.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1")]
fn find_wide(groups: &[[u8; GROUP]], ends: Ends, to: &mut Vec<u8>) {
    use std::arch::x86_64::*;
    let [one, other] = ends.map(|end| _mm256_set1_epi8(end as i8));
    let start = to.len();
    to.resize(start + groups.len(), 0);
    for (own, to) in groups.iter().zip(&mut to[start..]) {
        let own = load_half(own);
        let are = _mm256_or_si256(_mm256_cmpeq_epi8(own, one), _mm256_cmpeq_epi8(own, other));
        *to = (_mm256_movemask_epi8(are) as u32).trailing_zeros() as u8;
    }
}

/// How many groups have no mark.
pub(super) fn missing(places: &[u8]) -> usize {
    let none = |place: &&u8| usize::from(**place) >= NONE;
    places.iter().filter(none).count()
}

/// Gives the quants at some places, by group, a context.
pub(super) fn set(contexts: &mut [u8], places: &[u8], context: u8) {
    for (own, place) in contexts.as_chunks_mut::<GROUP>().0.iter_mut().zip(places) {
        if let Some(own) = own.get_mut(usize::from(*place)) {
            *own = context;
        }
    }
}

/// How many contexts places by columns have; one where there are too many columns.
pub(super) fn columns(place: &Place) -> usize {
    match place.row() {
        row @ 2..=MAX_CONTEXTS => row,
        _ => 1,
    }
}

/// The contexts of the places of some groups, by which of their row they are.
pub(super) fn fill_columns(place: &Place, first: usize, groups: usize, to: &mut Vec<u8>) {
    let mut column = place.column(first);
    to.clear();
    to.extend((0..groups).map(|_| {
        let own = column as u8;
        column = place.after(column);
        own
    }));
}

impl Marks {
    /// The best tables for groups' places by their contexts, of which there are so many times as many; `len` grows by about
    /// what all take.
    pub(super) fn fit(
        places: &[Vec<u8>],
        by_column: &[u8],
        place: &Place,
        times: f64,
        len: &mut usize,
    ) -> Marks {
        let columns = columns(place);
        let every: Vec<u8> = (0..=NONE as u8).collect();
        let sets = places.iter().map(|places| {
            let mut all = Counts::new(PLACE, columns);
            all.add(places, by_column);
            if times > 1.0 {
                // What some do not have others may.
                (0..columns).for_each(|own| all.add(&every, &[own as u8; NONE + 1]));
            }
            let (columns, one) = (all.summed(), all.in_one());
            let (best, bits) = match (columns.cost(times), one.cost(times)) {
                (by_column, alone) if by_column < alone => (columns, by_column),
                (_, alone) => (one, alone),
            };
            *len += (bits / 8.0) as usize;
            Set::new(Tables::new(BITS, &best.by_context()))
        });
        Marks(sets.collect())
    }

    /// Takes so many from the beginning of bytes.
    pub(super) fn read(
        number: usize,
        kind: &Kind,
        place: &Place,
        bytes: &mut &[u8],
    ) -> Result<Marks, Error> {
        if number > MOST || number > 0 && !kind.marked() {
            return Err(Error::Malformed("marks"));
        }
        let sets = (0..number).map(|_| {
            let set = Set::read(bytes)?;
            let contexts = set.tables.contexts();
            if contexts == 1 || contexts == columns(place) {
                Ok(set)
            } else {
                Err(Error::Malformed("marks"))
            }
        });
        Ok(Marks(sets.collect::<Result<_, Error>>()?))
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        for set in &self.0 {
            set.tables.write(out);
        }
    }

    pub(super) fn number(&self) -> usize {
        self.0.len()
    }

    /// Whether places need [`fill_columns`].
    pub(super) fn by_column(&self) -> bool {
        self.0.iter().any(|set| set.tables.contexts() > 1)
    }

    /// Those of some groups' places.
    pub(super) fn segments<'a>(
        &'a self,
        places: &'a Places,
        columns: &'a [u8],
        range: Range<usize>,
    ) -> impl Iterator<Item = Segment<'a>> {
        let columns = columns.get(range.clone()).unwrap_or_default();
        let each = self.0.iter().zip(places);
        each.map(move |(set, places)| {
            set.segment(&places[range.clone()], own_columns(set, columns))
        })
    }

    /// Decodes the places of so many groups of a frame, or of two side by side.
    pub(super) fn decode<const N: usize>(&self, mut each: [Coded<'_, '_>; N]) -> Result<(), Error> {
        for (i, set) in self.0.iter().enumerate() {
            set.decode(each.each_mut().map(|own| {
                let places = &mut own.places[i];
                places.resize(own.groups, NONE as u8);
                Part {
                    decoder: own.decoder,
                    contexts: own_columns(set, own.columns),
                    out: places,
                }
            }))?;
        }
        Ok(())
    }
}

/// A frame's places that are to be decoded.
pub(super) struct Coded<'a, 'b> {
    pub decoder: &'a mut Decoder<'b>,
    pub groups: usize,
    pub columns: &'a [u8],
    pub places: &'a mut Places,
}

/// The contexts that a set's places have.
fn own_columns<'a>(set: &Set, columns: &'a [u8]) -> &'a [u8] {
    if set.tables.contexts() > 1 {
        columns
    } else {
        &[]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_places() {
        let mut quants = [7; 4 * GROUP];
        quants[5] = 0;
        quants[9] = 0;
        quants[GROUP + 31] = 255;
        quants[2 * GROUP] = 0;
        let find = || {
            let mut places = vec![9];
            find(&quants, [0, 255], &mut places);
            places
        };
        let places = find();
        assert_eq!(places, [9, 5, 31, 0, 32]);
        assert_eq!(crate::cpu::plainly(find), places);
        let mut contexts = [1; 4 * GROUP];
        set(&mut contexts, &places[1..], 4);
        let marked: Vec<usize> = (0..4 * GROUP).filter(|i| contexts[*i] == 4).collect();
        assert_eq!(marked, [5, GROUP + 31, 2 * GROUP]);
    }
}
