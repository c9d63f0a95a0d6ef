//! Symbols and raw bits to numbers.

use super::super::buckets::Buckets;
use super::{GROUP, MANY, shared};
use crate::Error;
use crate::cpu::at_best;

pub(super) const ERROR: Error = Error::Malformed("raw bits");

/// Bytes from which a group surely can be read: its raw bits, and a word beyond.
const WINDOW: usize = 4 * GROUP + 8;

/// Reads what a [`super::Writer`] wrote.
pub(in super::super) struct Reader<'a> {
    bytes: &'a [u8],
    /// In bits.
    at: usize,
}

impl<'a> Reader<'a> {
    pub(in super::super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    /// The numbers of so many bytes that symbols and their raw bits stand for; what they have beyond is
    /// dropped. Bits that are not there are zeros, which [`Reader::finish`] does not forgive.
    pub(in super::super) fn numbers(
        &mut self,
        buckets: &Buckets,
        width: usize,
        symbols: &[u8],
        out: &mut [u8],
    ) {
        #[cfg(target_arch = "x86_64")]
        let done =
            super::super::wide::numbers(buckets, width, symbols, (self.bytes, &mut self.at), out);
        #[cfg(not(target_arch = "x86_64"))]
        let done = 0;
        get(
            self,
            buckets,
            width,
            &symbols[done..],
            &mut out[done * width..],
        );
    }

    #[inline(always)]
    fn group(&mut self, buckets: &Buckets, symbols: &[u8; GROUP], out: &mut [u32; GROUP]) {
        for (out, symbol) in out.iter_mut().zip(symbols) {
            *out = u32::from(*symbol);
        }
        let shared = shared(symbols);
        if shared == 0 {
            return;
        }
        let from = (self.at / 8).min(self.bytes.len());
        match self.bytes[from..].first_chunk::<WINDOW>() {
            Some(window) => self.group_in(buckets, symbols, shared, out, window),
            None => {
                let mut window = [0; WINDOW];
                let rest = &self.bytes[from..];
                window[..rest.len()].copy_from_slice(rest);
                self.group_in(buckets, symbols, shared, out, &window);
            }
        }
    }

    #[inline(always)]
    fn group_in(
        &mut self,
        buckets: &Buckets,
        symbols: &[u8; GROUP],
        mut shared: u32,
        out: &mut [u32; GROUP],
        window: &[u8; WINDOW],
    ) {
        let start = self.at / 8 * 8;
        let mut at = self.at - start;
        let mut one = |symbol: u8, out: &mut u32| {
            let (smallest, len) = buckets.entry(symbol);
            let word = word(window, at / 8);
            let raw = (word >> (at % 8)) as u32 & ((1 << u32::from(len)) - 1);
            at += usize::from(len);
            *out = smallest + buckets.place(raw);
        };
        if shared.count_ones() > MANY {
            for (symbol, out) in symbols.iter().zip(out) {
                one(*symbol, out);
            }
        } else {
            while shared != 0 {
                let i = shared.trailing_zeros() as usize % GROUP;
                shared &= shared - 1;
                one(symbols[i], &mut out[i]);
            }
        }
        self.at = start + at;
    }

    /// After the last symbol: all bytes are used up, and what is left of the last is zeros.
    pub(in super::super) fn finish(self) -> Result<(), Error> {
        if self.at.div_ceil(8) != self.bytes.len() {
            return Err(ERROR);
        }
        match self.bytes.last() {
            Some(last) if !self.at.is_multiple_of(8) && last >> (self.at % 8) != 0 => Err(ERROR),
            _ => Ok(()),
        }
    }
}

at_best! {
    fn get(reader: &mut Reader<'_>, buckets: &Buckets, width: usize, symbols: &[u8], out: &mut [u8]) = get_any
}

#[inline(always)]
fn get_any(
    reader: &mut Reader<'_>,
    buckets: &Buckets,
    width: usize,
    symbols: &[u8],
    out: &mut [u8],
) {
    for (symbols, out) in symbols.chunks(GROUP).zip(out.chunks_mut(GROUP * width)) {
        let (mut group, mut numbers) = ([0; GROUP], [0; GROUP]);
        group[..symbols.len()].copy_from_slice(symbols);
        reader.group(buckets, &group, &mut numbers);
        store(&numbers, width, out);
    }
}

/// Numbers to bytes.
#[inline(always)]
fn store(numbers: &[u32; GROUP], width: usize, out: &mut [u8]) {
    if width == 2 {
        for (out, number) in out.as_chunks_mut().0.iter_mut().zip(numbers) {
            *out = (*number as u16).to_le_bytes();
        }
    } else {
        for (out, number) in out.as_chunks_mut().0.iter_mut().zip(numbers) {
            *out = number.to_le_bytes();
        }
    }
}

/// The word at a place of the window; at its last one, if the place is beyond.
#[inline(always)]
fn word(window: &[u8; WINDOW], at: usize) -> u64 {
    let at = at.min(WINDOW - 8);
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&window[at..at + 8]);
    u64::from_le_bytes(bytes)
}
