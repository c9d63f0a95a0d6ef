//! The plan of few values: units that are all out of a list, as weights are that were quantised and made floats
//! again. The header has the list; a frame has the units' places in it, in one byte plane or two.

mod list;

use super::directory::{self, Writer};
use super::units::{number, spots};
use super::{Code, Core, Decoded, Part, Plan};
use crate::coder;
use crate::header::Facts;
use crate::layout::Layout;
use crate::scratch::Scratch;
use crate::{Dtype, Error, Level};
use list::List;

/// The most values of a list.
const MOST: usize = 4096;
/// Of halves, planes make something as good of more than this.
const MOST_HALVES: usize = 1024;
/// Bytes of the number of values.
const COUNT_LEN: usize = 2;

/// Units out of a list of values.
#[derive(Debug)]
pub(crate) struct Values {
    width: usize,
    /// How many low bits of a place are in a plane of their own.
    low: u32,
    /// The values, the lowest bytes first, and then zeros up to a power of two.
    table: Vec<u64>,
    list: List,
}

/// Calls a function with the bytes of a unit as a constant.
macro_rules! with_width {
    ($width:expr, $call:ident($($arg:expr),*)) => {
        match $width {
            2 => $call::<2>($($arg),*),
            4 => $call::<4>($($arg),*),
            _ => $call::<8>($($arg),*),
        }
    };
}

impl Values {
    /// The plan for a chunk whose units are out of a list that is short enough to be worth it.
    pub(crate) fn of(raw: &[u8], facts: &Facts) -> Option<Values> {
        let dtype = facts.hint.dtype;
        let width = width(dtype)?;
        let units = raw.get(usize::from(facts.lead)..)?;
        // To find the values of few units takes no longer than to look at some.
        if units.len() > SHORT * width && !Values::plausible(raw, facts.lead, dtype) {
            return None;
        }
        let values = with_width!(width, find(units))?;
        Some(Values::new(width, ordered(values, dtype, width)))
    }

    /// Whether a look at some of a chunk's units, before which so many bytes are, says that they may be.
    pub(crate) fn plausible(raw: &[u8], lead: u8, dtype: Dtype) -> bool {
        let units = raw.get(usize::from(lead)..).unwrap_or_default();
        width(dtype).is_some_and(|width| with_width!(width, is_plausible(units)))
    }

    fn new(width: usize, values: Vec<u64>) -> Values {
        let bits = values.len().next_power_of_two().trailing_zeros();
        let low = bits.saturating_sub(8);
        let list = List::of(&values);
        let mut table = values;
        table.resize(256 << low, 0);
        Values {
            width,
            low,
            table,
            list,
        }
    }

    /// How many planes a frame has.
    fn planes(&self) -> usize {
        if self.low == 0 { 1 } else { 2 }
    }

    pub(super) fn read(shared: &[u8], facts: &Facts) -> Result<Values, Error> {
        const ERROR: Error = Error::Malformed("list of values");
        let width = width(facts.hint.dtype).ok_or(ERROR)?;
        let (count, values) = shared.split_first_chunk::<COUNT_LEN>().ok_or(ERROR)?;
        let count = usize::from(u16::from_le_bytes(*count));
        if !(1..=MOST).contains(&count) || values.len() != count * width || facts.base.is_some() {
            return Err(ERROR);
        }
        Ok(Values::new(
            width,
            values.chunks_exact(width).map(number).collect(),
        ))
    }
}

impl Plan for Values {
    fn code(&self) -> Code {
        Code::Values
    }

    fn write(&self, out: &mut Vec<u8>) {
        let values = &self.table[..self.list.len()];
        out.extend((values.len() as u16).to_le_bytes());
        for value in values {
            out.extend_from_slice(&value.to_le_bytes()[..self.width]);
        }
    }

    fn encode(&self, core: Core<'_>, level: Level, scratch: &mut Scratch, out: &mut Vec<u8>) {
        let count = core.bytes.len() / self.width;
        let Scratch { planes, coder, .. } = scratch;
        planes.resize(2 * count, 0);
        let (high, low) = planes.split_at_mut(count);
        with_width!(
            self.width,
            places(&self.list, self.low, core.bytes, high, low)
        );
        let mut writer = Writer::new(self.planes(), level, coder, out);
        for plane in &[high, low][..self.planes()] {
            writer.add(plane);
        }
    }

    fn decode(&self, stored: &[u8], core: Decoded<'_>, scratch: &mut Scratch) -> Result<(), Error> {
        let count = core.bytes.len() / self.width;
        let planes = &mut scratch.planes;
        planes.resize(2 * count, 0);
        let (high, low) = planes.split_at_mut(count);
        if self.low == 0 {
            low.fill(0);
        }
        let stored = directory::read(self.planes(), stored)?;
        for (stored, plane) in stored.iter().zip([&mut *high, &mut *low]) {
            coder::decode(stored.coding, stored.payload, plane)?;
        }
        with_width!(self.width, put(self, high, low, core.bytes))
    }

    fn parts(&self, stored: &[u8], core_len: usize) -> Result<Vec<Part>, Error> {
        let planes = directory::read(self.planes(), stored)?;
        let names = ["places", "low bits of places"];
        let parts = planes.iter().zip(names).map(|(plane, name)| Part {
            name,
            raw_len: core_len / self.planes(),
            stored_len: plane.payload.len(),
            coding: plane.coding.name(),
        });
        Ok(parts.collect())
    }
}

/// The bytes of a unit of a dtype that may have a list.
fn width(dtype: Dtype) -> Option<usize> {
    let layout = Layout::of(dtype);
    let known = !matches!(layout, Layout::Blocks(_)) && [2, 4, 8].contains(&layout.unit());
    known.then(|| layout.unit())
}

/// Whether a look at some units says that they may be out of a list.
fn is_plausible<const W: usize>(units: &[u8]) -> bool {
    let units = units.as_chunks::<W>().0;
    let sample = spots(units);
    let count: usize = sample.clone().map(<[_]>::len).sum();
    let some = units.get(..FEW).unwrap_or_default();
    if W > 2 && !are_out_of(some, FEW_VALUES) {
        return false;
    }
    // Halves that are no list have about 1,500 values in 2,048, and others as many as there are.
    let most = if W == 2 { count / 4 } else { count / 4 * 3 };
    count > 0 && are_out_of(sample.flatten(), most)
}

/// So many units are few.
const SHORT: usize = 1024;
/// Units that are looked at first, and how many values they have at most if they are out of a list: of as many as one
/// has at most, they have 481, give or take 5.
const FEW: usize = 512;
const FEW_VALUES: usize = 500;

/// Whether units have so many values at most.
fn are_out_of<'a, const W: usize>(
    units: impl IntoIterator<Item = &'a [u8; W]>,
    most: usize,
) -> bool {
    let mut seen = List::new(most);
    let mut units = units.into_iter();
    units.all(|unit| seen.insert(number(unit)).is_some())
}

/// The values of units, if they are few.
fn find<const W: usize>(units: &[u8]) -> Option<Vec<u64>> {
    let most = if W == 2 { MOST_HALVES } else { MOST };
    // With one for every other unit, the list alone takes half of the bytes.
    let mut list = List::new(most.min(units.len() / W / 2));
    for unit in units.as_chunks::<W>().0 {
        list.insert(number(unit))?;
    }
    Some(list.into_values()).filter(|values| !values.is_empty())
}

/// In the order of the numbers that they are, so that those that are alike are near.
fn ordered(mut values: Vec<u64>, dtype: Dtype, width: usize) -> Vec<u64> {
    let sign = 1 << (8 * width - 1);
    let all = u64::MAX >> (64 - 8 * width);
    let is_float = dtype.is_float();
    values.sort_unstable_by_key(|value| match (is_float, value & sign == 0) {
        (true, false) => !value & all,
        _ => value ^ sign,
    });
    values
}

/// The places of units in a list: those less their low bits, and these.
fn places<const W: usize>(
    list: &List,
    low_bits: u32,
    units: &[u8],
    high: &mut [u8],
    low: &mut [u8],
) {
    let mask = (1 << low_bits) - 1;
    for ((unit, high), low) in units.as_chunks::<W>().0.iter().zip(high).zip(low) {
        let place = list.place(number(unit));
        (*high, *low) = ((place >> low_bits) as u8, (place & mask) as u8);
    }
}

/// Puts the values at some places.
fn put<const W: usize>(
    values: &Values,
    high: &[u8],
    low: &[u8],
    units: &mut [u8],
) -> Result<(), Error> {
    let table = values.table.as_slice();
    let (mut most, mut most_low) = (0, 0);
    for ((unit, high), low) in units.as_chunks_mut::<W>().0.iter_mut().zip(high).zip(low) {
        let place = usize::from(*high) << values.low | usize::from(*low);
        (most, most_low) = (most.max(place), most_low.max(*low));
        // It is a power of two; what is beyond is an error at last.
        let value = table[place & (table.len() - 1)].to_le_bytes();
        unit.copy_from_slice(&value[..W]);
    }
    if most >= values.list.len() || u32::from(most_low) >= 1 << values.low {
        return Err(Error::Malformed("place in a list"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
