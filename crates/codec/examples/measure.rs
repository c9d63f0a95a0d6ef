//! Ratio and speed of the codec on files, cut into chunks of 4 Mi elements: a tool for its authors.
//!
//! `cargo run --release -p sheaf-codec --example measure -- DTYPE FILE [BASE]`
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::time::Instant;

use sheaf_codec::{Base, Blob, Dtype, Header, Hint, Level, MAX_CHUNK_LEN, Parsed, encode, inspect};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let dtype = Dtype::from_name(&args[0]).unwrap();
    let raw = std::fs::read(&args[1]).unwrap();
    let base = args.get(2).map(|path| std::fs::read(path).unwrap());
    for level in [Level::Fast, Level::Default, Level::Max] {
        measure(&raw, base.as_deref(), dtype, level);
    }
    baseline(&raw, dtype.block_bytes());
    describe(&raw, dtype);
}

fn chunk_len(dtype: Dtype) -> usize {
    let unit = dtype.block_bytes();
    ((4 << 20) * unit / dtype.block_elements() as usize).min(MAX_CHUNK_LEN) / unit * unit
}

fn measure(raw: &[u8], base: Option<&[u8]>, dtype: Dtype, level: Level) {
    let len = chunk_len(dtype);
    let hint = Hint {
        dtype,
        row: 0,
        offset: 0,
    };
    let base_of = |at: usize| {
        let raw = base?.get(at * len..)?;
        Some(Base {
            id: [1; 32],
            raw: &raw[..raw.len().min(len)],
            dtype,
        })
    };
    let all = || -> Vec<Blob> {
        raw.chunks(len)
            .enumerate()
            .map(|(at, chunk)| encode(chunk, [0; 32], &hint, base_of(at).as_ref(), level))
            .collect()
    };
    let encode_gbps = speed(raw.len(), || drop(all()));
    let blobs = all();
    let mut out = Vec::with_capacity(len);
    let decode_gbps = speed(raw.len(), || {
        for (at, blob) in blobs.iter().enumerate() {
            let Parsed::Header(header, start) = Header::parse(&blob.bytes).unwrap() else {
                panic!()
            };
            out.clear();
            let base = base_of(at).map(|base| base.raw);
            header
                .decode_frames(0..header.frames(), &blob.bytes[start..], base, &mut out)
                .unwrap();
        }
    });
    let stored: usize = blobs.iter().map(|blob| blob.bytes.len()).sum();
    let ratio = stored as f64 / raw.len() as f64;
    println!("{level:?}: {ratio:.5} encode {encode_gbps:.2} decode {decode_gbps:.2} GB/s");
}

/// Byte grouping and zstd-1, by frames too.
fn baseline(raw: &[u8], width: usize) {
    let group = |chunk: &[u8]| -> Vec<u8> {
        (0..width)
            .flat_map(|i| chunk.iter().skip(i).step_by(width).copied())
            .collect()
    };
    let mut stored = Vec::new();
    let encode_gbps = speed(raw.len(), || {
        stored = raw
            .chunks(256 << 10)
            .map(|chunk| zstd::bulk::compress(&group(chunk), 1).unwrap())
            .collect();
    });
    let decode_gbps = speed(raw.len(), || {
        for frame in &stored {
            let planes = zstd::bulk::decompress(frame, 256 << 10).unwrap();
            let count = planes.len() / width;
            let mut out = vec![0; count * width];
            for (i, plane) in planes.chunks(count.max(1)).take(width).enumerate() {
                for (to, byte) in out.iter_mut().skip(i).step_by(width).zip(plane) {
                    *to = *byte;
                }
            }
            std::hint::black_box(&out);
        }
    });
    let stored: usize = stored.iter().map(Vec::len).sum();
    let ratio = stored as f64 / raw.len() as f64;
    println!(
        "byte groups + zstd-1: {ratio:.5} encode {encode_gbps:.2} decode {decode_gbps:.2} GB/s"
    );
}

/// The median of five.
fn speed(len: usize, mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..5)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    len as f64 / times[2] / 1e9
}

fn describe(raw: &[u8], dtype: Dtype) {
    let chunk = &raw[raw.len() / 2..][..chunk_len(dtype).min(raw.len() / 2)];
    let hint = Hint {
        dtype,
        row: 0,
        offset: 0,
    };
    let blob = encode(chunk, [0; 32], &hint, None, Level::Default);
    for plane in inspect::describe(&blob.bytes).unwrap().planes {
        let ratio = plane.stored_len as f64 / plane.raw_len as f64;
        println!("  {}: {ratio:.4} {:?}", plane.name, plane.codings);
    }
}
