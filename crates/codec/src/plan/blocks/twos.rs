//! Quants two at a time: the upper four bits of two quants of a group are a symbol, what is below is stored as it is.
//! Marked quants, of which all is known but where they are and perhaps on which side, are left out of that.

#[cfg(target_arch = "x86_64")]
mod narrow;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod wide;

use std::ops::Range;

use super::kind::Kind;
use super::marks::{Ends, GROUP, MOST, Places, missing};
use super::upper::{all, put, spread, words};
use crate::Error;
#[cfg(target_arch = "x86_64")]
use crate::coder::vectors::Wide;
use crate::cpu::at_best;

/// Bytes that must follow the symbols of a run of groups, so that sixteen of them may be read or written at once.
pub(super) const SLACK: usize = 16;
/// Where some groups' marks are.
pub(super) type Spots<'a> = [&'a [u8]; MOST];

/// Those of some of the groups.
pub(super) fn spots(places: &Places, run: Range<usize>) -> Spots<'_> {
    [0, 1].map(|mark| places[mark].get(run.clone()).unwrap_or_default())
}

/// Bits of a quant that are in symbols.
const UPPER: u32 = 4;

/// How the groups' quants are taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Twos {
    /// Bits of a quant that are stored as they are.
    low: u32,
    ends: &'static [Ends],
}

/// Some groups, taken apart.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Longer by [`SLACK`].
    pub symbols: Vec<u8>,
    pub low: Vec<u8>,
    /// The quants that stand where a mark would, of groups that lack it.
    pub exceptions: Vec<u8>,
    /// Which lanes marks have, by group.
    left_out: Vec<u32>,
}

impl Twos {
    /// How quants of a kind are taken whose groups have so many marks, if they can be.
    pub(super) fn of(kind: &Kind, marks: usize) -> Option<Twos> {
        let low = kind.plain_bits - UPPER;
        let ends = match marks {
            0 => &[],
            marks if marks == kind.ends().len() => kind.ends(),
            _ => return None,
        };
        let fits = matches!((low, marks), (0, _) | (1 | 4, ..=1));
        let twos = Twos { low, ends };
        let told = twos.side_bits() == 0 || twos.lent() > 0;
        (kind.group == GROUP && fits && told).then_some(twos)
    }

    /// The quants that may be marked.
    pub(super) fn ends(&self) -> &'static [Ends] {
        self.ends
    }

    /// Quants of a group that are no marks.
    pub(super) fn kept(&self) -> usize {
        GROUP - self.ends.len()
    }

    /// Symbols of a group: of two quants each, or of one the last.
    pub(super) fn symbols(&self) -> usize {
        self.kept().div_ceil(2)
    }

    /// Whether the last symbol has one quant.
    pub(super) fn has_single(&self) -> bool {
        self.kept() % 2 == 1
    }

    /// Bytes of a group's lower bits.
    pub(super) fn low_len(&self) -> usize {
        GROUP / 8 * self.low as usize
    }

    /// Bits of the place among the lower bits that a mark leaves which tell the mark's side.
    fn side_bits(&self) -> u32 {
        match self.ends {
            [[one, other]] => u32::from(one != other),
            _ => 0,
        }
    }

    /// Those which take bits of the group's scale.
    pub(super) fn lent(&self) -> u32 {
        match self.ends {
            [_] => self.low.saturating_sub(self.side_bits()),
            _ => 0,
        }
    }

    /// What of the scales is lent, by group.
    pub(super) fn scales(&self, low: &[u8], to: &mut Vec<u8>) {
        let side = self.side_bits();
        to.clear();
        match self.low {
            4 => to.extend(
                low.as_chunks::<16>()
                    .0
                    .iter()
                    .map(|own| own[15] >> (4 + side)),
            ),
            1 => to.extend(low.as_chunks::<4>().0.iter().map(|own| own[3] >> 7)),
            _ => {}
        }
    }

    /// What stands in the place that marks leave among the lower bits, by group; and the quants that stand where a mark
    /// would. Of the scales what is lent.
    pub(super) fn extras(
        &self,
        quants: &[u8],
        places: Spots<'_>,
        scales: &[u8],
        extras: &mut Vec<u8>,
        exceptions: &mut Vec<u8>,
    ) {
        extras.clear();
        let groups = quants.as_chunks::<GROUP>().0;
        if self.ends.len() * groups.len() > 0 && self.any_missing(places) {
            for (i, own) in groups.iter().enumerate() {
                let lanes = self.lanes(places, i).unwrap_or_default();
                for (places, lane) in places[..self.ends.len()].iter().zip(lanes) {
                    if usize::from(places[i]) >= GROUP {
                        exceptions.push(own[lane]);
                    }
                }
            }
        }
        let (lent, side) = (self.lent(), self.side_bits());
        if let ([[_, other]], true) = (self.ends, lent + side > 0) {
            // A group without a mark is on no side that counts.
            let each = groups.iter().zip(places[0]).zip(scales);
            extras.extend(each.map(|((own, place), scale)| {
                let of_side = u8::from(own[usize::from(*place) % GROUP] == *other);
                scale << side | of_side & side as u8
            }));
        }
    }

    /// Whether a group lacks a mark.
    fn any_missing(&self, places: Spots<'_>) -> bool {
        let mut each = places[..self.ends.len()].iter();
        each.any(|places| missing(places) > 0)
    }

    /// The contexts of groups' symbols, where there are so many: of those of one quant others than of two.
    pub(super) fn contexts(&self, classes: &[u8], number: usize, to: &mut Vec<u8>) {
        let each = self.symbols();
        to.resize(classes.len() * each + SLACK, 0);
        for (i, class) in classes.iter().enumerate() {
            // What is too much is written over by the next.
            if let Some(to) = to[i * each..].first_chunk_mut::<16>() {
                *to = [*class; 16];
                if self.has_single() {
                    to[each - 1] += number as u8;
                }
            }
        }
        to.truncate(classes.len() * each);
    }

    /// Which quants of a group are left out: those that are marked, or in a mark's stead the first that are not. None where both are
    /// the same.
    #[inline(always)]
    fn lanes(&self, places: Spots<'_>, i: usize) -> Option<[usize; MOST]> {
        let place = |mark: usize| {
            places[mark]
                .get(i)
                .map_or(GROUP, |place| usize::from(*place))
        };
        let (first, second) = (place(0), place(1));
        match self.ends.len() {
            0 => Some([0; MOST]),
            1 => Some([if first < GROUP { first } else { 0 }, 0]),
            _ => {
                let other = usize::from(second == 0);
                let first = if first < GROUP { first } else { other };
                let other = usize::from(first == 0);
                let second = if second < GROUP { second } else { other };
                (first != second).then_some([first, second])
            }
        }
    }

    /// Which lanes of groups are left out, as ones; whether that can be.
    fn left_out(&self, places: Spots<'_>, groups: usize, to: &mut Vec<u32>) -> bool {
        to.clear();
        to.resize(groups, 0);
        for places in &places[..self.ends.len()] {
            add_lanes(places, to);
        }
        let number = self.ends.len() as u32;
        if !self.any_missing(places) && all_have(number, to) {
            return true;
        }
        for (i, to) in to.iter_mut().enumerate() {
            let Some(lanes) = self.lanes(places, i) else {
                return false;
            };
            *to = lanes[..self.ends.len()]
                .iter()
                .fold(0, |all, lane| all | 1 << lane);
        }
        true
    }

    /// Takes groups apart.
    pub(super) fn split(&self, quants: &[u8], places: Spots<'_>, extras: &[u8], to: &mut Taken) {
        let groups = quants.as_chunks::<GROUP>().0;
        to.symbols.resize(groups.len() * self.symbols() + SLACK, 0);
        to.low.resize(groups.len() * self.low_len(), 0);
        self.left_out(places, groups.len(), &mut to.left_out);
        #[cfg(target_arch = "x86_64")]
        if let Some(machine) = Wide::here() {
            return wide::split(machine, self, groups, extras, to);
        }
        #[cfg(target_arch = "x86_64")]
        if crate::cpu::has_v3() {
            // SAFETY: the features were just found.
            #[allow(unsafe_code)]
            return unsafe { narrow::split(self, groups, extras, to) };
        }
        split_any(*self, groups, extras, to);
    }

    /// The upper bits of so many groups' quants, group by group, to the end of a list.
    pub(super) fn nibbles(&self, symbols: &[u8], groups: usize, to: &mut Vec<u8>) {
        let each = self.symbols();
        for own in symbols[..groups * each].chunks_exact(each) {
            to.extend(own.iter().map(|symbol| symbol & 15));
            to.extend(own[..self.kept() - each].iter().map(|symbol| symbol >> 4));
        }
    }

    /// Puts all quants of groups but the marks in their place.
    pub(super) fn join(
        &self,
        taken: &mut Taken,
        low: &[u8],
        places: Spots<'_>,
        quants: &mut [u8],
    ) -> Result<(), Error> {
        let groups = quants.as_chunks_mut::<GROUP>().0;
        let Taken {
            symbols, left_out, ..
        } = taken;
        let fits = symbols.len() >= groups.len() * self.symbols() + SLACK
            && low.len() >= groups.len() * self.low_len();
        if !fits || !self.left_out(places, groups.len(), left_out) {
            return Err(Error::Malformed("marks"));
        }
        #[cfg(target_arch = "x86_64")]
        if let Some(machine) = Wide::here() {
            wide::join(machine, self, symbols, low, left_out, groups);
            return Ok(());
        }
        #[cfg(target_arch = "x86_64")]
        if crate::cpu::has_v3() {
            // SAFETY: the features were just found.
            #[allow(unsafe_code)]
            unsafe {
                narrow::join(self, symbols, low, left_out, groups);
            }
            return Ok(());
        }
        join_any(*self, symbols, low, left_out, groups);
        Ok(())
    }

    /// Puts the marks of groups in their place, or what stands there, as is next.
    pub(super) fn mark(
        &self,
        low: &[u8],
        places: Spots<'_>,
        exceptions: &mut &[u8],
        quants: &mut [u8],
    ) -> Result<(), Error> {
        let groups = quants.as_chunks_mut::<GROUP>().0;
        if self.any_missing(places) {
            return self.mark_some(low, places, exceptions, groups);
        }
        for (ends, places) in self.ends.iter().zip(places) {
            let each = groups.iter_mut().zip(places);
            if self.side_bits() == 0 {
                each.for_each(|(own, place)| own[usize::from(*place) % GROUP] = ends[0]);
                continue;
            }
            let low = low.chunks_exact(self.low_len());
            for ((own, place), low) in each.zip(low) {
                own[usize::from(*place) % GROUP] = ends[side(low)];
            }
        }
        Ok(())
    }

    /// The same where some lack theirs.
    fn mark_some(
        &self,
        low: &[u8],
        places: Spots<'_>,
        exceptions: &mut &[u8],
        groups: &mut [[u8; GROUP]],
    ) -> Result<(), Error> {
        for (i, own) in groups.iter_mut().enumerate() {
            let lanes = self.lanes(places, i).ok_or(Error::Malformed("marks"))?;
            for ((ends, places), lane) in self.ends.iter().zip(places).zip(lanes) {
                own[lane] = if usize::from(places[i]) < GROUP {
                    let low = low.chunks_exact(self.low_len().max(1)).nth(i);
                    ends[low.map_or(0, side) * self.side_bits() as usize]
                } else {
                    let (quant, rest) = exceptions
                        .split_first()
                        .ok_or(Error::Malformed("exceptions"))?;
                    *exceptions = rest;
                    *quant
                };
            }
        }
        Ok(())
    }
}

/// On which side a group's mark is, by its lower bits.
fn side(low: &[u8]) -> usize {
    low.last().map_or(0, |last| usize::from(last >> 4 & 1))
}

at_best! {
    fn add_lanes(places: &[u8], to: &mut [u32]) = add_lanes_any
}

#[inline(always)]
fn add_lanes_any(places: &[u8], to: &mut [u32]) {
    for (to, place) in to.iter_mut().zip(places) {
        *to |= 1 << (u32::from(*place) % 32);
    }
}

at_best! {
    fn all_have(number: u32, masks: &[u32]) -> bool = all_have_any
}

/// Whether so many bits are ones in all.
#[inline(always)]
fn all_have_any(number: u32, masks: &[u32]) -> bool {
    let other = |mask: u32| {
        if number < 2 {
            0
        } else {
            mask & mask.wrapping_sub(1)
        }
    };
    let lacks = |mask: &u32| u32::from(number == 2 && other(*mask) == 0);
    masks.iter().map(lacks).fold(0, |all, lacks| all | lacks) == 0
}

/// Any machine's way.
fn split_any(twos: Twos, groups: &[[u8; GROUP]], extras: &[u8], to: &mut Taken) {
    let (half, low_len) = (twos.symbols(), twos.low_len());
    for (i, (own, left_out)) in groups.iter().zip(&to.left_out).enumerate() {
        let mut kept = without(own, *left_out);
        let upper = words::<4>(&kept).map(|word| word >> twos.low & all(15));
        let mut nibbles = [0; GROUP + 16];
        put(upper, &mut nibbles);
        let (first, second) = (words::<2>(&nibbles), words::<2>(&nibbles[half..]));
        // What is too much is written over by the next.
        let symbols = &mut to.symbols[i * half..][..16];
        put(
            [first[0] | second[0] << 4, first[1] | second[1] << 4],
            symbols,
        );
        kept[GROUP - 1] |= extras.get(i).copied().unwrap_or(0) * u8::from(twos.lent() > 0);
        let low = &mut to.low[i * low_len..][..low_len];
        match twos.low {
            4 => {
                let [a, b, c, d] = words(&kept).map(|word: u64| word & all(15));
                put([a | c << 4, b | d << 4], low);
            }
            1 => put_bits(&kept, low),
            _ => {}
        }
    }
}

/// The first two lanes of those that are ones, or what is behind all lanes.
#[inline(always)]
fn first_two(left_out: u32) -> [u8; 2] {
    let rest = left_out & left_out.wrapping_sub(1);
    [left_out, rest].map(|lanes| lanes.trailing_zeros() as u8)
}

/// Quants without those of two lanes at most, and zeros behind them.
#[inline(always)]
fn without(quants: &[u8; GROUP], left_out: u32) -> [u8; GROUP] {
    let [first, second] = first_two(left_out);
    let mut from = [0; GROUP + 2];
    from[..GROUP].copy_from_slice(quants);
    let mut kept = [0; GROUP];
    for (lane, kept) in (0u8..).zip(&mut kept) {
        let at = usize::from(lane);
        let behind = if lane + 1 < second {
            from[at + 1]
        } else {
            from[at + 2]
        };
        *kept = if lane < first { from[at] } else { behind };
    }
    kept
}

/// The lowest bits of quants, the first in the lowest place.
#[inline(always)]
fn put_bits(quants: &[u8; GROUP], to: &mut [u8]) {
    for (to, word) in to.iter_mut().zip(words::<4>(quants)) {
        *to = ((word & all(1)).wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8;
    }
}

/// Any machine's way.
fn join_any(twos: Twos, symbols: &[u8], low: &[u8], left_out: &[u32], groups: &mut [[u8; GROUP]]) {
    let (half, low_len) = (twos.symbols(), twos.low_len());
    for (i, (own, left_out)) in groups.iter_mut().zip(left_out).enumerate() {
        let [a, b] = words(&symbols[i * half..][..16]);
        let mut nibbles = [0; GROUP];
        put([a & all(15), b & all(15)], &mut nibbles);
        put(
            [a >> 4 & all(15), b >> 4 & all(15)],
            &mut nibbles[half..half + 16],
        );
        let mut kept = words::<4>(&nibbles).map(|word| word << twos.low);
        let low = &low[i * low_len..][..low_len];
        match twos.low {
            4 => {
                let [a, b] = words(low);
                let own = [a, b, a >> 4, b >> 4].map(|word| word & all(15));
                kept.iter_mut()
                    .zip(own)
                    .for_each(|(kept, own)| *kept |= own);
            }
            1 => {
                let own = low.iter().map(|bits| spread(*bits));
                kept.iter_mut()
                    .zip(own)
                    .for_each(|(kept, own)| *kept |= own);
            }
            _ => {}
        }
        let mut from = [0; GROUP + 2];
        put(kept, &mut from[2..]);
        let [first, second] = first_two(*left_out);
        for (lane, to) in (0u8..).zip(own) {
            let at = usize::from(lane);
            let behind = if lane <= second {
                from[at + 1]
            } else {
                from[at]
            };
            *to = if lane < first { from[at + 2] } else { behind };
        }
    }
}
