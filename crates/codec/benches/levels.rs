//! Speeds of each level on made-up weights, without hashes: to see that a change makes nothing slow.
//! Figures of real weights are in docs/codec.md.
//!
//! `cargo bench -p sheaf-codec`, or with a filter, such as `-- bf16/default`.
#![allow(missing_docs)]

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use sheaf_codec::{Base, Dtype, Header, Hint, Level, Parsed, encode, encode_unsealed};

/// Elements of what is measured: some frames.
const COUNT: usize = 1 << 19;
/// Elements of a row.
const ROW: u32 = 512;

/// Something to measure.
struct Subject {
    name: &'static str,
    raw: Vec<u8>,
    dtype: Dtype,
    base: Option<Vec<u8>>,
}

impl Subject {
    fn new(name: &'static str, raw: Vec<u8>, dtype: Dtype) -> Subject {
        Subject {
            name,
            raw,
            dtype,
            base: None,
        }
    }

    fn base(&self) -> Option<Base<'_>> {
        self.base.as_deref().map(|raw| Base {
            id: [1; 32],
            raw,
            dtype: self.dtype,
        })
    }
}

/// Numbers about 0, of a scale that differs by row.
fn weights() -> Vec<f32> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    let mut scale = 0.0;
    let weight = |at| {
        if at % ROW as usize == 0 {
            scale = 0.02 * (1.0 + next());
        }
        (next() + next() + next() + next()) * scale
    };
    (0..COUNT).map(weight).collect()
}

fn upper_halves(weights: &[f32]) -> Vec<u8> {
    let halves = weights.iter().map(|x| (x.to_bits() >> 16) as u16);
    halves.flat_map(u16::to_le_bytes).collect()
}

fn subjects() -> Vec<Subject> {
    let weights = weights();
    let bf16 = upper_halves(&weights);
    let f32: Vec<u8> = weights.iter().flat_map(|x| x.to_le_bytes()).collect();
    let tuned: Vec<f32> = weights.iter().map(|x| x * 1.001).collect();
    let noise = weights.iter().map(|x| (x.to_bits() >> 5) as u8).collect();
    vec![
        Subject::new("bf16", bf16.clone(), Dtype::Bf16),
        Subject::new("f32", f32, Dtype::F32),
        Subject::new("noise", noise, Dtype::F8E4M3),
        Subject {
            base: Some(bf16),
            ..Subject::new("delta", upper_halves(&tuned), Dtype::Bf16)
        },
    ]
}

fn levels(criterion: &mut Criterion) {
    for subject in subjects() {
        let hint = Hint {
            dtype: subject.dtype,
            row: ROW,
            offset: 0,
        };
        let (raw, base) = (subject.raw.as_slice(), subject.base());
        let mut group = criterion.benchmark_group(subject.name);
        group.throughput(Throughput::Bytes(raw.len() as u64));
        for (level, name) in [
            (Level::Fast, "fast"),
            (Level::Default, "default"),
            (Level::Max, "max"),
        ] {
            group.bench_function(BenchmarkId::new(name, "encode"), |bencher| {
                bencher
                    .iter(|| black_box(encode_unsealed(raw, [0; 32], &hint, base.as_ref(), level)));
            });
            let blob = encode(raw, [0; 32], &hint, base.as_ref(), level).bytes;
            let mut out = vec![0; raw.len()];
            group.bench_function(BenchmarkId::new(name, "decode"), |bencher| {
                bencher.iter(|| decode(&blob, base.as_ref(), &mut out));
            });
        }
    }
}

fn decode(blob: &[u8], base: Option<&Base<'_>>, out: &mut [u8]) {
    let Ok(Parsed::Header(header, len)) = Header::parse(blob) else {
        unreachable!("a blob has a header");
    };
    let base = base.map(|base| base.raw);
    let decoded = header.decode_into(0..header.frames(), &blob[len..], base, out);
    assert!(decoded.is_ok());
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(500));
    targets = levels
}
criterion_main!(benches);
