//! From a payload to tiles of symbols.

use super::spec::Spec;
use super::{MAX_RAW, PLANES, Plane, ROW, ROW_BYTES, TILE, WORDS};
use crate::Error;
use crate::coder::machine::{Machine, Row, WINDOW, on_best};
use crate::coder::rows::{from_planes, take_whole};

/// Reads tile after tile of a payload.
pub(crate) struct Reader<'a> {
    spec: Spec,
    /// Planes that have a bit for each symbol: those of the raw bits, then the first tier's.
    whole: Vec<&'a [u8]>,
    strings: Vec<Strings<'a>>,
    literals: &'a [u8],
    /// Those of the tile in work.
    planes: Box<[Plane; PLANES]>,
    /// The values by number, and the raw bits by those of their planes.
    values: [u64; 2],
    raw_bits: [u64; 2],
}

/// The strings of a deeper tier, one for each of its planes.
struct Strings<'a> {
    /// Each from its beginning to the payload's end.
    planes: Vec<&'a [u8]>,
    /// How many bits each has.
    len: usize,
    /// How many have been read.
    at: usize,
}

impl<'a> Reader<'a> {
    /// For a plane of so many bytes.
    pub(crate) fn new(payload: &'a [u8], plane_len: usize) -> Result<Reader<'a>, Error> {
        const ENDS: Error = Error::Malformed("tiered plane ends early");
        let (spec, counts) = Spec::read(payload)?;
        let mut rest = &payload[spec.len()..];
        // A plane's bytes, and all that is from there on.
        let mut take = |len: usize| {
            let from = rest;
            let (plane, after) = rest.split_at_checked(len).ok_or(ENDS)?;
            rest = after;
            Ok((plane, from))
        };
        let tiers = spec.pattern().tiers;
        let mut whole = Vec::with_capacity(MAX_RAW + 2);
        for _ in 0..spec.whole_planes() {
            whole.push(take(plane_len.div_ceil(ROW) * ROW_BYTES)?.0);
        }
        let mut strings = Vec::with_capacity(PLANES);
        for (&bits, len) in tiers[1..].iter().zip(counts) {
            let mut planes = Vec::with_capacity(2);
            for _ in 0..bits {
                planes.push(take(len.div_ceil(8))?.1);
            }
            strings.push(Strings { planes, len, at: 0 });
        }
        Ok(Reader {
            values: values(&spec),
            raw_bits: raw_bits(spec.raw),
            whole,
            strings,
            literals: rest,
            planes: Box::new([[0; WORDS]; PLANES]),
            spec,
        })
    }

    /// Decodes the next symbols: a tile of them, but for the plane's last.
    pub(crate) fn tile(&mut self, out: &mut [u8]) -> Result<(), Error> {
        if let Ok(tile) = <&mut [u8; TILE]>::try_from(&mut *out) {
            return read_tile(self, tile);
        }
        let mut tile = [0; TILE];
        read_tile(self, &mut tile)?;
        let len = out.len();
        out.copy_from_slice(&tile[..len]);
        Ok(())
    }

    /// Whether all was used.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        if self.strings.iter().any(|string| string.at != string.len) || !self.literals.is_empty() {
            return Err(Error::Malformed("tiered plane is too long"));
        }
        Ok(())
    }
}

/// The values by the number of their leaf.
fn values(spec: &Spec) -> [u64; 2] {
    let mut values = [0; 16];
    for (code, &value) in spec.pattern().codes().zip(&spec.values) {
        values[spec.pattern().number(code)] = value;
    }
    as_words(values)
}

/// The raw bits of a byte by those of their planes.
fn raw_bits(raw: u8) -> [u64; 2] {
    let deposit = |bits: usize| {
        let places = (0..8).filter(|place| raw >> place & 1 == 1);
        places.enumerate().fold(0, |byte, (i, place)| {
            byte | ((bits >> i & 1) as u8) << place
        })
    };
    as_words(std::array::from_fn(deposit))
}

fn as_words(table: [u8; 16]) -> [u64; 2] {
    let half = |from: usize| u64::from_le_bytes(std::array::from_fn(|i| table[from + i]));
    [half(0), half(8)]
}

on_best! {
    fn read_tile(reader: &mut Reader<'_>, out: &mut [u8; TILE]) -> Result<(), Error> = read_tile_with
}

#[inline(always)]
fn read_tile_with<M: Machine>(
    machine: M,
    reader: &mut Reader<'_>,
    out: &mut [u8; TILE],
) -> Result<(), Error> {
    let pattern = reader.spec.pattern();
    let raw_count = reader.whole.len() - pattern.tiers[0];
    let (raw, first) = reader.whole.split_at_mut(raw_count);
    let planes = &mut reader.planes;
    for (plane, from) in planes.iter_mut().zip(first) {
        take_whole(from, plane);
    }
    let mut mask = [0; WORDS];
    let mut at = 0;
    for (&bits, strings) in pattern.tiers.iter().zip(&mut reader.strings) {
        let (before, after) = planes.split_at_mut(at + bits);
        // A symbol that did not get to this tier has zeros here, so it does not get further.
        ones(&before[at..], &mut mask);
        at += bits;
        strings.read(machine, &mask, after)?;
    }
    ones(&planes[at..], &mut mask);
    let mut numbers = [[0; WORDS]; 4];
    for (bit, number) in numbers.iter_mut().enumerate() {
        let sum = pattern.sum(bit);
        for plane in (0..PLANES).filter(|plane| sum >> plane & 1 == 1) {
            add(number, &planes[plane]);
        }
    }
    to_bytes(machine, &numbers, &reader.values, out);
    if !raw.is_empty() {
        let mut planes = [[0; WORDS]; MAX_RAW];
        for (plane, from) in planes.iter_mut().zip(raw) {
            take_whole(from, plane);
        }
        let mut bits = [0; TILE];
        to_bytes(machine, &planes, &reader.raw_bits, &mut bits);
        for (to, from) in out.iter_mut().zip(&bits) {
            *to |= from;
        }
    }
    put_literals(&mask, &mut reader.literals, out)
}

/// Where all planes of a tier have a one.
#[inline(always)]
fn ones(tier: &[Plane], mask: &mut Plane) {
    match tier {
        [one] => *mask = *one,
        [a, b, ..] => {
            for (i, mask) in mask.iter_mut().enumerate() {
                *mask = a[i] & b[i];
            }
        }
        [] => mask.fill(0),
    }
}

#[inline(always)]
fn add(to: &mut Plane, plane: &Plane) {
    for (to, word) in to.iter_mut().zip(plane) {
        *to ^= word;
    }
}

impl Strings<'_> {
    /// Spreads the next bits to where the mask has ones.
    #[inline(always)]
    fn read<M: Machine>(
        &mut self,
        machine: M,
        mask: &Plane,
        planes: &mut [Plane],
    ) -> Result<(), Error> {
        let (start, bit) = (self.at / 8, self.at % 8);
        let mut end = bit;
        for (string, plane) in self.planes.iter().zip(planes) {
            end = match window(string, start) {
                Some(window) => machine.spread(window, bit, mask, plane),
                None => machine.spread(&filled(string, start), bit, mask, plane),
            };
        }
        self.at = start * 8 + end;
        if self.at > self.len {
            return Err(Error::Malformed("string of a tier ends early"));
        }
        Ok(())
    }
}

/// A string from a byte on, if it is long enough.
#[inline(always)]
fn window(string: &[u8], start: usize) -> Option<&[u8; WINDOW]> {
    string.get(start..)?.first_chunk()
}

/// What is left of a string, and zeros.
fn filled(string: &[u8], start: usize) -> [u8; WINDOW] {
    let left = string.get(start..).unwrap_or_default();
    let left = &left[..left.len().min(WINDOW)];
    let mut window = [0; WINDOW];
    window[..left.len()].copy_from_slice(left);
    window
}

/// Writes the table's entries for the numbers whose bits are in four planes.
#[inline(always)]
fn to_bytes<M: Machine>(machine: M, planes: &[Plane; 4], table: &[u64; 2], out: &mut [u8; TILE]) {
    for (r, out) in out.as_chunks_mut::<ROW>().0.iter_mut().enumerate() {
        for half in 0..2 {
            let at = 8 * r + 4 * half;
            let row =
                |plane: &Plane| -> Row { [plane[at], plane[at + 1], plane[at + 2], plane[at + 3]] };
            let [a, b, c, d] = planes;
            let numbers = from_planes([row(a), row(b), row(c), row(d)]);
            for (t, numbers) in numbers.into_iter().enumerate() {
                let values = machine.look_up(table, numbers);
                let to = &mut out[64 * t + 32 * half..][..32];
                for (to, word) in to.as_chunks_mut::<8>().0.iter_mut().zip(values) {
                    *to = word.to_le_bytes();
                }
            }
        }
    }
}

/// Puts literals where there are escapes.
#[inline(always)]
fn put_literals(escapes: &Plane, literals: &mut &[u8], out: &mut [u8; TILE]) -> Result<(), Error> {
    if escapes.iter().fold(0, |any, word| any | word) == 0 {
        return Ok(());
    }
    for (w, &word) in escapes.iter().enumerate() {
        let mut word = word;
        while word != 0 {
            let bit = word.trailing_zeros() as usize;
            word &= word - 1;
            let (&literal, rest) = literals
                .split_first()
                .ok_or(Error::Malformed("literals end early"))?;
            *literals = rest;
            out[symbol(w, bit)] |= literal;
        }
    }
    Ok(())
}

/// The symbol whose bit is bit `bit` of word `w` of a plane.
#[inline(always)]
pub(super) fn symbol(w: usize, bit: usize) -> usize {
    // Both are in range for any bit of a tile's plane; the mask proves it.
    (ROW * (w / 8) + 64 * (bit % 8) + 8 * (w % 8) + bit / 8) % TILE
}
