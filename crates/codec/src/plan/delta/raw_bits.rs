//! Numbers as symbols and raw bits: those of a few numbers each, one after the other, from the lowest bit of
//! the first byte on. Numbers are bytes here, of the width that [`number_width`] says.
//!
//! [`number_width`]: super::difference::number_width

use super::buckets::{self, Buckets};
use crate::Error;
use crate::cpu::at_best;

const ERROR: Error = Error::Malformed("raw bits");

/// Symbols that are worked on together.
pub(super) const GROUP: usize = 32;
/// More symbols of a group with raw bits than this, and it is faster to take all than to find those.
const MANY: u32 = 4;
/// Bytes beyond those that are written that a writer may touch.
pub(super) const SLACK: usize = 16;

/// Writes to the end of a buffer.
pub(super) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    pub(super) bits: Held,
}

/// Bits that do not fill whole bytes yet, at most 31, and how many.
#[derive(Clone, Copy, Default)]
pub(super) struct Held {
    pub word: u64,
    pub len: u32,
}

impl<'a> Writer<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Writer<'a> {
        Writer {
            out,
            bits: Held::default(),
        }
    }

    /// The symbols of numbers of so many bytes, whose raw bits are written.
    pub(super) fn symbols(
        &mut self,
        buckets: &Buckets,
        width: usize,
        numbers: &[u8],
        out: &mut [u8],
    ) {
        let start = self.out.len();
        // A number has less than 30 raw bits.
        self.out.resize(start + 4 * out.len() + SLACK, 0);
        let room = &mut self.out[start..];
        let mut at = 0;
        #[cfg(target_arch = "x86_64")]
        let done = super::wide::symbols(
            buckets,
            width,
            numbers,
            out,
            (&mut *room, &mut at, &mut self.bits),
        );
        #[cfg(not(target_arch = "x86_64"))]
        let done = 0;
        let (numbers, out) = (&numbers[done * width..], &mut out[done..]);
        put(
            buckets,
            width,
            numbers,
            out,
            (room, &mut at, &mut self.bits),
        );
        self.out.truncate(start + at);
    }

    /// Fills the last byte up with zeros.
    pub(super) fn finish(self) {
        let len = self.bits.len.div_ceil(8) as usize;
        self.out
            .extend_from_slice(&self.bits.word.to_le_bytes()[..len]);
    }
}

/// The symbols of numbers, without their raw bits, where buckets go by sign or not.
pub(super) fn symbols_only(by_sign: bool, width: usize, numbers: &[u8], out: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    let done = super::wide::symbols_only(by_sign, width, numbers, out);
    #[cfg(not(target_arch = "x86_64"))]
    let done = 0;
    only(by_sign, width, &numbers[done * width..], &mut out[done..]);
}

at_best! {
    fn only(by_sign: bool, width: usize, numbers: &[u8], out: &mut [u8]) = only_any
}

#[inline(always)]
fn only_any(by_sign: bool, width: usize, numbers: &[u8], out: &mut [u8]) {
    for (out, from) in out.chunks_mut(GROUP).zip(numbers.chunks(GROUP * width)) {
        let mut group = [0; GROUP];
        load(from, width, &mut group);
        for (out, number) in out.iter_mut().zip(group) {
            *out = buckets::symbol(by_sign, number).0;
        }
    }
}

/// Where raw bits go: room for them, where in it, and what does not fill a byte yet.
pub(super) type To<'a> = (&'a mut [u8], &'a mut usize, &'a mut Held);

at_best! {
    fn put(buckets: &Buckets, width: usize, numbers: &[u8], out: &mut [u8], to: To<'_>) = put_any
}

#[inline(always)]
pub(super) fn put_any(buckets: &Buckets, width: usize, numbers: &[u8], out: &mut [u8], to: To<'_>) {
    let (room, at, bits) = to;
    for (i, out) in out.chunks_mut(GROUP).enumerate() {
        let from = &numbers[i * GROUP * width..][..out.len() * width];
        let mut group = [0; GROUP];
        load(from, width, &mut group);
        let mut symbols = [0; GROUP];
        put_group(buckets, &group, &mut symbols, room, at, bits);
        out.copy_from_slice(&symbols[..out.len()]);
    }
}

/// Numbers that are bytes.
#[inline(always)]
fn load(bytes: &[u8], width: usize, out: &mut [u32; GROUP]) {
    if width == 2 {
        for (out, number) in out.iter_mut().zip(bytes.as_chunks().0) {
            *out = u16::from_le_bytes(*number).into();
        }
    } else {
        for (out, number) in out.iter_mut().zip(bytes.as_chunks().0) {
            *out = u32::from_le_bytes(*number);
        }
    }
}

#[inline(always)]
fn put_group(
    buckets: &Buckets,
    numbers: &[u32; GROUP],
    out: &mut [u8; GROUP],
    room: &mut [u8],
    at: &mut usize,
    bits: &mut Held,
) {
    for (out, number) in out.iter_mut().zip(numbers) {
        *out = (*number).min(0xff) as u8;
    }
    let mut shared = shared(out);
    if shared == 0 {
        return;
    }
    let mut one = |number: u32, out: &mut u8| {
        let (symbol, raw, raw_len) = buckets.symbol(number);
        *out = symbol;
        bits.word |= u64::from(raw) << bits.len;
        bits.len += u32::from(raw_len);
        room[*at..*at + 4].copy_from_slice(&(bits.word as u32).to_le_bytes());
        let is_full = bits.len / 32;
        *at += 4 * is_full as usize;
        bits.word >>= 32 * is_full;
        bits.len %= 32;
    };
    if shared.count_ones() > MANY {
        for (number, out) in numbers.iter().zip(out) {
            one(*number, out);
        }
    } else {
        while shared != 0 {
            let i = shared.trailing_zeros() as usize % GROUP;
            shared &= shared - 1;
            one(numbers[i], &mut out[i]);
        }
    }
}

/// Bytes from which a group surely can be read: its raw bits, and a word beyond.
const WINDOW: usize = 4 * GROUP + 8;

/// Reads what a [`Writer`] wrote.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    /// In bits.
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    /// The numbers of so many bytes that symbols and their raw bits stand for; what they have beyond is
    /// dropped. Bits that are not there are zeros, which [`Reader::finish`] does not forgive.
    pub(super) fn numbers(
        &mut self,
        buckets: &Buckets,
        width: usize,
        symbols: &[u8],
        out: &mut [u8],
    ) {
        #[cfg(target_arch = "x86_64")]
        let done = super::wide::numbers(buckets, width, symbols, (self.bytes, &mut self.at), out);
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
    pub(super) fn finish(self) -> Result<(), Error> {
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

/// Which symbols of a group stand for more than one number, by bit.
#[inline(always)]
fn shared(symbols: &[u8; GROUP]) -> u32 {
    let mut shared = 0;
    for (i, word) in symbols.as_chunks::<8>().0.iter().enumerate() {
        // The upper half of a byte, added to 7f, sets the highest bit where it is not 0.
        let upper = u64::from_le_bytes(*word) >> 4 & 0x0f0f_0f0f_0f0f_0f0f;
        let high = (upper + 0x7f7f_7f7f_7f7f_7f7f) >> 7 & 0x0101_0101_0101_0101;
        // A byte's one goes to the top byte, to the bit of its place.
        let of_word = high.wrapping_mul(0x0102_0408_1020_4080) >> 56;
        shared |= (of_word as u32) << (8 * i);
    }
    shared
}

/// The word at a place of the window; at its last one, if the place is beyond.
#[inline(always)]
fn word(window: &[u8; WINDOW], at: usize) -> u64 {
    let at = at.min(WINDOW - 8);
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&window[at..at + 8]);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::narrowly;
    use proptest::prelude::*;

    /// Numbers as bytes, and those back as numbers.
    fn bytes(numbers: &[u32], width: usize) -> Vec<u8> {
        let each = numbers.iter();
        each.flat_map(|number| number.to_le_bytes()[..width].to_vec())
            .collect()
    }

    fn write(buckets: &Buckets, width: usize, numbers: &[u32]) -> (Vec<u8>, Vec<u8>) {
        let mut bits = Vec::new();
        let mut writer = Writer::new(&mut bits);
        let mut symbols = vec![0; numbers.len()];
        let (one, other) = numbers.split_at(numbers.len() / 3);
        let (one_out, other_out) = symbols.split_at_mut(one.len());
        writer.symbols(buckets, width, &bytes(one, width), one_out);
        writer.symbols(buckets, width, &bytes(other, width), other_out);
        writer.finish();
        (symbols, bits)
    }

    fn read(
        buckets: &Buckets,
        width: usize,
        symbols: &[u8],
        bits: &[u8],
    ) -> (Vec<u8>, Result<(), Error>) {
        let mut out = vec![0; width * symbols.len()];
        let mut reader = Reader::new(bits);
        let (one, other) = symbols.split_at(symbols.len() / 2);
        let (one_out, other_out) = out.split_at_mut(width * one.len());
        reader.numbers(buckets, width, one, one_out);
        reader.numbers(buckets, width, other, other_out);
        (out, reader.finish())
    }

    proptest! {
        #[test]
        fn numbers_come_back(
            numbers in prop::collection::vec((any::<u32>(), 0..32u32), 0..600),
            rare: bool,
            narrow: bool,
            by_sign: bool,
        ) {
            let (width, least) = if narrow { (2, 16) } else { (4, 0) };
            let numbers: Vec<u32> = numbers
                .iter()
                .map(|(number, shift)| if rare && number % 8 > 0 { 3 } else { number >> shift.max(&least) })
                .collect();
            let buckets = Buckets::new(by_sign);
            let (symbols, mut bits) = write(&buckets, width, &numbers);
            prop_assert!(narrowly(|| write(&buckets, width, &numbers)) == (symbols.clone(), bits.clone()));
            let own = numbers.iter().map(|number| buckets.symbol(*number).0);
            prop_assert!(own.eq(symbols.iter().copied()));
            let mut alone = vec![0; symbols.len()];
            symbols_only(by_sign, width, &bytes(&numbers, width), &mut alone);
            prop_assert_eq!(&alone, &symbols);
            let raw = bytes(&numbers, width);
            prop_assert_eq!(&read(&buckets, width, &symbols, &bits), &(raw.clone(), Ok(())));
            prop_assert_eq!(narrowly(|| read(&buckets, width, &symbols, &bits)), (raw.clone(), Ok(())));
            bits.push(0);
            prop_assert_eq!(read(&buckets, width, &symbols, &bits), (raw, Err(ERROR)));
        }

        #[test]
        fn any_symbols_do_no_harm(
            symbols in prop::collection::vec(any::<u8>(), 0..600),
            bits in prop::collection::vec(any::<u8>(), 0..1500),
            by_sign: bool,
            narrow: bool,
        ) {
            let buckets = Buckets::new(by_sign);
            let width = if narrow { 2 } else { 4 };
            let best = read(&buckets, width, &symbols, &bits);
            prop_assert_eq!(best, narrowly(|| read(&buckets, width, &symbols, &bits)));
        }
    }
}
