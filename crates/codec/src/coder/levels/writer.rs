//! From tiles of symbols to a payload.

use super::code::Code;
use super::spec::Shape;
use super::{
    COUNT_LEN, LEVELS, Plane, ROW, ROW_BYTES, ROWS, TILE, WORDS, bytes, count_bytes, literals,
};
use crate::coder::machine::{Machine, on_best};
use crate::coder::rows::{self, ALL};

/// Buffers that are used again.
#[derive(Default)]
pub(crate) struct Scratch {
    /// One for each deeper level.
    strings: [Vec<u64>; LEVELS],
    literals: Vec<u8>,
    /// Those of the literals' own levels.
    within: Option<Box<Scratch>>,
}

/// Writes a payload tile by tile.
pub(crate) struct Writer<'a> {
    code: &'a Code,
    strings: &'a mut [Vec<u64>; LEVELS],
    literals: Literals<'a>,
    within: Option<&'a mut Scratch>,
    out: &'a mut Vec<u8>,
    /// Where the payload begins, the numbers of symbols, and the planes.
    start: usize,
    counts: usize,
    planes: usize,
    /// Bytes of a plane that has a bit for each symbol, and how many of them are written.
    whole_len: usize,
    whole_at: usize,
    /// By deeper level, the bits that its string has so far.
    at: [usize; LEVELS],
}

/// What escapes stand for, so far: the first `count` of a buffer that has room for a tile more.
pub(super) struct Literals<'a> {
    pub bytes: &'a mut Vec<u8>,
    pub count: usize,
    /// The bits of a byte that are kept.
    pub field: u8,
}

impl<'a> Writer<'a> {
    /// For a plane of so many bytes, to the end of `out`.
    pub(crate) fn new(
        code: &'a Code,
        plane_len: usize,
        scratch: &'a mut Scratch,
        out: &'a mut Vec<u8>,
    ) -> Writer<'a> {
        let Scratch {
            strings,
            literals,
            within,
        } = scratch;
        let within = within.get_or_insert_default();
        Writer::begin(code, plane_len, strings, literals, Some(within), out)
    }

    /// For the literals of another.
    pub(super) fn of_literals(
        code: &'a Code,
        plane_len: usize,
        scratch: &'a mut Scratch,
        out: &'a mut Vec<u8>,
    ) -> Writer<'a> {
        let Scratch {
            strings, literals, ..
        } = scratch;
        Writer::begin(code, plane_len, strings, literals, None, out)
    }

    fn begin(
        code: &'a Code,
        plane_len: usize,
        strings: &'a mut [Vec<u64>; LEVELS],
        literals: &'a mut Vec<u8>,
        within: Option<&'a mut Scratch>,
        out: &'a mut Vec<u8>,
    ) -> Writer<'a> {
        let start = out.len();
        let shape = &code.shape;
        out.extend_from_slice(&code.head);
        let counts = out.len();
        let planes = counts + COUNT_LEN * (shape.levels - shape.whole);
        let whole_len = plane_len.div_ceil(ROW) * ROW_BYTES;
        out.resize(planes + (shape.raw + shape.whole) * whole_len, 0);
        for string in &mut strings[..shape.levels - shape.whole] {
            // A tile's words are written whole, and one beyond.
            grow(string, plane_len.div_ceil(TILE) * WORDS + 1);
        }
        grow(literals, plane_len + literals::SPARE);
        Writer {
            literals: Literals {
                bytes: literals,
                count: 0,
                field: !code.raw,
            },
            code,
            strings,
            within,
            out,
            start,
            counts,
            planes,
            whole_len,
            whole_at: 0,
            at: [0; LEVELS],
        }
    }

    /// What was there before the payload.
    pub(crate) fn before(&mut self) -> &mut [u8] {
        &mut self.out[..self.start]
    }

    /// Encodes the next symbols: a tile of them, but for the plane's last.
    pub(crate) fn tile(&mut self, symbols: &[u8]) {
        let mut planes = [[0; WORDS]; LEVELS];
        let Code { shape, words, .. } = self.code;
        if let Ok(tile) = symbols.try_into() {
            bytes::to_planes(shape, words, tile, &mut planes, &mut self.literals);
            return write_tile(self, &planes, ROWS, &ALL);
        }
        // What there is too much has a word of zeros, which no deeper level sees.
        let first = words
            .bytes
            .iter()
            .position(|word| *word == 0)
            .unwrap_or_default();
        let mut tile = [first as u8; TILE];
        tile[..symbols.len()].copy_from_slice(symbols);
        bytes::to_planes(shape, words, &tile, &mut planes, &mut self.literals);
        // They come last, and a reader knows them.
        self.literals.count -= shape.escapes_past_end(TILE - symbols.len());
        let there = rows::first(symbols.len());
        write_tile(self, &planes, symbols.len().div_ceil(ROW), &there);
    }

    /// Completes the payload.
    pub(crate) fn finish(self) {
        let deeper = self.code.shape.levels - self.code.shape.whole;
        let counts = self.counts;
        for (level, (string, &at)) in self.strings.iter().zip(&self.at).take(deeper).enumerate() {
            let end = self.out.len() + at.div_ceil(8);
            let words = &string[..at.div_ceil(64)];
            self.out
                .extend(words.iter().flat_map(|word| word.to_le_bytes()));
            self.out.truncate(end);
            let to = &mut self.out[counts + COUNT_LEN * level..][..COUNT_LEN];
            to.copy_from_slice(&count_bytes(at));
        }
        let literals = &self.literals.bytes[..self.literals.count];
        literals::encode(literals, self.within, self.out);
    }

    /// Writes rows of a plane that has a bit for each symbol: the payload's `number`th.
    #[inline(always)]
    fn write_whole(&mut self, number: usize, plane: &Plane, rows: usize) {
        let at = self.planes + number * self.whole_len + self.whole_at;
        let to = self.out[at..at + rows * ROW_BYTES].as_chunks_mut::<8>().0;
        for (to, word) in to.iter_mut().zip(plane) {
            *to = word.to_le_bytes();
        }
    }
}

fn grow<T: Clone + Default>(buffer: &mut Vec<T>, len: usize) {
    if buffer.len() < len {
        buffer.resize(len, T::default());
    }
}

on_best! {
    fn write_tile(
        writer: &mut Writer<'_>, planes: &[Plane; LEVELS], rows: usize, there: &Plane,
    ) = write_tile_with
}

#[inline(always)]
fn write_tile_with<M: Machine>(
    machine: M,
    writer: &mut Writer<'_>,
    planes: &[Plane; LEVELS],
    rows: usize,
    there: &Plane,
) {
    let shape = &writer.code.shape;
    let (raw, whole, levels) = (shape.raw, shape.whole, shape.levels);
    for (number, plane) in planes[..raw].iter().enumerate() {
        writer.write_whole(number, plane, rows);
    }
    for level in 0..whole {
        writer.write_whole(raw + level, &planes[shape.plane(level)], rows);
    }
    writer.whole_at += rows * ROW_BYTES;
    for level in whole..levels {
        let mask = reach(shape, planes, level, there);
        let plane = &planes[shape.plane(level)];
        let (string, at) = (
            &mut writer.strings[level - whole],
            &mut writer.at[level - whole],
        );
        *at = machine.gather(plane, &mask, string, *at);
    }
}

/// Which of the symbols that are there get to a deeper level: those whose bits so far are not below its bound. The
/// others have zeros.
#[inline(always)]
pub(super) fn reach(shape: &Shape, planes: &[Plane; LEVELS], level: usize, there: &Plane) -> Plane {
    let bound = shape.bound(level);
    let mut mask = *there;
    // From the lowest bit up: whether the bits so far are enough.
    for bit in 0..level {
        let plane = &planes[shape.plane(level - 1 - bit)];
        if bound >> bit & 1 == 1 {
            mask.iter_mut()
                .zip(plane)
                .for_each(|(to, word)| *to &= word);
        } else {
            mask.iter_mut()
                .zip(plane)
                .for_each(|(to, word)| *to |= word);
        }
    }
    mask
}
