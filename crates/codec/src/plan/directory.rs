//! A frame's planes: a word for each, with its coding and its length, then their payloads.

use crate::coder::levels::quarters;
use crate::coder::{self, Coding};
use crate::{Error, Level};

/// Coding and length of a plane.
pub(super) const WORD: usize = 4;

/// What the directory says of a plane.
pub(super) fn word(coding: Coding, len: usize) -> [u8; WORD] {
    (coding as u32 | (len as u32) << 8).to_le_bytes()
}

/// Writes planes to the end of `out`.
pub(super) struct Writer<'a> {
    level: Level,
    coder: &'a mut coder::Scratch,
    out: &'a mut Vec<u8>,
    directory: usize,
    /// How many planes there are so far.
    added: usize,
}

impl<'a> Writer<'a> {
    /// For so many planes.
    pub(super) fn new(
        planes: usize,
        level: Level,
        coder: &'a mut coder::Scratch,
        out: &'a mut Vec<u8>,
    ) -> Writer<'a> {
        let directory = out.len();
        out.resize(directory + planes * WORD, 0);
        Writer {
            level,
            coder,
            out,
            directory,
            added: 0,
        }
    }

    /// The next plane, in the coding that is best for it.
    pub(super) fn add(&mut self, plane: &[u8]) {
        let slot = self.added;
        self.add_by(plane, |plane, level, coder, out| {
            coder::encode_next(plane, slot, level, coder, out)
        });
    }

    /// The next plane, of bits that are below those that are coded.
    pub(super) fn add_low(&mut self, plane: &[u8]) {
        let slot = self.added;
        self.add_by(plane, |plane, level, coder, out| {
            coder::encode_low(plane, slot, level, coder, out)
        });
    }

    /// The next two planes, of so many such bytes, which are written to their place.
    pub(super) fn add_lows(&mut self, lens: [usize; 2], fill: impl FnOnce([&mut [u8]; 2])) {
        let start = self.out.len();
        self.out.resize(start + lens[0] + lens[1], 0);
        let (first, second) = self.out[start..].split_at_mut(lens[0]);
        fill([first, second]);
        let is_raw = |plane: &[u8]| plane.is_empty() || coder::are_noise(plane);
        let (first, second) = self.out[start..].split_at(lens[0]);
        if self.level != Level::Max && is_raw(first) && is_raw(second) {
            return lens.iter().for_each(|len| self.added_as(Coding::Raw, *len));
        }
        let both = self.out.split_off(start);
        let (first, second) = both.split_at(lens[0]);
        self.add_low(first);
        self.add_low(second);
    }

    /// The next plane, of bytes of which nothing is known.
    pub(super) fn add_bytes(&mut self, plane: &[u8]) {
        let slot = self.added;
        self.add_by(plane, |plane, level, coder, out| {
            coder::encode_bytes(plane, slot, level, coder, out)
        });
    }

    /// The next plane, of symbols that one code is as a rule the best for.
    pub(super) fn add_symbols(&mut self, plane: &[u8]) {
        let slot = self.added;
        self.add_by(plane, |plane, level, coder, out| {
            coder::encode_symbols(plane, slot, level, coder, out)
        });
    }

    /// The next plane, of so many symbols that are there as their bits, if they suit a code that needs no table.
    pub(super) fn add_quarters(&mut self, bits: &[quarters::Bits], count: usize) -> bool {
        let start = self.out.len();
        let done = quarters::encode(bits, count, &mut self.coder.levels, self.out);
        if done {
            self.added_as(Coding::Levels, self.out.len() - start);
        }
        done
    }

    /// The next plane, of texts.
    pub(super) fn add_texts(&mut self, plane: &[u8]) {
        self.add_by(plane, coder::encode_texts);
    }

    fn add_by(
        &mut self,
        plane: &[u8],
        encode: impl FnOnce(&[u8], Level, &mut coder::Scratch, &mut Vec<u8>) -> Coding,
    ) {
        let start = self.out.len();
        let mut coding = encode(plane, self.level, self.coder, self.out);
        if self.out.len() - start > plane.len() {
            // What a sample promised was not so.
            self.out.truncate(start);
            self.out.extend_from_slice(plane);
            coding = Coding::Raw;
        }
        self.added_as(coding, self.out.len() - start);
    }

    /// Says in the directory what the next plane became.
    fn added_as(&mut self, coding: Coding, len: usize) {
        let at = self.directory + self.added * WORD;
        self.out[at..at + WORD].copy_from_slice(&word(coding, len));
        self.added += 1;
    }
}

/// A plane as it is stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plane<'a> {
    pub coding: Coding,
    pub payload: &'a [u8],
}

/// Takes so many planes, and nothing must be left.
pub(super) fn read(planes: usize, stored: &[u8]) -> Result<Vec<Plane<'_>>, Error> {
    match take(planes, stored)? {
        (all, []) => Ok(all),
        _ => Err(Error::Malformed("bytes after the last plane")),
    }
}

/// Takes so many planes, and gives what follows them.
pub(super) fn take(planes: usize, stored: &[u8]) -> Result<(Vec<Plane<'_>>, &[u8]), Error> {
    let (directory, mut rest) = stored
        .split_at_checked(planes * WORD)
        .ok_or(Error::Malformed("frame ends early"))?;
    let mut all = Vec::with_capacity(planes);
    for word in directory.as_chunks::<WORD>().0 {
        let word = u32::from_le_bytes(*word);
        let coding = Coding::from_code(word as u8).ok_or(Error::Malformed("coding"))?;
        let (payload, after) = rest
            .split_at_checked((word >> 8) as usize)
            .ok_or(Error::Malformed("plane ends early"))?;
        all.push(Plane { coding, payload });
        rest = after;
    }
    Ok((all, rest))
}

impl<'a> Plane<'a> {
    /// The plane's bytes, of which there are so many: in a buffer, where they are not stored as they are.
    pub(super) fn bytes<'b>(self, len: usize, buffer: &'b mut Vec<u8>) -> Result<&'b [u8], Error>
    where
        'a: 'b,
    {
        if self.coding == Coding::Raw && self.payload.len() == len {
            return Ok(self.payload);
        }
        buffer.resize(len, 0);
        self.decode(buffer)?;
        Ok(buffer)
    }

    /// Decodes into exactly `out`.
    pub(super) fn decode(self, out: &mut [u8]) -> Result<(), Error> {
        if out.is_empty() && self.payload.is_empty() {
            return Ok(());
        }
        coder::decode(self.coding, self.payload, out)
    }
}
