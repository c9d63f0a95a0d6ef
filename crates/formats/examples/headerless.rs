//! What it costs not to know a file's format.
//!
//! `headerless [fast|default|max] FILE[=DTYPE]…`: the size of each file as its format has it (of a file
//! without one: as elements of DTYPE), and without its first 100 and 101 bytes, as bytes of unknown kind. "Worst" is
//! the most that is lost of further ways to damage it: without a few of its first or last bytes, and two files
//! without their headers in one.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a tool for the bench"
)]

use std::time::{Duration, Instant};

use sheaf_codec::{Dtype, Hint, Level, encode_unsealed};
use sheaf_formats::{Chunk, Chunker};

/// What is cut off, so that no format is found and elements begin anywhere.
const CUTS: [usize; 2] = [100, 101];

/// What else is cut off its beginning, and what off its end.
const FURTHER: [(usize, usize); 7] = [
    (1, 0),
    (3, 0),
    (1000, 0),
    (0, 1),
    (0, 3),
    (0, 1000),
    (1003, 1001),
];

/// Elements of a chunk where a dtype is given.
const ELEMENTS: usize = 4 << 20;

fn main() {
    let mut level = Level::Default;
    println!(
        "| file | MB | known | -100 | loss % | -101 | loss % | worst % | of | chunks | -100 | known GB/s | -100 GB/s | cut GB/s |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    for arg in std::env::args().skip(1) {
        match &*arg {
            "fast" => level = Level::Fast,
            "default" => level = Level::Default,
            "max" => level = Level::Max,
            file => report(file, level),
        }
    }
}

fn report(arg: &str, level: Level) {
    let (path, dtype) = match arg.split_once('=') {
        Some((path, name)) => (path, Dtype::from_name(name)),
        None => (arg, None),
    };
    let bytes = std::fs::read(path).unwrap();
    let known = match dtype {
        Some(dtype) => pieces(&bytes, dtype),
        None => chunks(&bytes).0,
    };
    let counts = known.len();
    let known = size(&known, level);
    let cut = CUTS.map(|cut| {
        let (chunks, time) = chunks(&bytes[cut.min(bytes.len())..]);
        (size(&chunks, level), time, chunks.len())
    });
    let loss = |size: usize| 100.0 * (size as f64 / known.0 as f64 - 1.0);
    let ratio = |size: usize| size as f64 / bytes.len() as f64;
    let speed = |time: Duration| bytes.len() as f64 / 1e9 / time.as_secs_f64();
    let (worst, of) = worst(&bytes, known.0, level);
    let name = path.rsplit('/').take(2).collect::<Vec<_>>();
    println!(
        "| {} | {:.1} | {:.4} | {:.4} | {:.2} | {:.4} | {:.2} | {:.2} | {} | {} | {} | {:.2} | {:.2} | {:.2} |",
        name.into_iter().rev().collect::<Vec<_>>().join("/"),
        bytes.len() as f64 / 1e6,
        ratio(known.0),
        ratio(cut[0].0.0),
        loss(cut[0].0.0),
        ratio(cut[1].0.0),
        loss(cut[1].0.0),
        worst,
        of,
        counts,
        cut[0].2,
        speed(known.1),
        speed(cut[0].0.1),
        speed(cut[0].1),
    );
}

/// The most that is lost, in percent, and how.
fn worst(bytes: &[u8], known: usize, level: Level) -> (f64, String) {
    let loss = |bytes: &[u8], known: usize| {
        let size = size(&chunks(bytes).0, level).0;
        100.0 * (size as f64 / known as f64 - 1.0)
    };
    let damaged = FURTHER.map(|(first, last)| {
        let rest = &bytes[first.min(bytes.len())..bytes.len().saturating_sub(last).max(first)];
        (loss(rest, known), format!("{first} first, {last} last"))
    });
    let twice = [
        &bytes[CUTS[0].min(bytes.len())..],
        &bytes[CUTS[1].min(bytes.len())..],
    ]
    .concat();
    let twice = (loss(&twice, 2 * known), "twice".to_owned());
    damaged
        .into_iter()
        .chain([twice])
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .unwrap()
}

/// A file's chunks, as its bytes have them, and how long it takes to find them.
fn chunks(bytes: &[u8]) -> (Vec<Chunk>, Duration) {
    let mut chunks = vec![];
    cut(bytes, &mut |chunk| chunks.push(chunk));
    let started = Instant::now();
    cut(bytes, &mut |_| {});
    (chunks, started.elapsed())
}

fn cut(bytes: &[u8], take: &mut dyn FnMut(Chunk)) {
    // Memory does not fail to be read.
    let mut chunker = Chunker::for_file(&bytes).unwrap();
    for part in bytes.chunks(1 << 20) {
        chunker.push(part, take);
    }
    chunker.finish(take);
}

fn pieces(bytes: &[u8], dtype: Dtype) -> Vec<Chunk> {
    let len = ELEMENTS * dtype.block_bytes();
    let hint = Hint {
        dtype,
        row: 0,
        offset: 0,
    };
    let piece = |(i, raw): (usize, &[u8])| Chunk {
        offset: (i * len) as u64,
        raw: raw.to_vec(),
        hint,
    };
    bytes
        .chunks(len.min(16 << 20))
        .enumerate()
        .map(piece)
        .collect()
}

fn size(chunks: &[Chunk], level: Level) -> (usize, Duration) {
    let started = Instant::now();
    let len = chunks
        .iter()
        .map(|chunk| {
            encode_unsealed(&chunk.raw, [0; 32], &chunk.hint, None, level)
                .seal()
                .bytes
                .len()
        })
        .sum();
    (len, started.elapsed())
}
