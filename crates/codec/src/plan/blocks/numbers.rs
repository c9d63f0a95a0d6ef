//! Lists of signed numbers, most of which are small.

use crate::Error;
use crate::coder::rans::bits::{self, Length, Put};

/// The most that is told of a column, either way.
pub(super) const MOST: i16 = 500;

/// Signed numbers, folded, after the parameter that is best for them.
pub(super) fn write_numbers(numbers: impl Iterator<Item = i16> + Clone, out: &mut Vec<u8>) {
    let folded = numbers.map(|number| u32::from((number << 1 ^ number >> 15) as u16));
    let put =
        |to: &mut dyn Put, low: u32| folded.clone().for_each(|number| to.put_rice(number, low));
    let len = |low: &u32| {
        let mut len = Length::default();
        put(&mut len, *low);
        len.0
    };
    let low = (0..10).min_by_key(len).unwrap_or(0);
    let mut writer = bits::Writer::default();
    put(&mut writer, low);
    out.push(low as u8);
    out.extend(writer.finish());
}

pub(super) fn read_numbers(number: usize, bytes: &mut &[u8]) -> Result<Vec<i16>, Error> {
    const ERROR: Error = Error::Malformed("columns");
    let &[low @ 0..10, ref rest @ ..] = *bytes else {
        return Err(ERROR);
    };
    // Each takes a bit at least, so that there are no more of them than the header can have.
    if number > rest.len() * 8 {
        return Err(ERROR);
    }
    let mut reader = bits::Reader::new(rest);
    let numbers = (0..number)
        .map(|_| {
            let folded = reader.get_rice(low.into()) as i32;
            let number = folded >> 1 ^ -(folded & 1);
            number.clamp(-i32::from(MOST), MOST.into()) as i16
        })
        .collect();
    *bytes = &rest[reader.finish()?..];
    Ok(numbers)
}
