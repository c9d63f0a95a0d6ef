//! An element as a symbol of 8 bits and raw low bits.
//!
//! The symbol has the sign in its top bit and, below it, the exponent with the mantissa's first bits:
//! all of a number that is worth coding. Where those take more than 7 bits, the symbol has their
//! distance from a base that the chunk chooses: 0 is zero itself, 127 an escape.

use crate::Dtype;
use crate::coder::rans::Tables;
use crate::cpu::at_widest;

/// The bits of a symbol below the sign.
const WITHIN: u32 = 7;
/// The symbol, without its sign, of what is too far from the base.
pub(super) const ESCAPE: u8 = 127;

/// Where an element is cut in two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Split {
    /// Bytes of an element.
    pub width: usize,
    /// Bits between the sign and the raw bits.
    pub top: u32,
    /// Raw bits.
    pub low: u32,
    /// What symbol 0 would stand for, were it not zero.
    pub base: u16,
}

/// Bytes, exponent bits and mantissa bits of the floats that this is for. A complex is two of them.
fn float(dtype: Dtype) -> Option<(usize, u32, u32)> {
    Some(match dtype {
        Dtype::Bf16 => (2, 8, 7),
        Dtype::F16 | Dtype::C32 => (2, 5, 10),
        Dtype::F32 | Dtype::C64 => (4, 8, 23),
        Dtype::F64 | Dtype::C128 => (8, 11, 52),
        Dtype::F8E4M3 | Dtype::F8E4M3Fnuz => (1, 4, 3),
        Dtype::F8E5M2 | Dtype::F8E5M2Fnuz => (1, 5, 2),
        // Bytes as they are.
        Dtype::I8 => (1, 7, 0),
        _ => return None,
    })
}

/// How many of a hint's elements a unit is: complex ones have two.
pub(super) fn parts(dtype: Dtype) -> u32 {
    match dtype {
        Dtype::C32 | Dtype::C64 | Dtype::C128 => 2,
        _ => 1,
    }
}

impl Split {
    /// With so many bits of the mantissa in the symbol; nothing where a dtype has no such split.
    pub(super) fn new(dtype: Dtype, kept: u32, base: u16) -> Option<Split> {
        let (width, exponent, mantissa) = float(dtype)?;
        let split = Split {
            width,
            top: exponent + kept,
            low: mantissa.checked_sub(kept)?,
            base,
        };
        let fits = match split.is_narrow() {
            true => base == 0,
            false => u32::from(base) + u32::from(ESCAPE) <= split.mask().into(),
        };
        fits.then_some(split)
    }

    /// As many bits of the mantissa as the symbol has room for, or 2.
    pub(super) fn most_kept(dtype: Dtype) -> Option<u32> {
        let (_, exponent, mantissa) = float(dtype)?;
        Some(WITHIN.saturating_sub(exponent).max(2).min(mantissa))
    }

    /// Whether symbols have room for everything, so that nothing escapes.
    pub(super) fn is_narrow(self) -> bool {
        self.top <= WITHIN
    }

    /// Whether a symbol that tables have says that an element escaped.
    pub(super) fn can_escape(self, tables: &Tables) -> bool {
        let escapes = [ESCAPE, 1 << WITHIN | ESCAPE];
        let mut contexts = 0..tables.contexts();
        !self.is_narrow()
            && contexts.any(|context| escapes.iter().any(|escape| tables.has(context, *escape)))
    }

    /// The bits below the sign.
    pub(super) fn mask(self) -> u16 {
        (1 << self.top) - 1
    }

    /// What comes from the symbol, moved to the lowest bits.
    #[inline(always)]
    fn top_of(self, symbol: u8) -> u16 {
        if self.is_narrow() {
            return symbol.into();
        }
        let within = u16::from(symbol & ESCAPE);
        let top = if within == 0 { 0 } else { self.base + within };
        u16::from(symbol >> WITHIN) << self.top | top
    }

    #[inline(always)]
    fn symbol_of(self, top: u16) -> u8 {
        if self.is_narrow() {
            return top as u8;
        }
        let sign = (top >> self.top) as u8;
        let within = top & self.mask();
        let distance = within.wrapping_sub(self.base);
        let near = distance.wrapping_sub(1) < u16::from(ESCAPE) - 1;
        let symbol = if near { distance as u8 } else { ESCAPE };
        sign << WITHIN | if within == 0 { 0 } else { symbol }
    }

    /// The bits between sign and raw bits of an element.
    #[inline]
    pub(super) fn within(self, element: &[u8]) -> u16 {
        let mut bytes = [0; 8];
        bytes[..element.len()].copy_from_slice(element);
        (u64::from_le_bytes(bytes) >> self.low) as u16 & self.mask()
    }
}

/// Calls a function for the type of an element's word.
macro_rules! for_word {
    ($width:expr, $call:ident($($arg:expr),*)) => {
        match $width {
            1 => $call::<u8, 1>($($arg),*),
            2 => $call::<u16, 2>($($arg),*),
            4 => $call::<u32, 4>($($arg),*),
            _ => $call::<u64, 8>($($arg),*),
        }
    };
}
pub(super) use for_word;

/// An element's bits.
pub(super) trait Word<const N: usize>: Copy + std::ops::BitOr<Output = Self> {
    fn get(bytes: [u8; N]) -> Self;
    fn put(self) -> [u8; N];
    /// Shifts down and keeps the lowest 16 bits.
    fn down(self, by: u32) -> u16;
    /// Shifts 16 bits up.
    fn up(bits: u16, by: u32) -> Self;
    fn zeros(self) -> u32;
}

macro_rules! words {
    ($($word:ident $bytes:literal),*) => {$(
        impl Word<$bytes> for $word {
            #[inline(always)]
            fn get(bytes: [u8; $bytes]) -> Self {
                $word::from_le_bytes(bytes)
            }
            #[inline(always)]
            fn put(self) -> [u8; $bytes] {
                self.to_le_bytes()
            }
            #[inline(always)]
            fn down(self, by: u32) -> u16 {
                (self >> (by % $word::BITS)) as u16
            }
            #[inline(always)]
            fn up(bits: u16, by: u32) -> Self {
                (bits as $word) << (by % $word::BITS)
            }
            #[inline(always)]
            fn zeros(self) -> u32 {
                self.trailing_zeros()
            }
        }
    )*};
}
words!(u8 1, u16 2, u32 4, u64 8);

at_widest! {
    /// The symbols of elements, as many as there are bytes in `out`.
    pub(super) fn symbols(split: Split, raw: &[u8], out: &mut [u8]) = symbols_any
}

#[inline(always)]
fn symbols_any(split: Split, raw: &[u8], out: &mut [u8]) {
    for_word!(split.width, symbols_of(split, raw, out));
}

#[inline(always)]
fn symbols_of<W: Word<N>, const N: usize>(split: Split, raw: &[u8], out: &mut [u8]) {
    for (to, from) in out.iter_mut().zip(raw.as_chunks::<N>().0) {
        *to = split.symbol_of(W::get(*from).down(split.low));
    }
}

at_widest! {
    /// Elements of symbols, and of some of their raw bits, which begin at bit `up`. What escaped is
    /// yet to be patched.
    pub(super) fn elements(split: Split, symbols: &[u8], bits: &[u8], up: u32, out: &mut [u8]) = elements_any
}

#[inline(always)]
fn elements_any(split: Split, symbols: &[u8], bits: &[u8], up: u32, out: &mut [u8]) {
    for_word!(split.width, elements_of(split, symbols, bits, up, out));
}

#[inline(always)]
fn elements_of<W: Word<N>, const N: usize>(
    split: Split,
    symbols: &[u8],
    bits: &[u8],
    up: u32,
    out: &mut [u8],
) {
    let out = out.as_chunks_mut::<N>().0.iter_mut();
    for ((to, symbol), bits) in out.zip(symbols).zip(bits) {
        let top = W::up(split.top_of(*symbol), split.low);
        *to = (top | W::up(u16::from(*bits), up)).put();
    }
}

#[cfg(test)]
mod tests {
    use super::super::escapes;
    use super::*;

    fn all_splits() -> impl Iterator<Item = Split> {
        let floats = Dtype::ALL.iter().filter(|dtype| float(**dtype).is_some());
        floats.flat_map(|&dtype| {
            let most = Split::most_kept(dtype).unwrap();
            (0..=most).flat_map(move |kept| {
                [0, 5, 100, 800]
                    .into_iter()
                    .filter_map(move |base| Split::new(dtype, kept, base))
            })
        })
    }

    fn sample(width: usize) -> Vec<u8> {
        let mut raw: Vec<u8> = (0..width as u32 * 5000)
            .map(|i| (i.wrapping_mul(0x9e37_79b9) >> 13) as u8)
            .collect();
        raw[..20 * width].fill(0);
        raw[20 * width..40 * width].fill(0xff);
        raw
    }

    #[test]
    fn elements_come_back_but_for_raw_bits() {
        for split in all_splits() {
            let raw = sample(split.width);
            let mut found = vec![0; 5000];
            symbols(split, &raw, &mut found);
            let mut escaped = Vec::new();
            escapes::write(split, &raw, &found, &mut escaped);
            let mut back = vec![0; raw.len()];
            elements(split, &found, &[0; 5000], 0, &mut back);
            escapes::read(split, &escaped, &found, &mut back).unwrap();
            for (a, b) in raw.chunks(split.width).zip(back.chunks(split.width)) {
                let word = |bytes: &[u8]| {
                    bytes
                        .iter()
                        .rev()
                        .fold(0u64, |word, byte| word << 8 | u64::from(*byte))
                };
                assert_eq!(word(a) >> split.low << split.low, word(b), "{split:?}");
            }
            escaped.push(0);
            assert!(escapes::read(split, &escaped, &found, &mut back).is_err());
        }
    }

    #[test]
    fn every_machine_does_the_same() {
        for split in all_splits() {
            let raw = sample(split.width);
            let (mut best, mut plain) = (vec![0; 5000], vec![0; 5000]);
            symbols(split, &raw, &mut best);
            symbols_any(split, &raw, &mut plain);
            assert_eq!(best, plain);
            let (mut back, mut other) = (vec![0; raw.len()], vec![0; raw.len()]);
            elements(split, &best, &best, 3, &mut back);
            elements_any(split, &best, &best, 3, &mut other);
            assert_eq!(back, other);
        }
    }
}
