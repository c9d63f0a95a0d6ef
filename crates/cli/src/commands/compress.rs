//! `sheaf compress`: a file to a stream.

mod source;

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde::Serialize;
use sheaf_codec::{Level, encode, stream};
use sheaf_formats::Chunk;

use self::source::Source;
use crate::base::{BaseChunk, Beside};
use crate::globals::Globals;
use crate::in_order::in_order;
use crate::level::LevelName;
use crate::new_file::NewFile;
use crate::output;

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
}

/// Compresses a file.
pub fn run(args: Args, globals: &Globals) -> anyhow::Result<()> {
    let to = args.output.unwrap_or_else(|| with_extension(&args.file));
    if to == Path::new("-") && io::stdout().is_terminal() {
        bail!("a terminal cannot show what is compressed: name a file with -o");
    }
    let base = args.base.as_deref();
    let base = base
        .map(|base| Beside::open(base, &args.file))
        .transpose()?;
    let source = Source::open(&args.file)?;
    let mut out = NewFile::begin(&to, args.force)?;
    let (raw_bytes, stored_bytes) = compress(source, base, args.level.into(), &mut out)
        .with_context(|| format!("cannot compress {}", args.file.display()))?;
    out.finish()?;
    if to == Path::new("-") {
        return Ok(());
    }
    let report = Report {
        output: &to,
        raw_bytes,
        stored_bytes,
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
    Ok(())
}

/// Writes the stream of a file and says how many bytes the file and the stream have.
fn compress(
    source: Source,
    base: Option<Beside>,
    level: Level,
    out: &mut NewFile,
) -> anyhow::Result<(u64, u64)> {
    let mut out = BufWriter::new(out);
    let (mut blobs, mut blob_bytes) = (0, 0);
    out.write_all(&stream::HEAD)?;
    let (size, sha256) = in_order(
        |take| source.read(take),
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
    out.write_all(&stream::end(size, sha256))?;
    out.flush()?;
    Ok((size, stream::stream_len(blobs, blob_bytes)))
}

fn blob(chunk: &Chunk, base: Option<&Beside>, level: Level) -> io::Result<Vec<u8>> {
    let base = base.map(|base| base.of(chunk)).transpose()?.flatten();
    let base = base.as_ref().map(BaseChunk::as_base);
    let id = *blake3::hash(&chunk.raw).as_bytes();
    Ok(encode(&chunk.raw, id, &chunk.hint, base.as_ref(), level).bytes)
}
