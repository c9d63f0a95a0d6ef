//! Something to encode: bytes with the patterns that the codec looks for, and how.

use arbitrary::{Arbitrary, Result, Unstructured};
use sheaf_codec::{Base, Blob, Dtype, Hint, Level, encode};

/// The most bytes of a chunk, but for the one in a hundred that has several frames.
const USUAL_LEN: usize = 40_000;
const LONG_LEN: usize = 600_000;

/// What is to be encoded, and how.
#[derive(Debug)]
pub struct Job {
    pub dtype: Dtype,
    pub level: Level,
    pub row: u32,
    pub offset: u64,
    pub raw: Vec<u8>,
}

impl<'a> Arbitrary<'a> for Job {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Job> {
        Ok(Job {
            dtype: *u.choose(Dtype::ALL)?,
            level: *u.choose(&[Level::Fast, Level::Default, Level::Max])?,
            row: row(u)?,
            offset: if u.ratio(1, 8)? { u.arbitrary()? } else { 0 },
            raw: Bytes::arbitrary(u)?.0,
        })
    }
}

fn row(u: &mut Unstructured<'_>) -> Result<u32> {
    match u.int_in_range(0..=9)? {
        0..=2 => Ok(0),
        3..=7 => u.int_in_range(1..=600),
        8 => Ok(*u.choose(&[64, 128, 256, 384, 768, 4096])?),
        _ => u.arbitrary(),
    }
}

impl Job {
    /// The blob of the chunk.
    pub fn encode(&self, base: Option<&Base<'_>>) -> Blob {
        let hint = Hint {
            dtype: self.dtype,
            row: self.row,
            offset: self.offset,
        };
        encode(&self.raw, id(&self.raw), &hint, base, self.level)
    }
}

/// The BLAKE3 of bytes.
pub fn id(raw: &[u8]) -> [u8; 32] {
    *blake3::hash(raw).as_bytes()
}

/// Bytes from a few runs, each of its own kind.
#[derive(Debug)]
pub struct Bytes(pub Vec<u8>);

impl<'a> Arbitrary<'a> for Bytes {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Bytes> {
        let most = if u.ratio(1, 100)? {
            LONG_LEN
        } else {
            USUAL_LEN
        };
        let mut raw = Vec::new();
        for _ in 0..u.int_in_range(0..=4)? {
            let len = u.int_in_range(0..=most / 4)?;
            run(u, len, &mut raw)?;
        }
        Ok(Bytes(raw))
    }
}

fn run(u: &mut Unstructured<'_>, len: usize, out: &mut Vec<u8>) -> Result<()> {
    let mut noise = Noise(u.arbitrary::<u64>()? | 1);
    match u.int_in_range(0..=8)? {
        // The fuzzer's own bytes, over and over.
        0 => {
            let own = u.bytes(u.len().min(64))?;
            out.extend(own.iter().cycle().take(len));
        }
        1 => out.extend(std::iter::repeat_n(u.arbitrary::<u8>()?, len)),
        2 => out.extend((0..len).map(|_| noise.next() as u8)),
        // Weights: bf16, f32, f16 inside f32, of a scale by row.
        3 => weights(
            &mut noise,
            len / 2,
            u.arbitrary()?,
            |x, out| {
                out.extend(&x.to_le_bytes()[2..]);
            },
            out,
        ),
        4 => weights(
            &mut noise,
            len / 4,
            u.arbitrary()?,
            |x, out| out.extend(x.to_le_bytes()),
            out,
        ),
        5 => weights(
            &mut noise,
            len / 4,
            u.arbitrary()?,
            |x, out| {
                out.extend((x.to_bits() & !0x1fff).to_le_bytes());
            },
            out,
        ),
        // Few distinct words.
        6 => {
            let words: [[u8; 4]; 8] = u.arbitrary()?;
            let width = *u.choose(&[1, 2, 4])?;
            out.extend(
                (0..len / width).flat_map(|_| words[noise.next() as usize % 8][..width].to_vec()),
            );
        }
        // Sorted numbers.
        7 => {
            let step = u.int_in_range(0..=1000u64)?;
            let mut at = u64::from(u.arbitrary::<u32>()?);
            let width = *u.choose(&[2, 4, 8])?;
            for _ in 0..len / width {
                at += noise.next() % (step + 1);
                out.extend(&at.to_le_bytes()[..width]);
            }
        }
        // Extremes of floats.
        _ => {
            const EXTREMES: [u32; 8] = [
                0,
                0x8000_0000,
                0x7f80_0000,
                0xff80_0000,
                0x7fc0_0001,
                1,
                0x007f_ffff,
                0xffff_ffff,
            ];
            out.extend(
                (0..len / 4).flat_map(|_| EXTREMES[noise.next() as usize % 8].to_le_bytes()),
            );
        }
    }
    Ok(())
}

fn weights(
    noise: &mut Noise,
    count: usize,
    row: u8,
    mut put: impl FnMut(f32, &mut Vec<u8>),
    out: &mut Vec<u8>,
) {
    let mut scale = 0.02;
    for at in 0..count {
        if at % (usize::from(row) + 1) == 0 {
            scale = 0.02 * (1 << (noise.next() % 6)) as f32;
        }
        let sum: i64 = (0..4).map(|_| i64::from(noise.next() as i16)).sum();
        put(sum as f32 / 65536.0 * scale, out);
    }
}

/// Numbers without a pattern.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }
}
