//! `sheaf compress`: a file to a stream.

mod rounded;
mod source;

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Serialize;
use sheaf_codec::{Level, encode, stream};
use sheaf_formats::Chunk;
use sheaf_formats::near_lossless::Bits;
use sheaf_types::files::NearLossless;

use self::source::{Source, Whole};
use crate::base::{BaseChunk, Beside};
use crate::globals::Globals;
use crate::in_order::in_order;
use crate::level::LevelName;
use crate::new_file::NewFile;
use crate::{near_lossless, output};

/// What the name of a compressed file ends with.
pub const EXTENSION: &str = "sheaf";

/// Compresses a file into one that `sheaf decompress` turns back
///
/// FILE becomes FILE.sheaf and stays. All cores work on it, in bounded memory.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file; `-` is standard input
    file: PathBuf,
    /// Where to write; `-` is standard output [default: FILE.sheaf; for standard input, standard
    /// output]
    #[arg(long, short, value_name = "OUT")]
    output: Option<PathBuf>,
    /// How much work goes into making it small
    #[arg(long, value_enum, default_value_t)]
    level: LevelName,
    /// The file from which FILE was made, such as the model that it is a fine-tune of: what is equal or
    /// near is not stored again, and `sheaf decompress` needs it too
    #[arg(long, value_name = "BASE")]
    base: Option<PathBuf>,
    /// Rounds weights down to multiples of 2^-BITS before, which cannot be undone: not the file itself
    /// but the rounded one is compressed
    ///
    /// Tensors of floats with no number beyond 1 on either side are rounded; all else stays as it is.
    #[arg(long, value_name = "BITS", value_parser = near_lossless::bits)]
    near_lossless: Option<Bits>,
    /// Replaces the output when it is there already
    #[arg(long, short)]
    force: bool,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Report<'a> {
    output: &'a Path,
    raw_bytes: u64,
    stored_bytes: u64,
    /// Where it was asked for; null where nothing was to be rounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    near_lossless: Option<Option<NearLossless>>,
}

/// Compresses a file.
pub fn run(args: Args, globals: &Globals) -> anyhow::Result<()> {
    let to = args.output.clone();
    let to = to.unwrap_or_else(|| with_extension(&args.file));
    if to == Path::new("-") && io::stdout().is_terminal() {
        bail!("a terminal cannot show what is compressed: name a file with -o");
    }
    let base = args.base.as_deref();
    let base = base
        .map(|base| Beside::open(base, &args.file))
        .transpose()?;
    let source = Source::open(&args.file)?;
    let mut out = NewFile::begin(&to, args.force)?;
    let (whole, stored_bytes) = compress(source, &args, base, &mut out)
        .with_context(|| format!("cannot compress {}", args.file.display()))?;
    out.finish()?;
    let done = whole.near_lossless.map(near_lossless::told);
    let near_lossless = args.near_lossless.map(|_| done);
    if to == Path::new("-") {
        near_lossless
            .iter()
            .for_each(|done| output::note(said(done)));
        return Ok(());
    }
    let report = Report {
        output: &to,
        raw_bytes: whole.size,
        stored_bytes,
        near_lossless,
    };
    show(&report, globals)
}

/// `FILE.sheaf` beside the file; standard output for standard input.
fn with_extension(file: &Path) -> PathBuf {
    if file == Path::new("-") {
        return file.into();
    }
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(EXTENSION);
    name.into()
}

fn show(report: &Report<'_>, globals: &Globals) -> anyhow::Result<()> {
    if globals.json {
        return output::json(report);
    }
    if !globals.quiet {
        output::line(format_args!(
            "{}: {}, of {} raw",
            report.output.display(),
            output::size(report.stored_bytes),
            output::size(report.raw_bytes),
        ))?;
    }
    match &report.near_lossless {
        Some(done) => Ok(output::line(said(done))?),
        None => Ok(()),
    }
}

/// What rounding came to.
fn said(done: &Option<NearLossless>) -> String {
    match done {
        Some(done) => near_lossless::line(done),
        None => "near-lossless: there was nothing to round".into(),
    }
}

/// Writes the stream of a file and says what the file was and how many bytes the stream has.
fn compress(
    source: Source,
    args: &Args,
    base: Option<Beside>,
    out: &mut NewFile,
) -> anyhow::Result<(Whole, u64)> {
    let (bits, level) = (args.near_lossless, args.level.into());
    let mut out = BufWriter::new(out);
    let (mut blobs, mut blob_bytes) = (0, 0);
    out.write_all(&stream::HEAD)?;
    let whole = in_order(
        |take| match bits {
            Some(bits) => rounded::read(source, bits, take),
            None => source.read(take),
        },
        |chunk| blob(&chunk, base.as_ref(), level),
        |blob| {
            let blob = blob.context("cannot read the base")?;
            out.write_all(&stream::blob_prefix(blob.len() as u32))?;
            out.write_all(&blob)?;
            blobs += 1;
            blob_bytes += blob.len() as u64;
            Ok(())
        },
    )?;
    let done = whole.near_lossless.as_ref();
    let done = done.map_or(vec![], stream::NearLossless::record);
    out.write_all(&done)?;
    out.write_all(&stream::end(whole.size, whole.sha256))?;
    out.flush()?;
    let len = stream::stream_len(blobs, blob_bytes) + done.len() as u64;
    Ok((whole, len))
}

fn blob(chunk: &Chunk, base: Option<&Beside>, level: Level) -> io::Result<Vec<u8>> {
    let base = base.map(|base| base.of(chunk)).transpose()?.flatten();
    let base = base.as_ref().map(BaseChunk::as_base);
    let id = *blake3::hash(&chunk.raw).as_bytes();
    Ok(encode(&chunk.raw, id, &chunk.hint, base.as_ref(), level).bytes)
}
