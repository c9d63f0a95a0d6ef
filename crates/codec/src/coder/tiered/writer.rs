//! From tiles of symbols to a payload.

use super::machine::{Machine, Row, on_best};
use super::reader::symbol;
use super::rows::to_planes;
use super::spec::Spec;
use super::{PLANES, Plane, ROW, ROW_BYTES, ROWS, Scratch, TILE, WORDS};

/// Values that the encoder gives codes to lie within so many.
pub(super) const SPAN: usize = 32;

/// Writes a payload tile by tile.
pub(crate) struct Writer<'a> {
    spec: &'a Spec,
    codes: Codes,
    scratch: &'a mut Scratch,
    out: &'a mut Vec<u8>,
    /// Where the payload begins.
    start: usize,
    /// Bytes of a plane that has a bit for each symbol, and how many of them are written.
    whole_len: usize,
    whole_at: usize,
    /// By deeper tier, the bits that each of its strings has so far.
    at: [usize; PLANES],
}

impl<'a> Writer<'a> {
    /// For a plane of so many bytes, to the end of `out`.
    pub(crate) fn new(
        spec: &'a Spec,
        plane_len: usize,
        scratch: &'a mut Scratch,
        out: &'a mut Vec<u8>,
    ) -> Writer<'a> {
        let start = out.len();
        let whole_len = plane_len.div_ceil(ROW) * ROW_BYTES;
        out.resize(start + spec.len() + spec.whole_planes() * whole_len, 0);
        scratch.literals.clear();
        for string in &mut scratch.strings {
            // A tile's words are written whole, and one beyond.
            string.resize(plane_len.div_ceil(TILE) * WORDS + 1, 0);
        }
        Writer {
            spec,
            codes: Codes::new(spec),
            scratch,
            out,
            start,
            whole_len,
            whole_at: 0,
            at: [0; PLANES],
        }
    }

    /// What was there before the payload.
    pub(crate) fn before(&mut self) -> &mut [u8] {
        &mut self.out[..self.start]
    }

    /// Encodes the next symbols: a tile of them, but for the plane's last.
    pub(crate) fn tile(&mut self, symbols: &[u8]) {
        if let Ok(tile) = symbols.try_into() {
            return write_tile(self, tile, ROWS);
        }
        // What there is too much has a code of zeros, which no deeper tier sees.
        let mut tile = [self.spec.values[0]; TILE];
        tile[..symbols.len()].copy_from_slice(symbols);
        write_tile(self, &tile, symbols.len().div_ceil(ROW));
    }

    /// Completes the payload.
    pub(crate) fn finish(self) {
        let Scratch { strings, literals } = self.scratch;
        let tiers = self.spec.pattern().tiers;
        let mut strings = strings.iter();
        for (&bits, &at) in tiers[1..].iter().zip(&self.at) {
            for string in strings.by_ref().take(bits) {
                let end = self.out.len() + at.div_ceil(8);
                let words = &string[..at.div_ceil(64)];
                self.out
                    .extend(words.iter().flat_map(|word| word.to_le_bytes()));
                self.out.truncate(end);
            }
        }
        self.out.extend_from_slice(literals);
        let counts = self.at[..tiers.len() - 1].iter().copied();
        self.spec.write(counts, &mut self.out[self.start..]);
    }

    /// Writes rows of the planes that have a bit for each symbol.
    #[inline(always)]
    fn write_whole<'p>(&mut self, planes: impl Iterator<Item = &'p Plane>, rows: usize) {
        let len = rows * ROW_BYTES;
        let mut at = self.start + self.spec.len() + self.whole_at;
        for plane in planes {
            let to = self.out[at..at + len].as_chunks_mut::<8>().0;
            for (to, word) in to.iter_mut().zip(plane) {
                *to = word.to_le_bytes();
            }
            at += self.whole_len;
        }
        self.whole_at += len;
    }
}

on_best! {
    fn write_tile(writer: &mut Writer<'_>, tile: &[u8; TILE], rows: usize) = write_tile_with
}

#[inline(always)]
fn write_tile_with<M: Machine>(
    machine: M,
    writer: &mut Writer<'_>,
    tile: &[u8; TILE],
    rows: usize,
) {
    let mut planes = [[0; WORDS]; PLANES];
    to_planes_of(tile, &mut planes, |row| writer.codes.of(machine, row));
    let pattern = writer.spec.pattern();
    let (first, _) = planes.split_at(pattern.tiers[0]);
    if writer.spec.raw == 0 {
        writer.write_whole(first.iter(), rows);
    } else {
        let mut bits = [[0; WORDS]; 8];
        to_planes_of(tile, &mut bits, |row| row);
        let raw = writer.spec.raw;
        let raw = bits
            .iter()
            .enumerate()
            .filter(|(bit, _)| raw >> bit & 1 == 1);
        writer.write_whole(raw.map(|(_, plane)| plane).chain(first), rows);
    }
    let Scratch { strings, literals } = &mut *writer.scratch;
    let mut mask = [u64::MAX; WORDS];
    let (mut rest, mut strings) = (planes.as_slice(), strings.as_mut_slice());
    let mut bits = pattern.tiers[0];
    for (next, at) in pattern.tiers[1..].iter().zip(&mut writer.at) {
        narrow(&mut mask, &mut rest, bits);
        bits = *next;
        *at = match (rest, strings.split_at_mut(bits)) {
            ([plane, ..], ([string], _)) => gather(machine, [plane], &mask, [string], *at),
            ([low, high, ..], ([a, b], _)) => gather(machine, [low, high], &mask, [a, b], *at),
            _ => *at,
        };
        strings = strings.split_off_mut(bits..).unwrap_or_default();
    }
    narrow(&mut mask, &mut rest, bits);
    keep_literals(&mask, tile, !writer.spec.raw, literals);
}

/// The planes of a tile's bytes after `map`.
#[inline(always)]
fn to_planes_of(tile: &[u8; TILE], planes: &mut [Plane; 8], map: impl Fn(Row) -> Row) {
    for (r, bytes) in tile.as_chunks::<ROW>().0.iter().enumerate() {
        for half in 0..2 {
            let mut rows = [[0; 4]; 8];
            for (t, row) in rows.iter_mut().enumerate() {
                let bytes = &bytes[64 * t + 32 * half..][..32];
                for (word, bytes) in row.iter_mut().zip(bytes.as_chunks::<8>().0) {
                    *word = u64::from_le_bytes(*bytes);
                }
                *row = map(*row);
            }
            for (plane, row) in planes.iter_mut().zip(to_planes(rows)) {
                plane[8 * r + 4 * half..][..4].copy_from_slice(&row);
            }
        }
    }
}

/// Leaves the symbols in the mask for which a tier is all ones, and goes on to the next tier's planes.
#[inline(always)]
fn narrow(mask: &mut Plane, planes: &mut &[Plane], bits: usize) {
    let (tier, rest) = planes.split_at(bits);
    *planes = rest;
    for plane in tier {
        for (to, word) in mask.iter_mut().zip(plane) {
            *to &= word;
        }
    }
}

/// Appends the bits of a tier's planes where the mask has ones to its strings, each of `at` bits, and
/// says how many they have then.
#[inline(always)]
fn gather<M: Machine, const B: usize>(
    machine: M,
    planes: [&Plane; B],
    mask: &Plane,
    strings: [&mut Vec<u64>; B],
    at: usize,
) -> usize {
    let (base, mut at) = (at / 64, at % 64);
    let strings = strings.map(|string| &mut string[base..][..WORDS + 1]);
    let mut words = [0; B];
    for (word, string) in words.iter_mut().zip(&strings) {
        // What is beyond `at` is of the plane before.
        *word = string[0] & ((1 << at) - 1);
    }
    for (w, &mask) in mask.iter().enumerate() {
        let next = at + mask.count_ones() as usize;
        for b in 0..B {
            let bits = machine.extract(planes[b][w], mask);
            let word = words[b] | bits << (at % 64);
            let beyond = bits >> 1 >> (63 - at % 64);
            strings[b][at / 64] = word;
            words[b] = if next / 64 == at / 64 { word } else { beyond };
        }
        at = next;
    }
    for (word, string) in words.iter().zip(strings) {
        string[at / 64] = *word;
    }
    base * 64 + at
}

/// Keeps the bytes at escapes.
#[inline(always)]
fn keep_literals(escapes: &Plane, tile: &[u8; TILE], field: u8, literals: &mut Vec<u8>) {
    if escapes.iter().fold(0, |any, word| any | word) == 0 {
        return;
    }
    for (w, &word) in escapes.iter().enumerate() {
        let mut word = word;
        while word != 0 {
            let bit = word.trailing_zeros() as usize;
            word &= word - 1;
            literals.push(tile[symbol(w, bit)] & field);
        }
    }
}

/// The codes of a window of values.
struct Codes {
    /// The bits of a byte that are coded, how far up they are, and in their terms the window's first value.
    field: u8,
    shift: u32,
    first: u8,
    codes: [u64; SPAN / 8],
}

/// The code of the escape.
const ESCAPE: u8 = u8::MAX;

impl Codes {
    fn new(spec: &Spec) -> Codes {
        let field = !spec.raw;
        let shift = field.trailing_zeros();
        let first = spec.values.iter().map(|value| value >> shift).min();
        let first = first.unwrap_or_default();
        let mut codes = [ESCAPE; SPAN];
        for (code, value) in spec.pattern().codes().zip(&spec.values) {
            let entry = &mut codes[usize::from((value >> shift) - first) % SPAN];
            // A value that has several codes gets the shortest.
            if *entry == ESCAPE {
                *entry = code.bits;
            }
        }
        Codes {
            field,
            shift,
            first,
            codes: std::array::from_fn(|word| {
                u64::from_le_bytes(std::array::from_fn(|i| codes[8 * word + i]))
            }),
        }
    }

    /// The codes of a row of bytes.
    #[inline(always)]
    fn of<M: Machine>(&self, machine: M, mut row: Row) -> Row {
        let field = u64::from_le_bytes([self.field; 8]);
        for word in &mut row {
            // No bit gets from one byte to another, as the field has none below.
            *word = (*word & field) >> self.shift;
        }
        machine.look_up_window(&self.codes, ESCAPE, self.first, row)
    }
}
