//! Bytes with the patterns that a codec of weights looks for, and with those that wear it out.

use proptest::prelude::*;
use proptest::sample::select;

/// Up to `most` bytes: a few runs, each of its own kind, so that units, rows and frames begin anywhere.
pub fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    let run = (kind(), 0..=most / 3, any::<u64>());
    proptest::collection::vec(run, 0..=3).prop_map(|runs| {
        let runs = runs
            .into_iter()
            .map(|(kind, len, seed)| kind.bytes(len, seed));
        runs.collect::<Vec<_>>().concat()
    })
}

/// Elements of a row, or none.
pub fn row() -> impl Strategy<Value = u32> {
    prop_oneof![
        Just(0),
        1u32..40,
        (1u32..1 << 24).prop_map(|blocks| blocks * 256),
        select(vec![64, 128, 384, 1000, 4096]),
        any::<u32>()
    ]
}

fn kind() -> impl Strategy<Value = Kind> {
    prop_oneof![
        any::<u8>().prop_map(Kind::Constant),
        Just(Kind::Noise),
        (1usize..=8, 1usize..=300).prop_map(|(width, row)| Kind::Weights { width, row }),
        select(vec![4, 8, 13, 16, 20, 23]).prop_map(|zeros| Kind::Clean { zeros }),
        (select(vec![1, 2, 4, 8]), 1usize..=20)
            .prop_map(|(width, values)| Kind::Few { width, values }),
        (select(vec![2, 4, 8]), 0u64..2000).prop_map(|(width, step)| Kind::Sorted { width, step }),
        (0u32..30).prop_map(|bits| Kind::Multiples { bits }),
        Just(Kind::Extremes),
        Just(Kind::Text),
        (2u8..100).prop_map(|every| Kind::Sparse { every }),
    ]
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// One value.
    Constant(u8),
    /// No pattern at all.
    Noise,
    /// Floats about 0 whose scale differs by row, cut to so many of an f64's or f32's upper bytes.
    Weights { width: usize, row: usize },
    /// f32 with so many zero bits at the end.
    Clean { zeros: u32 },
    /// Few distinct words.
    Few { width: usize, values: usize },
    /// Numbers that grow.
    Sorted { width: usize, step: u64 },
    /// f32 that are multiples of 2^-bits.
    Multiples { bits: u32 },
    /// Infinities, NaNs, subnormals, both zeros, the largest.
    Extremes,
    /// What people write.
    Text,
    /// Zeros with something now and then.
    Sparse { every: u8 },
}

const EXTREMES: [u32; 10] = [
    0,
    0x8000_0000,
    0x7f80_0000,
    0xff80_0000,
    0x7fc0_0001,
    0xffff_ffff,
    1,
    0x807f_ffff,
    0x7f7f_ffff,
    0x3f80_0000,
];

impl Kind {
    fn bytes(self, len: usize, seed: u64) -> Vec<u8> {
        let mut noise = Noise(seed | 1);
        let mut out = Vec::with_capacity(len + 8);
        let mut scale = 1.0;
        let mut at = seed >> 40;
        let mut count = 0;
        while out.len() < len {
            match self {
                Kind::Constant(value) => out.push(value),
                Kind::Noise => out.push(noise.next() as u8),
                Kind::Weights { width, row } => {
                    if count % row == 0 {
                        scale = f64::from(1u32 << (noise.next() % 8)) / 256.0;
                    }
                    let weight = noise.weight() * scale;
                    if width > 4 {
                        out.extend(&weight.to_le_bytes()[8 - width..]);
                    } else {
                        out.extend(&(weight as f32).to_le_bytes()[4 - width..]);
                    }
                }
                Kind::Clean { zeros } => {
                    let bits = (noise.weight() as f32).to_bits();
                    out.extend((bits >> zeros << zeros).to_le_bytes());
                }
                Kind::Few { width, values } => {
                    let value = noise.next() as usize % values;
                    let word = (seed ^ value as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
                    out.extend(&word.to_le_bytes()[..width]);
                }
                Kind::Sorted { width, step } => {
                    at = at.wrapping_add(noise.next() % (step + 1));
                    out.extend(&at.to_le_bytes()[..width]);
                }
                Kind::Multiples { bits } => {
                    let unit = 2f64.powi(bits as i32);
                    let weight = (noise.weight() * unit).floor() / unit;
                    out.extend((weight as f32).to_le_bytes());
                }
                Kind::Extremes => out.extend(EXTREMES[noise.next() as usize % 10].to_le_bytes()),
                Kind::Text => out.extend(b"\"layer.0.weight\": [384, 384],\n"),
                Kind::Sparse { every } => {
                    let some = noise.next().is_multiple_of(every.into());
                    out.push(if some { noise.next() as u8 } else { 0 });
                }
            }
            count += 1;
        }
        out.truncate(len);
        out
    }
}

/// Numbers without a pattern that depend on the seed alone.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 13
    }

    /// Nearly a Gaussian value.
    fn weight(&mut self) -> f64 {
        let sum: i64 = (0..4).map(|_| i64::from(self.next() as i16)).sum();
        sum as f64 / f64::from(1 << 17)
    }
}
