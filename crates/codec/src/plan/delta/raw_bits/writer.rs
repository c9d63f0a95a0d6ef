//! Numbers to symbols and raw bits.

use super::super::buckets::{self, Buckets};
use super::{GROUP, MANY, shared};
use crate::cpu::at_best;

/// Bytes beyond those that are written that a writer may touch.
const SLACK: usize = 16;

/// Writes to the end of a buffer.
pub(in super::super) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    pub(in super::super) bits: Held,
}

/// Bits that do not fill whole bytes yet, at most 31, and how many.
#[derive(Clone, Copy, Default)]
pub(in super::super) struct Held {
    pub word: u64,
    pub len: u32,
}

impl<'a> Writer<'a> {
    pub(in super::super) fn new(out: &'a mut Vec<u8>) -> Writer<'a> {
        Writer {
            out,
            bits: Held::default(),
        }
    }

    /// The symbols of numbers of so many bytes, whose raw bits are written.
    pub(in super::super) fn symbols(
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
        let done = super::super::wide::symbols(
            buckets.by_sign,
            width,
            numbers,
            out,
            Some((&mut *room, &mut at, &mut self.bits)),
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
    pub(in super::super) fn finish(self) {
        let len = self.bits.len.div_ceil(8) as usize;
        self.out
            .extend_from_slice(&self.bits.word.to_le_bytes()[..len]);
    }
}

/// The symbols of numbers, without their raw bits, where buckets go by sign or not.
pub(in super::super) fn symbols_only(by_sign: bool, width: usize, numbers: &[u8], out: &mut [u8]) {
    #[cfg(target_arch = "x86_64")]
    let done = super::super::wide::symbols(by_sign, width, numbers, out, None);
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
pub(in super::super) type To<'a> = (&'a mut [u8], &'a mut usize, &'a mut Held);

at_best! {
    fn put(buckets: &Buckets, width: usize, numbers: &[u8], out: &mut [u8], to: To<'_>) = put_any
}

#[inline(always)]
pub(in super::super) fn put_any(
    buckets: &Buckets,
    width: usize,
    numbers: &[u8],
    out: &mut [u8],
    to: To<'_>,
) {
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
