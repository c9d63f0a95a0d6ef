//! `sheaf decompress`: a stream back to its file.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Serialize;
use sha2::{Digest, Sha256};
use sheaf_codec::stream::{self, Error, Reader, Record};
use sheaf_codec::{Header, Parsed, decode};
use sheaf_types::files::NearLossless;

use super::compress::EXTENSION;
use crate::base::BaseFile;
use crate::globals::Globals;
use crate::in_order::{Take, in_order};
use crate::new_file::NewFile;
use crate::{near_lossless, output};

/// Bytes per read.
const READ_LEN: usize = 1 << 20;

/// Turns a compressed file back into what it was
///
/// FILE.sheaf becomes FILE and stays. The result appears under its name when all of it was verified:
/// each chunk, the size and the SHA-256. To standard output each chunk goes as soon as it was
/// verified, so that only the exit status tells whether that was all.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The compressed file; `-` is standard input
    file: PathBuf,
    /// Where to write; `-` is standard output [default: FILE without .sheaf; for standard input,
    /// standard output]
    #[arg(long, short, value_name = "OUT")]
    output: Option<PathBuf>,
    /// The file that it was compressed against, if it was
    #[arg(long, value_name = "BASE")]
    base: Option<PathBuf>,
    /// Replaces the output when it is there already
    #[arg(long, short)]
    force: bool,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Report<'a> {
    output: &'a Path,
    raw_bytes: u64,
    sha256: String,
    /// What was done to the file before it was compressed, if anything was.
    #[serde(skip_serializing_if = "Option::is_none")]
    near_lossless: Option<NearLossless>,
}

/// Decompresses a file.
pub fn run(args: Args, globals: &Globals) -> anyhow::Result<()> {
    let to = match args.output {
        Some(to) => to,
        None => without_extension(&args.file)?,
    };
    let base = args.base.as_deref().map(BaseFile::open).transpose()?;
    let from = open(&args.file)?;
    let mut out = NewFile::begin(&to, args.force)?;
    let (whole, done) = decompress(from, base.as_ref(), &mut out)
        .with_context(|| format!("cannot decompress {}", args.file.display()))?;
    out.finish()?;
    let near_lossless = done.map(near_lossless::told);
    if to == Path::new("-") {
        near_lossless
            .iter()
            .for_each(|done| output::note(near_lossless::line(done)));
        return Ok(());
    }
    let report = Report {
        output: &to,
        raw_bytes: whole.size,
        sha256: hex::encode(whole.sha256),
        near_lossless,
    };
    show(&report, globals)
}

fn without_extension(file: &Path) -> anyhow::Result<PathBuf> {
    if file == Path::new("-") {
        return Ok(file.into());
    }
    if file.extension().is_none_or(|found| found != EXTENSION) {
        bail!(
            "{} does not end with .{EXTENSION}: name the output with -o",
            file.display()
        );
    }
    Ok(file.with_extension(""))
}

fn open(path: &Path) -> anyhow::Result<Box<dyn Read + Send>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(Box::new(file))
}

fn show(report: &Report<'_>, globals: &Globals) -> anyhow::Result<()> {
    if globals.json {
        return output::json(report);
    }
    if !globals.quiet {
        output::line(format_args!(
            "{}: {}, verified",
            report.output.display(),
            output::size(report.raw_bytes),
        ))?;
    }
    if let Some(done) = &report.near_lossless {
        output::line(near_lossless::line(done))?;
    }
    Ok(())
}

/// What a file is as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Whole {
    size: u64,
    sha256: [u8; 32],
}

/// Writes the file that a stream holds, verified; and says what was done to it before.
fn decompress(
    from: impl Read + Send,
    base: Option<&BaseFile>,
    out: &mut NewFile,
) -> anyhow::Result<(Whole, Option<stream::NearLossless>)> {
    let mut out = BufWriter::new(out);
    let (mut size, mut hasher) = (0, Sha256::new());
    let (expected, done) = in_order(
        |take| blobs(from, take),
        |blob| chunk(&blob, base),
        |raw| {
            let raw = raw.with_context(|| format!("the chunk at byte {size} of the file"))?;
            size += raw.len() as u64;
            hasher.update(&raw);
            Ok(out.write_all(&raw)?)
        },
    )?;
    let sha256 = hasher.finalize().into();
    if expected != (Whole { size, sha256 }) {
        bail!("the chunks are not those of the file that the stream names");
    }
    out.flush()?;
    Ok((expected, done))
}

/// A blob's chunk, verified.
fn chunk(blob: &[u8], base: Option<&BaseFile>) -> anyhow::Result<Vec<u8>> {
    let needed = match Header::parse(blob)? {
        Parsed::Header(header, _) => header.base(),
        Parsed::NeedMore(_) => None,
    };
    let Some(id) = needed else {
        return Ok(decode(blob, None)?);
    };
    let base = base.context("it was compressed against another file: name that with --base")?;
    let base = base.by_id(&id)?;
    Ok(decode(blob, Some(base.as_base().raw))?)
}

/// Hands out a stream's blobs; returns what its end says, and what was done to the file before.
fn blobs(
    mut from: impl Read,
    take: &mut Take<'_, Vec<u8>>,
) -> anyhow::Result<(Whole, Option<stream::NearLossless>)> {
    let mut reader = Reader::new();
    let (mut whole, mut done) = (None, None);
    let mut buffer = vec![0; READ_LEN];
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        };
        let mut bytes = &buffer[..read];
        while let Some(record) = reader.next(&mut bytes)? {
            match record {
                Record::Blob(blob) => {
                    if take(blob).is_break() {
                        bail!("stopped");
                    }
                }
                Record::NearLossless(told) => done = Some(told),
                Record::End { size, sha256 } => whole = Some(Whole { size, sha256 }),
            }
        }
    }
    reader.finish()?;
    let whole = whole.ok_or(Error::Truncated)?;
    Ok((whole, done))
}
