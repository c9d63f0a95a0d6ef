//! From tiles of symbols to a payload.

#[cfg(target_arch = "x86_64")]
mod wide;

use super::code::Code;
use super::spec::Shape;
use super::{COUNT_LEN, LEVELS, Plane, ROW, ROW_BYTES, TILE, WORDS, bytes, count_bytes, literals};
use crate::coder::machine::{Machine, on_best};
use crate::coder::rows;
#[cfg(target_arch = "x86_64")]
use crate::coder::vectors::Wide;

/// A tile's words that get to a level, and a vector beyond.
#[cfg(target_arch = "x86_64")]
const ROOM: usize = TILE + literals::WIDE + 1984;

/// Buffers that are used again: a plane's, and those of its literals' own levels.
#[derive(Default)]
pub(crate) struct Scratch {
    pub(super) own: Buffers,
    within: Buffers,
}

#[derive(Default)]
pub(super) struct Buffers {
    /// One for each deeper level.
    pub strings: [Vec<u64>; LEVELS],
    literals: Vec<u8>,
    /// The words that get to a level, and those that get to the next.
    #[cfg(target_arch = "x86_64")]
    reached: Option<Box<[[u8; ROOM]; 2]>>,
}

/// Writes a payload tile by tile.
pub(crate) struct Writer<'a> {
    code: &'a Code,
    strings: &'a mut [Vec<u64>; LEVELS],
    #[cfg(target_arch = "x86_64")]
    reached: &'a mut [[u8; ROOM]; 2],
    literals: Literals<'a>,
    within: Option<&'a mut Buffers>,
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
        let Scratch { own, within } = scratch;
        Writer::begin(code, plane_len, own, Some(within), out)
    }

    /// For the literals of another.
    pub(super) fn of_literals(
        code: &'a Code,
        plane_len: usize,
        buffers: &'a mut Buffers,
        out: &'a mut Vec<u8>,
    ) -> Writer<'a> {
        Writer::begin(code, plane_len, buffers, None, out)
    }

    fn begin(
        code: &'a Code,
        plane_len: usize,
        buffers: &'a mut Buffers,
        within: Option<&'a mut Buffers>,
        out: &'a mut Vec<u8>,
    ) -> Writer<'a> {
        let Buffers {
            strings, literals, ..
        } = buffers;
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
        grow(literals, plane_len + TILE + literals::SPARE);
        Writer {
            literals: Literals {
                bytes: literals,
                count: 0,
                field: !code.raw,
            },
            code,
            strings,
            #[cfg(target_arch = "x86_64")]
            reached: buffers
                .reached
                .get_or_insert_with(|| Box::new([[0; ROOM]; 2])),
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
        if let Ok(tile) = symbols.try_into() {
            return write_tile(self, tile, TILE);
        }
        // What there is too much has a word of zeros, which no deeper level sees.
        let bytes = &self.code.words.bytes;
        let first = bytes.iter().position(|word| *word == 0);
        let mut tile = [first.unwrap_or_default() as u8; TILE];
        tile[..symbols.len()].copy_from_slice(symbols);
        write_tile(self, &tile, symbols.len());
        // They come last, and a reader knows them.
        self.literals.count -= self.code.shape.escapes_past_end(TILE - symbols.len());
    }

    /// Completes the payload.
    pub(crate) fn finish(self) {
        let deeper = self.code.shape.levels - self.code.shape.whole;
        let counts = self.counts;
        for (level, (string, &at)) in self.strings.iter().zip(&self.at).take(deeper).enumerate() {
            append(string, at, self.out);
            let to = &mut self.out[counts + COUNT_LEN * level..][..COUNT_LEN];
            to.copy_from_slice(&count_bytes(at));
        }
        let literals = &self.literals.bytes[..self.literals.count];
        literals::encode(literals, &self.code.literals, self.within, self.out);
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

/// Appends a string of so many bits, filled up to whole bytes.
pub(super) fn append(string: &[u64], bits: usize, out: &mut Vec<u8>) {
    let end = out.len() + bits.div_ceil(8);
    let words = &string[..bits.div_ceil(64)];
    let start = out.len();
    out.resize(start + 8 * words.len(), 0);
    let to = out[start..].as_chunks_mut().0;
    to.iter_mut()
        .zip(words)
        .for_each(|(to, word)| *to = word.to_le_bytes());
    out.truncate(end);
}

pub(super) fn grow<T: Clone + Default>(buffer: &mut Vec<T>, len: usize) {
    if buffer.len() < len {
        buffer.resize(len, T::default());
    }
}

/// Writes a tile of which so many symbols are there.
fn write_tile(writer: &mut Writer<'_>, tile: &[u8; TILE], count: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(machine) = Wide::here() {
        return wide::write_tile(machine, writer, tile, count);
    }
    write_tile_plain(writer, tile, count);
}

on_best! {
    fn write_tile_plain(writer: &mut Writer<'_>, tile: &[u8; TILE], count: usize) = write_tile_with
}

#[inline(always)]
fn write_tile_with<M: Machine>(
    machine: M,
    writer: &mut Writer<'_>,
    tile: &[u8; TILE],
    count: usize,
) {
    let Code { shape, words, .. } = writer.code;
    let (there, rows) = (rows::first(count), count.div_ceil(ROW));
    let mut planes = [[0; WORDS]; LEVELS];
    bytes::to_planes(
        machine,
        shape,
        words.table(),
        tile,
        &mut planes,
        &mut writer.literals,
    );
    let (raw, whole, levels) = (shape.raw, shape.whole, shape.levels);
    for (number, plane) in planes[..raw].iter().enumerate() {
        writer.write_whole(number, plane, rows);
    }
    for level in 0..whole {
        writer.write_whole(raw + level, &planes[shape.plane(level)], rows);
    }
    writer.whole_at += rows * ROW_BYTES;
    for level in whole..levels {
        let mask = reach(shape, &planes, level, &there);
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
