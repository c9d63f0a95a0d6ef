//! `sheaf bench`: ratio and speed of the codec on files, beside others.

mod codec;
mod subject;
mod timing;

use std::num::NonZero;
use std::path::PathBuf;

use anyhow::Context;
use serde::Serialize;

use self::codec::Codec;
use self::subject::Subject;
use crate::base::BaseFile;
use crate::globals::Globals;
use crate::{output, table};

/// Measures ratio and speed of the codec on files
///
/// Each file is cut into its chunks, which are held in memory; each codec encodes and decodes them
/// one by one, over and over, into buffers that were used before. The median of five runs counts.
///
/// `ratio` is stored bytes to raw bytes (.66 means that a third is saved); smaller is better. For
/// Sheaf it counts whole blobs. Speeds are raw bytes in 10^9 a second. No hash is in them, neither
/// the one that names a chunk nor those of a blob's own bytes; the 64-bit check of each frame, which
/// the others lack, is. zstd gets the same chunks.
///
/// With a base, Sheaf encodes each chunk against the one at the same place of the base, in the tensor
/// of the same name, wherever that makes it smaller. The others take no notice of it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Threads, which share the chunks of a file
    #[arg(long, value_name = "N", default_value = "1")]
    threads: NonZero<usize>,
    /// The file from which the files were made, such as the model that they are fine-tunes of
    #[arg(long, value_name = "FILE")]
    base: Option<PathBuf>,
}

/// One codec on one file.
#[derive(Debug, Serialize)]
struct Row {
    file: String,
    codec: &'static str,
    ratio: f64,
    encode_gbps: f64,
    decode_gbps: f64,
    threads: usize,
}

/// Measures all codecs on the files.
pub fn run(args: Args, globals: &Globals) -> anyhow::Result<()> {
    let mut rows = vec![];
    let base = args.base.as_deref().map(BaseFile::open).transpose()?;
    for path in &args.files {
        let subject = Subject::read(path, base.as_ref())?;
        for codec in Codec::ALL {
            let row = row(&subject, codec, args.threads.get())
                .with_context(|| format!("cannot measure {} with {codec:?}", subject.name))?;
            rows.push(row);
        }
    }
    if globals.json {
        return output::json(&rows);
    }
    table::print(lines(&rows))
}

fn row(subject: &Subject, codec: Codec, threads: usize) -> anyhow::Result<Row> {
    let stored = codec::stored(codec, subject)?;
    let stored_len: usize = stored.iter().map(Vec::len).sum();
    let jobs = subject.chunks.len();
    let encode = timing::seconds(codec.workers(subject, threads)?, jobs, |worker, job| {
        worker.encode(&subject.chunks[job])
    })?;
    let decode = timing::seconds(codec.workers(subject, threads)?, jobs, |worker, job| {
        worker.decode(&stored[job], subject.chunks[job].base())
    })?;
    let gbps = |seconds: f64| rounded(subject.raw_len as f64 / seconds / 1e9, 1e5);
    Ok(Row {
        file: subject.name.clone(),
        codec: codec.name(),
        ratio: rounded(stored_len as f64 / subject.raw_len as f64, 1e5),
        encode_gbps: gbps(encode),
        decode_gbps: gbps(decode),
        threads,
    })
}

fn rounded(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}

fn lines(rows: &[Row]) -> impl Iterator<Item = [String; 6]> {
    let head = [
        "file",
        "codec",
        "ratio",
        "encode GB/s",
        "decode GB/s",
        "threads",
    ];
    let rows = rows.iter().map(|row| {
        [
            row.file.clone(),
            row.codec.to_owned(),
            format!("{:.4}", row.ratio),
            format!("{:.2}", row.encode_gbps),
            format!("{:.2}", row.decode_gbps),
            row.threads.to_string(),
        ]
    });
    [head.map(String::from)].into_iter().chain(rows)
}
