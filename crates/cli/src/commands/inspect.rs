//! `sheaf inspect`: what is in a file, and what the codec makes of it.

mod class;
mod measure;
mod pieces;
mod render;
mod report;
mod stream_file;
mod subject;

use std::path::PathBuf;

use anyhow::Context;

use self::subject::Subject;
use crate::globals::Globals;
use crate::output;

/// Shows the tensors of a file, and what the codec makes of it
///
/// For each dtype: how small its bytes get at the default level, and for each plane of its elements
/// the entropy of the bytes (bits a byte, order 0), the ratio, and in how many frames each coding
/// was taken. Ratios are stored bytes to raw bytes: smaller is better.
///
/// The class says what kind of model it is: `clean` (floats whose low mantissa bytes take at most .9
/// of their size, as of fp32 that was fp16 before), `regular` (other floats but bf16), `bf16`,
/// `quantised` (blocks, floats of 8 bits and less, integers of 8 and 32), `incompressible` (a ratio
/// of .98 and more). A file without weights has none.
///
/// Pickles are read opcode by opcode, never loaded. They are `clean` (nothing is imported but what is
/// known to be harmless), `unknown`, `suspicious` (they can run code, or cannot be read through) or
/// `not scanned` (in a container that is not looked into).
///
/// FILE may also be what `sheaf compress` made. Of files above 256 MiB a sample of about 128 MiB is
/// measured.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file
    file: PathBuf,
    /// Measures all of the file, however large
    #[arg(long)]
    full: bool,
}

/// Inspects a file.
pub fn run(args: Args, globals: &Globals) -> anyhow::Result<()> {
    let subject = Subject::open(&args.file)?;
    let report = report::make(&subject, args.full)
        .with_context(|| format!("cannot inspect {}", args.file.display()))?;
    if globals.json {
        return output::json(&report);
    }
    render::print(&report)
}
