//! `sheaf inspect`: what is in a file, and what the codec makes of it.

mod beside;
mod class;
mod many;
mod measure;
mod network;
mod pieces;
mod progress;
mod registered;
mod render;
mod report;
mod stream_file;
mod subject;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use sheaf_client::remote::shown;

use self::network::Reading;
use self::pieces::Extent;
use self::report::Report;
use self::subject::Subject;
use crate::globals::Globals;
use crate::output;
use crate::target::FileTarget;

/// The most that is received to find the tensors of a file elsewhere.
const LAYOUT_BYTES: u64 = 64 << 20;

/// Shows the tensors of a file, here or elsewhere, and what the codec makes of it
///
/// Of several files, or of a folder, which stands for each file in it, it shows a line for each; --json is
/// a list then, of what it is for one. A file that cannot be read is told, and the others are shown.
///
/// A file elsewhere is read in parts, over HTTP: its headers, and what tells of its pickles, which is
/// little of a large file. It is at an address (https://…), or in the registry, whose own verdict on
/// pickles is shown then, and what the file takes there. `NS/NAME@REF/PATH` names a revision; a REF with
/// slashes ends in a colon (`NS/NAME@refs/pr/1:PATH`). A file that is here goes first: ./PATH is
/// always one.
///
/// For each dtype: how small its bytes get at the default level, and for each plane of its elements
/// the entropy of the bytes (bits a byte, order 0), the ratio, and in how many frames each coding
/// was taken. Ratios are stored bytes to raw bytes: smaller is better. Of files above 256 MiB a sample
/// of about 128 MiB is measured, of files elsewhere nothing: --measure fetches a sample of up to 16 MiB.
///
/// The class says what kind of model it is: `clean` (floats whose low mantissa bytes take at most .9
/// of their size, as of fp32 that was fp16 before), `regular` (other floats but bf16), `bf16`,
/// `quantised` (blocks, floats of 8 bits and less, integers of 8 and 32), `incompressible` (a ratio
/// of .98 and more). A file without weights has none.
///
/// Pickles are read opcode by opcode, never loaded. They are `clean` (nothing is imported but what is
/// known to be harmless), `unknown`, `suspicious` (they can run code, or cannot be read through) or
/// `not scanned` (in a container that is not looked into, or too far from where a file elsewhere is read).
///
/// FILE may also be what `sheaf compress` made.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A file, a folder, an http or https address, or NAMESPACE/NAME[@REF]/PATH
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Measures all of the file, however large, also where all of it must be fetched
    #[arg(long)]
    full: bool,
    /// Measures a file that is elsewhere too, from a sample
    #[arg(long)]
    measure: bool,
    /// For an address: sends the token in this environment variable (such as HF_TOKEN) to its host, and
    /// to no other. Without it, only the server of `sheaf login` or --server gets its own token
    #[arg(long, value_name = "VARIABLE")]
    token_from: Option<String>,
    /// For a file elsewhere: gives up on a server that says nothing for so many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
}

/// Inspects a file, or several.
pub async fn run(args: Args, globals: &Globals) -> anyhow::Result<()> {
    let [file] = &args.files[..] else {
        return many::run(&args, globals).await;
    };
    if file.is_dir() {
        return many::run(&args, globals).await;
    }
    let report = args.report(file, globals).await?;
    if globals.json {
        return output::json(&report);
    }
    render::print(&report)
}

impl Args {
    async fn report(&self, file: &Path, globals: &Globals) -> anyhow::Result<Report> {
        let subject = self.open(file, globals).await?;
        let extent = match (self.full, self.measure, &subject.remote) {
            (true, _, _) => Extent::All,
            (_, _, None) => Extent::Much,
            (_, true, Some(_)) => Extent::Little,
            (_, false, Some(_)) => Extent::Nothing,
        };
        let shown = subject.shown.clone();
        let _bar = subject
            .remote
            .as_ref()
            .map(|file| progress::of(file, globals));
        let report = tokio::task::spawn_blocking(move || report::make(subject, extent)).await?;
        report.with_context(|| format!("cannot inspect {shown}"))
    }

    async fn open(&self, file: &Path, globals: &Globals) -> anyhow::Result<Subject> {
        let reading = Reading {
            silence: Duration::from_secs(self.timeout),
            limit: (!self.full).then_some(LAYOUT_BYTES),
        };
        let named = file.to_str().unwrap_or_default();
        if named.starts_with("http://") || named.starts_with("https://") {
            let token_from = self.token_from.as_deref();
            let opened = network::at_address(named, token_from, reading, globals).await;
            return opened.with_context(|| format!("cannot inspect {}", shown(named)));
        }
        match named.parse::<FileTarget>() {
            Ok(target) if !file.exists() => {
                let opened = network::in_registry(&target, reading, globals).await;
                opened.with_context(|| format!("{named} is no file here, and on the server"))
            }
            _ => Subject::local(file),
        }
    }
}
