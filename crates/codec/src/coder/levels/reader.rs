//! From a payload to tiles of symbols.

mod known;
#[cfg(target_arch = "x86_64")]
mod wide;

use std::rc::Rc;

#[cfg(target_arch = "x86_64")]
use super::ROWS;
use super::writer::reach;
use super::{COUNT_LEN, LEVELS, Plane, ROW, ROW_BYTES, TILE, bytes, count_of, literals, quarters};
use crate::Error;
use crate::coder::machine::{Machine, WINDOW, on_best};
use crate::coder::rows::{ALL, first, take_whole};
#[cfg(target_arch = "x86_64")]
use crate::coder::vectors::{Rows, Wide};
use crate::cpu::fetch;
use known::{Known, Tile};

/// About how many bytes literals begin with before their planes.
const HEAD: usize = 192;

/// Reads tile after tile of a payload.
pub(crate) struct Reader<'a> {
    known: Rc<Known>,
    /// Planes that have a bit for each symbol: those of the raw bits, then the first levels'.
    whole: Vec<&'a [u8]>,
    strings: Vec<String<'a>>,
    literals: Literals,
    /// Those of the tile in work.
    planes: Tile,
}

/// What escapes stand for, with spare zeros after it, and how much of it was used.
pub(super) struct Literals {
    pub bytes: Vec<u8>,
    pub at: usize,
}

/// The string of a deeper level.
struct String<'a> {
    /// From its beginning to the payload's end.
    from: &'a [u8],
    /// How many bits it has.
    len: usize,
    /// How many have been read.
    at: usize,
}

impl<'a> Reader<'a> {
    /// For a plane of so many bytes.
    pub(crate) fn new(payload: &'a [u8], plane_len: usize) -> Result<Reader<'a>, Error> {
        Reader::open(payload, plane_len, false)
    }

    /// For the literals of another.
    pub(super) fn of_literals(payload: &'a [u8], count: usize) -> Result<Reader<'a>, Error> {
        Reader::open(payload, count, true)
    }

    fn open(payload: &'a [u8], plane_len: usize, within: bool) -> Result<Reader<'a>, Error> {
        const ENDS: Error = Error::Malformed("plane of levels ends early");
        let (known, taken) = Known::of(payload, within)?;
        let shape = &known.shape;
        let deeper = shape.levels - shape.whole;
        let (counts, mut rest) = payload[taken..]
            .split_at_checked(COUNT_LEN * deeper)
            .ok_or(ENDS)?;
        let mut whole = Vec::with_capacity(LEVELS);
        for _ in 0..shape.raw + shape.whole {
            let len = plane_len.div_ceil(ROW) * ROW_BYTES;
            let (plane, after) = rest.split_at_checked(len).ok_or(ENDS)?;
            fetch(plane, TILE / 8);
            whole.push(plane);
            rest = after;
        }
        let mut strings = Vec::with_capacity(deeper);
        for count in counts.as_chunks::<COUNT_LEN>().0 {
            let len = count_of(*count);
            let after = rest.get(len.div_ceil(8)..).ok_or(ENDS)?;
            fetch(rest, TILE / 8);
            strings.push(String {
                from: rest,
                len,
                at: 0,
            });
            rest = after;
        }
        // Some time before it is read.
        fetch(rest, HEAD);
        Ok(Reader {
            whole,
            strings,
            literals: Literals {
                bytes: literals::decode(rest, plane_len, within)?,
                at: 0,
            },
            planes: known::room(shape.bits()),
            known,
        })
    }

    /// Decodes the next symbols: a tile of them, but for the plane's last.
    pub(crate) fn tile(&mut self, out: &mut [u8]) -> Result<(), Error> {
        let there = if self.known.shape.whole == 0 {
            first(out.len())
        } else {
            ALL
        };
        read_planes(self, &there, out.len().div_ceil(ROW))?;
        self.bytes(out)?;
        // Which the payload lacks: zeros were read instead.
        let past = out.len().next_multiple_of(ROW) - out.len();
        let past = self.known.shape.escapes_past_end(past);
        self.literals.at = self.literals.at.saturating_sub(past);
        Ok(())
    }

    /// Decodes the next symbols of several planes, a tile of each, to wherever their rows go.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn rows<const N: usize>(
        mut readers: [&mut Reader<'_>; N],
        machine: Wide,
        mut out: impl Rows<N>,
    ) -> Result<(), Error> {
        for reader in &mut readers {
            read_planes(reader, &ALL, ROWS)?;
        }
        let words = readers.map(|reader| bytes::wide::Words {
            shape: &reader.known.shape,
            bytes: &reader.known.bytes_of_words.bytes,
            planes: &reader.planes.0,
            literals: &mut reader.literals,
        });
        let enough = bytes::wide::from_planes(machine, words, ROWS, &mut out);
        enough.ok_or(Error::Malformed("literals end early"))
    }

    /// The planes of the next tile, from the last level's on, if the code is that of [`quarters`].
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn quarters(&mut self, machine: Wide) -> Option<Result<&[Plane; 3], Error>> {
        if !self.known.quarters {
            return None;
        }
        let read = wide::read_planes(machine, self, &ALL, ROWS);
        let planes = self.planes.0.first_chunk()?;
        Some(read.map(|()| planes))
    }

    fn bytes(&mut self, out: &mut [u8]) -> Result<(), Error> {
        if self.known.quarters {
            let [last, middle, first, ..] = &self.planes.0;
            quarters::symbols_of([first, middle, last], out);
            return Ok(());
        }
        let enough = bytes::from_planes(
            &self.known.shape,
            &self.known.bytes_of_words,
            &self.planes.0,
            &mut self.literals,
            out,
        );
        enough.ok_or(Error::Malformed("literals end early"))
    }

    /// Whether all was used.
    pub(crate) fn finish(self) -> Result<(), Error> {
        known::keep(self.planes);
        let literals = self.literals.bytes.len() - literals::SPARE;
        if self.strings.iter().any(|string| string.at != string.len) || self.literals.at != literals
        {
            return Err(Error::Malformed("plane of levels is too long"));
        }
        Ok(())
    }
}

/// Reads the next tile of all planes: so many rows of it at least, and of these the symbols that are there, which matters
/// where all levels are strings.
fn read_planes(reader: &mut Reader<'_>, there: &Plane, rows: usize) -> Result<(), Error> {
    #[cfg(target_arch = "x86_64")]
    if let Some(machine) = Wide::here() {
        return wide::read_planes(machine, reader, there, rows);
    }
    // Plain code spreads whole tiles.
    let _ = rows;
    read_planes_plain(reader, there)
}

on_best! {
    fn read_planes_plain(reader: &mut Reader<'_>, there: &Plane) -> Result<(), Error> = read_planes_with
}

#[inline(always)]
fn read_planes_with<M: Machine>(
    machine: M,
    reader: &mut Reader<'_>,
    there: &Plane,
) -> Result<(), Error> {
    read_whole(reader);
    let (shape, planes) = (&reader.known.shape, &mut reader.planes.0);
    for (string, level) in reader.strings.iter_mut().zip(shape.whole..) {
        // A symbol that did not get to the level before has zeros from there on, which are below the bound.
        let mask = reach(shape, planes, level, there);
        let plane = &mut planes[shape.plane(level)];
        string.read(|window, at| machine.spread(window, at, &mask, plane))?;
    }
    Ok(())
}

/// Reads the planes that have a bit for each symbol.
#[inline(always)]
fn read_whole(reader: &mut Reader<'_>) {
    let (shape, planes) = (&reader.known.shape, &mut reader.planes.0);
    let (raw, whole) = reader.whole.split_at_mut(shape.raw);
    for (plane, from) in planes.iter_mut().zip(raw) {
        take_whole(from, plane);
    }
    for (level, from) in whole.iter_mut().enumerate() {
        take_whole(from, &mut planes[shape.plane(level)]);
    }
}

impl String<'_> {
    /// Has the next bits spread: from a window of the string and a bit of it on, up to the bit that is returned.
    #[inline(always)]
    fn read(&mut self, spread: impl FnOnce(&[u8; WINDOW], usize) -> usize) -> Result<(), Error> {
        let (start, bit) = (self.at / 8, self.at % 8);
        let from = self.from.get(start..).unwrap_or_default();
        let end = match from.first_chunk::<WINDOW>() {
            Some(window) => spread(window, bit),
            None => {
                let mut window = [0; WINDOW];
                window[..from.len()].copy_from_slice(from);
                spread(&window, bit)
            }
        };
        self.at = start * 8 + end;
        if self.at > self.len {
            return Err(Error::Malformed("string of a level ends early"));
        }
        Ok(())
    }
}
