//! Words of 2, 4 and 8 bytes to planes and back. Plain loops over runs of a known length, which become
//! vector instructions.

/// Elements that are taken at once.
const RUN: usize = 64;

type Bytes = [u8; RUN];
type Halves = [u16; RUN];

/// How the two bytes of a half word go to planes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    /// As they are.
    Bytes,
    /// The top of a bf16 or a single: sign and 7 bits of mantissa, then 8 bits of exponent.
    Float,
    /// The top of a double: the sign, the exponent's top 3 bits and the mantissa's top 4, which change
    /// little together; then the exponent's low 8 bits.
    Double,
}

impl Half {
    #[inline(always)]
    fn apart(self, halves: &Halves, low: &mut Bytes, high: &mut Bytes) {
        for i in 0..RUN {
            let word = halves[i];
            (low[i], high[i]) = match self {
                Half::Bytes => (word as u8, (word >> 8) as u8),
                Half::Float => (
                    (word & 0x7f) as u8 | (word >> 8 & 0x80) as u8,
                    (word >> 7) as u8,
                ),
                Half::Double => (
                    (word & 0x0f) as u8 | (word >> 8 & 0xf0) as u8,
                    (word >> 4) as u8,
                ),
            };
        }
    }

    #[inline(always)]
    fn together(self, low: &Bytes, high: &Bytes) -> Halves {
        let mut halves = [0; RUN];
        for i in 0..RUN {
            let (low, high) = (u16::from(low[i]), u16::from(high[i]));
            halves[i] = match self {
                Half::Bytes => low | high << 8,
                Half::Float => (low & 0x7f) | (low & 0x80) << 8 | high << 7,
                Half::Double => (low & 0x0f) | (low & 0xf0) << 8 | high << 4,
            };
        }
        halves
    }
}

/// Splits words of 2 bytes. All have room for the same number of elements, as in the others below.
#[inline(always)]
pub(super) fn split2(half: Half, raw: &[u8], [low, high]: [&mut [u8]; 2]) {
    let (raw, raw_rest) = raw.as_chunks::<{ 2 * RUN }>();
    let (low, low_rest) = low.as_chunks_mut::<RUN>();
    let (high, high_rest) = high.as_chunks_mut::<RUN>();
    for ((raw, low), high) in raw.iter().zip(low).zip(high) {
        split2_run(half, raw, low, high);
    }
    if raw_rest.is_empty() {
        return;
    }
    let mut run = [0; 2 * RUN];
    run[..raw_rest.len()].copy_from_slice(raw_rest);
    let (mut low, mut high) = ([0; RUN], [0; RUN]);
    split2_run(half, &run, &mut low, &mut high);
    low_rest.copy_from_slice(&low[..low_rest.len()]);
    high_rest.copy_from_slice(&high[..high_rest.len()]);
}

#[inline(always)]
fn split2_run(half: Half, raw: &[u8; 2 * RUN], low: &mut Bytes, high: &mut Bytes) {
    let mut halves = [0; RUN];
    for (to, word) in halves.iter_mut().zip(raw.as_chunks::<2>().0) {
        *to = u16::from_le_bytes(*word);
    }
    half.apart(&halves, low, high);
}

/// Puts words of 2 bytes together.
#[inline(always)]
pub(super) fn merge2(half: Half, [low, high]: [&[u8]; 2], out: &mut [u8]) {
    let (out, out_rest) = out.as_chunks_mut::<{ 2 * RUN }>();
    let (low, low_rest) = low.as_chunks::<RUN>();
    let (high, high_rest) = high.as_chunks::<RUN>();
    for ((out, low), high) in out.iter_mut().zip(low).zip(high) {
        merge2_run(half, low, high, out);
    }
    if out_rest.is_empty() {
        return;
    }
    let mut run = [0; 2 * RUN];
    merge2_run(half, &filled(low_rest), &filled(high_rest), &mut run);
    out_rest.copy_from_slice(&run[..out_rest.len()]);
}

#[inline(always)]
fn merge2_run(half: Half, low: &Bytes, high: &Bytes, out: &mut [u8; 2 * RUN]) {
    let halves = half.together(low, high);
    for (to, half) in out.as_chunks_mut::<2>().0.iter_mut().zip(halves) {
        *to = half.to_le_bytes();
    }
}

/// A run that begins with some bytes.
fn filled(bytes: &[u8]) -> Bytes {
    let mut run = [0; RUN];
    run[..bytes.len()].copy_from_slice(bytes);
    run
}

/// Splits words of 4 bytes: the lower half as bytes, the upper half in its way.
#[inline(always)]
pub(super) fn split4(half: Half, raw: &[u8], [a, b, c, d]: [&mut [u8]; 4]) {
    let (raw, raw_rest) = raw.as_chunks::<{ 4 * RUN }>();
    let (a, a_rest) = a.as_chunks_mut::<RUN>();
    let (b, b_rest) = b.as_chunks_mut::<RUN>();
    let (c, c_rest) = c.as_chunks_mut::<RUN>();
    let (d, d_rest) = d.as_chunks_mut::<RUN>();
    for ((((raw, a), b), c), d) in raw.iter().zip(a).zip(b).zip(c).zip(d) {
        split4_run(half, raw, [a, b, c, d]);
    }
    if raw_rest.is_empty() {
        return;
    }
    let mut run = [0; 4 * RUN];
    run[..raw_rest.len()].copy_from_slice(raw_rest);
    let [mut a, mut b, mut c, mut d] = [[0; RUN]; 4];
    split4_run(half, &run, [&mut a, &mut b, &mut c, &mut d]);
    a_rest.copy_from_slice(&a[..a_rest.len()]);
    b_rest.copy_from_slice(&b[..b_rest.len()]);
    c_rest.copy_from_slice(&c[..c_rest.len()]);
    d_rest.copy_from_slice(&d[..d_rest.len()]);
}

#[inline(always)]
fn split4_run(half: Half, raw: &[u8; 4 * RUN], [a, b, c, d]: [&mut Bytes; 4]) {
    let (mut low, mut high) = ([0; RUN], [0; RUN]);
    for (i, word) in raw.as_chunks::<4>().0.iter().enumerate() {
        let word = u32::from_le_bytes(*word);
        (low[i], high[i]) = (word as u16, (word >> 16) as u16);
    }
    Half::Bytes.apart(&low, a, b);
    half.apart(&high, c, d);
}

/// Puts words of 4 bytes together.
#[inline(always)]
pub(super) fn merge4(half: Half, [a, b, c, d]: [&[u8]; 4], out: &mut [u8]) {
    let (out, out_rest) = out.as_chunks_mut::<{ 4 * RUN }>();
    let (a, a_rest) = a.as_chunks::<RUN>();
    let (b, b_rest) = b.as_chunks::<RUN>();
    let (c, c_rest) = c.as_chunks::<RUN>();
    let (d, d_rest) = d.as_chunks::<RUN>();
    for ((((out, a), b), c), d) in out.iter_mut().zip(a).zip(b).zip(c).zip(d) {
        merge4_run(half, [a, b, c, d], out);
    }
    if out_rest.is_empty() {
        return;
    }
    let mut run = [0; 4 * RUN];
    let rest = [a_rest, b_rest, c_rest, d_rest].map(filled);
    let [a, b, c, d] = &rest;
    merge4_run(half, [a, b, c, d], &mut run);
    out_rest.copy_from_slice(&run[..out_rest.len()]);
}

#[inline(always)]
fn merge4_run(half: Half, [a, b, c, d]: [&Bytes; 4], out: &mut [u8; 4 * RUN]) {
    let low = Half::Bytes.together(a, b);
    let high = half.together(c, d);
    for (i, to) in out.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        *to = (u32::from(low[i]) | u32::from(high[i]) << 16).to_le_bytes();
    }
}

/// Splits words of 8 bytes into as many planes: all but the top as bytes.
#[inline(always)]
pub(super) fn split8(half: Half, raw: &[u8], planes: &mut [&mut [u8]]) {
    let (runs, rest) = raw.as_chunks::<{ 8 * RUN }>();
    let mut bytes = [[0; RUN]; 8];
    for (r, run) in runs.iter().enumerate() {
        split8_run(half, run, &mut bytes);
        for (plane, bytes) in planes.iter_mut().zip(&bytes) {
            plane[r * RUN..][..RUN].copy_from_slice(bytes);
        }
    }
    let mut run = [0; 8 * RUN];
    run[..rest.len()].copy_from_slice(rest);
    split8_run(half, &run, &mut bytes);
    for (plane, bytes) in planes.iter_mut().zip(&bytes) {
        plane[runs.len() * RUN..].copy_from_slice(&bytes[..rest.len() / 8]);
    }
}

#[inline(always)]
fn split8_run(half: Half, raw: &[u8; 8 * RUN], planes: &mut [Bytes; 8]) {
    let (mut low, mut high) = ([0; 4 * RUN], [0; 4 * RUN]);
    let halves = low.as_chunks_mut::<4>().0.iter_mut();
    let halves = halves.zip(high.as_chunks_mut::<4>().0);
    for ((low, high), word) in halves.zip(raw.as_chunks::<8>().0) {
        let word = u64::from_le_bytes(*word);
        *low = (word as u32).to_le_bytes();
        *high = ((word >> 32) as u32).to_le_bytes();
    }
    let [a, b, c, d, e, f, g, h] = planes;
    split4_run(Half::Bytes, &low, [a, b, c, d]);
    split4_run(half, &high, [e, f, g, h]);
}

/// Puts words of 8 bytes together.
#[inline(always)]
pub(super) fn merge8(half: Half, planes: &[&[u8]], out: &mut [u8]) {
    let (runs, rest) = out.as_chunks_mut::<{ 8 * RUN }>();
    let (whole, mut bytes) = (runs.len() * RUN, [[0; RUN]; 8]);
    for (r, run) in runs.iter_mut().enumerate() {
        for (plane, bytes) in planes.iter().zip(&mut bytes) {
            bytes.copy_from_slice(&plane[r * RUN..][..RUN]);
        }
        merge8_run(half, &bytes, run);
    }
    for (plane, bytes) in planes.iter().zip(&mut bytes) {
        *bytes = filled(&plane[whole..]);
    }
    let mut run = [0; 8 * RUN];
    merge8_run(half, &bytes, &mut run);
    rest.copy_from_slice(&run[..rest.len()]);
}

#[inline(always)]
fn merge8_run(half: Half, planes: &[Bytes; 8], out: &mut [u8; 8 * RUN]) {
    let (mut low, mut high) = ([0; 4 * RUN], [0; 4 * RUN]);
    let [a, b, c, d, e, f, g, h] = planes;
    merge4_run(Half::Bytes, [a, b, c, d], &mut low);
    merge4_run(half, [e, f, g, h], &mut high);
    let halves = low.as_chunks::<4>().0.iter().zip(high.as_chunks::<4>().0);
    for (word, (low, high)) in out.as_chunks_mut::<8>().0.iter_mut().zip(halves) {
        let (low, high) = (u32::from_le_bytes(*low), u32::from_le_bytes(*high));
        *word = (u64::from(low) | u64::from(high) << 32).to_le_bytes();
    }
}
