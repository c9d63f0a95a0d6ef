//! Ratio and speed of the codec on the bytes of tensors: a tool for its authors.
//!
//! `cargo run --release -p sheaf-codec --example measure -- DTYPE FILE [BASE]`
//!
//! With `--features machines` and `narrow` or `plain` before the dtype, as on a machine that has AVX2 at most, or
//! nothing better than all others.
//!
//! Speeds are those of one core without BLAKE3, on either side, into memory that was used before. Short
//! pieces are timed, each by the best of several runs, so that
//! what else the machine does matters little.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::hint::black_box;
use std::time::Instant;

use sheaf_codec::{
    Base, Blob, Dtype, Header, Hint, Level, MAX_CHUNK_LEN, Parsed, Unsealed, encode_unsealed,
    inspect,
};
use zstd::bulk::{Compressor, Decompressor};

const RUNS: usize = 9;
/// Bytes that are timed as one.
const PIECE_LEN: usize = 1 << 20;
/// Bytes that the baseline takes as one: as many as a frame has.
const GROUP_LEN: usize = 256 << 10;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args[0].as_str() {
        #[cfg(feature = "machines")]
        "narrow" => sheaf_codec::narrowly(|| all(&args[1..])),
        #[cfg(feature = "machines")]
        "plain" => sheaf_codec::plainly(|| all(&args[1..])),
        _ => all(&args),
    }
}

fn all(args: &[String]) {
    let dtype = Dtype::from_name(&args[0]).unwrap();
    let raw = std::fs::read(&args[1]).unwrap();
    let base = args.get(2).map(|path| std::fs::read(path).unwrap());
    for level in [Level::Fast, Level::Default, Level::Max] {
        measure(&raw, base.as_deref(), dtype, level);
    }
    baseline(&raw, dtype.block_bytes());
    describe(&raw, dtype);
}

fn print(name: &str, ratio: f64, raw_len: usize, [encode, decode]: [f64; 2]) {
    let gbps = |seconds: f64| raw_len as f64 / seconds / 1e9;
    let (encode, decode) = (gbps(encode), gbps(decode));
    println!("{name}: {ratio:.5} encode {encode:.2} decode {decode:.2} GB/s");
}

/// The seconds that work takes at best.
fn best(mut work: impl FnMut()) -> f64 {
    let times = (0..RUNS).map(|_| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    });
    times.fold(f64::MAX, f64::min)
}

/// A length in whole units, and no longer than a chunk may be.
fn whole_units(len: usize, dtype: Dtype) -> usize {
    len.min(MAX_CHUNK_LEN) / dtype.block_bytes() * dtype.block_bytes()
}

fn chunk_len(dtype: Dtype) -> usize {
    let len = (4 << 20) * dtype.block_bytes() / dtype.block_elements() as usize;
    whole_units(len, dtype)
}

fn encode_one(raw: &[u8], base: Option<&[u8]>, dtype: Dtype, level: Level) -> Blob {
    encode_piece(raw, base, dtype, level).seal()
}

fn encode_piece(raw: &[u8], base: Option<&[u8]>, dtype: Dtype, level: Level) -> Unsealed {
    let hint = Hint {
        dtype,
        row: 0,
        offset: 0,
    };
    let base = base.map(|raw| Base {
        id: [1; 32],
        raw,
        dtype,
    });
    encode_unsealed(raw, [0; 32], &hint, base.as_ref(), level)
}

/// Pieces of so many bytes, each with its base.
fn pieces<'a>(
    raw: &'a [u8],
    base: Option<&'a [u8]>,
    len: usize,
) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> {
    let base_of = move |at: usize| {
        base?
            .get(at * len..)
            .map(|base| &base[..base.len().min(len)])
    };
    raw.chunks(len)
        .enumerate()
        .map(move |(at, piece)| (piece, base_of(at)))
}

fn measure(raw: &[u8], base: Option<&[u8]>, dtype: Dtype, level: Level) {
    let blobs = pieces(raw, base, chunk_len(dtype))
        .map(|(chunk, base)| encode_one(chunk, base, dtype, level).bytes.len());
    let ratio = blobs.sum::<usize>() as f64 / raw.len() as f64;
    let mut seconds = [0.0; 2];
    for (piece, base) in pieces(raw, base, whole_units(PIECE_LEN, dtype)) {
        let [encode, decode] = piece_seconds(piece, base, dtype, level);
        seconds[0] += encode;
        seconds[1] += decode;
    }
    print(&format!("{level:?}"), ratio, raw.len(), seconds);
}

fn piece_seconds(piece: &[u8], base: Option<&[u8]>, dtype: Dtype, level: Level) -> [f64; 2] {
    let blob = encode_one(piece, base, dtype, level);
    let Parsed::Header(header, start) = Header::parse(&blob.bytes).unwrap() else {
        panic!("no header");
    };
    let frames = &blob.bytes[start..];
    let all = 0..header.frames();
    let encode = best(|| drop(black_box(encode_piece(piece, base, dtype, level))));
    let mut out = vec![1; piece.len()];
    let decode = best(|| {
        header
            .decode_into(all.clone(), frames, base, &mut out)
            .unwrap();
    });
    assert!(out == piece);
    [encode, decode]
}

/// Byte grouping and zstd-1, by as many bytes as a frame has, in buffers that are used again.
fn baseline(raw: &[u8], width: usize) {
    let mut compressor = Compressor::new(1).unwrap();
    let mut decompressor = Decompressor::new().unwrap();
    let mut stored = Vec::with_capacity(2 * GROUP_LEN);
    let mut planes = vec![0; GROUP_LEN];
    let mut out = vec![0; GROUP_LEN];
    let (mut stored_len, mut seconds) = (0, [0.0; 2]);
    for part in raw.chunks(GROUP_LEN / width * width) {
        planes.resize(part.len(), 0);
        seconds[0] += best(|| {
            group(part, width, &mut planes);
            stored.clear();
            compressor.compress_to_buffer(&planes, &mut stored).unwrap();
        });
        stored_len += stored.len();
        out.resize(part.len(), 0);
        seconds[1] += best(|| {
            decompressor
                .decompress_to_buffer(&stored, &mut planes)
                .unwrap();
            ungroup(&planes, width, &mut out);
        });
        assert!(out == part);
    }
    let ratio = stored_len as f64 / raw.len() as f64;
    print("byte groups + zstd-1", ratio, raw.len(), seconds);
}

fn group(raw: &[u8], width: usize, planes: &mut [u8]) {
    match width {
        1 => planes.copy_from_slice(raw),
        2 => group_words::<2>(raw, planes),
        4 => group_words::<4>(raw, planes),
        _ => {
            let count = raw.len() / width;
            for (at, block) in raw.chunks_exact(width).enumerate() {
                for (plane, byte) in block.iter().enumerate() {
                    planes[plane * count + at] = *byte;
                }
            }
            planes[count * width..].copy_from_slice(&raw[count * width..]);
        }
    }
}

fn ungroup(planes: &[u8], width: usize, raw: &mut [u8]) {
    match width {
        1 => raw.copy_from_slice(planes),
        2 => ungroup_words::<2>(planes, raw),
        4 => ungroup_words::<4>(planes, raw),
        _ => {
            let count = raw.len() / width;
            raw[count * width..].copy_from_slice(&planes[count * width..]);
            for (at, block) in raw.chunks_exact_mut(width).enumerate() {
                for (plane, byte) in block.iter_mut().enumerate() {
                    *byte = planes[plane * count + at];
                }
            }
        }
    }
}

fn group_words<const W: usize>(raw: &[u8], planes: &mut [u8]) {
    let (words, rest) = raw.as_chunks::<W>();
    let (whole, end) = planes.split_at_mut(words.len() * W);
    end.copy_from_slice(rest);
    for (i, plane) in whole.chunks_exact_mut(words.len()).enumerate() {
        for (to, word) in plane.iter_mut().zip(words) {
            *to = word[i];
        }
    }
}

fn ungroup_words<const W: usize>(planes: &[u8], raw: &mut [u8]) {
    let (words, rest) = raw.as_chunks_mut::<W>();
    let (whole, end) = planes.split_at(words.len() * W);
    rest.copy_from_slice(end);
    let planes: Vec<&[u8]> = whole.chunks_exact(words.len()).collect();
    for (at, word) in words.iter_mut().enumerate() {
        *word = std::array::from_fn(|i| planes[i][at]);
    }
}

fn describe(raw: &[u8], dtype: Dtype) {
    let middle = raw.len() / 2 / dtype.block_bytes() * dtype.block_bytes();
    let chunk = &raw[middle..][..chunk_len(dtype).min(middle)];
    let blob = encode_one(chunk, None, dtype, Level::Default);
    for plane in inspect::describe(&blob.bytes).unwrap().planes {
        let ratio = plane.stored_len as f64 / plane.raw_len as f64;
        println!("  {}: {ratio:.4} {:?}", plane.name, plane.codings);
    }
}
