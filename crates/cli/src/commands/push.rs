//! `sheaf push`: a file or folder becomes a revision.

use std::path::PathBuf;

use sheaf_client::Filter;
use sheaf_client::push::{PushOptions, PushReport};
use sheaf_formats::near_lossless::Bits;

use crate::globals::Globals;
use crate::level::LevelName;
use crate::target::Target;
use crate::{folders, near_lossless, output, remote, transfer_bar, words};

/// Pushes a file or a folder
///
/// Adds it to what the branch holds, as one revision; the repository is made when it is missing. Only
/// what the server lacks is sent. Pushing again after an error goes on from there.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file or folder
    path: PathBuf,
    /// Where it goes [default branch: main]
    #[arg(value_name = "NAMESPACE/NAME[@BRANCH]")]
    target: Target,
    /// Why, in one sentence
    #[arg(long, short)]
    message: Option<String>,
    /// Only files that match this pattern; can be given several times
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,
    /// No files that match this pattern; can be given several times
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Takes away what the branch holds and the folder lacks
    #[arg(long)]
    delete: bool,
    /// Makes the repository a private one, if it has to be made
    #[arg(long)]
    private: bool,
    /// Rounds weights down to multiples of 2^-BITS before, which cannot be undone: not the files
    /// themselves but the rounded ones are pushed, and their manifests say so
    ///
    /// Tensors of floats with no number beyond 1 on either side are rounded; all else stays as it is.
    #[arg(long, value_name = "BITS", value_parser = near_lossless::bits)]
    near_lossless: Option<Bits>,
    /// How much work goes into making files small
    #[arg(long, value_enum, default_value_t)]
    level: LevelName,
}

/// Pushes and says what it came to.
pub async fn run(args: Args, globals: &Globals) -> anyhow::Result<()> {
    let options = PushOptions {
        branch: args.target.branch()?,
        message: args.message,
        filter: Filter::new(&args.include, &args.exclude)?,
        delete: args.delete,
        private: args.private,
        level: args.level.into(),
        near_lossless: args.near_lossless,
        notes: Some(folders::uploads()?),
        ..PushOptions::default()
    };
    let client = remote::connect(globals)?;
    let progress = transfer_bar::new(globals, "sent");
    let report = client
        .push(&args.path, &args.target.name, &options, progress)
        .await?;
    report.warnings.iter().for_each(output::warning);
    if globals.json {
        return output::json(&report);
    }
    if !globals.quiet {
        output::line(describe(&report))?;
    }
    rounded(&report)?;
    Ok(())
}

/// What of it is not pushed as it was, whether or not that is asked for.
fn rounded(report: &PushReport) -> anyhow::Result<()> {
    let Some(files) = &report.near_lossless else {
        return Ok(());
    };
    for file in files {
        let line = near_lossless::line(&file.near_lossless);
        output::line(format_args!("{}: {line}", file.path))?;
    }
    if files.is_empty() {
        output::line("near-lossless: there was nothing to round")?;
    }
    Ok(())
}

fn describe(report: &PushReport) -> String {
    let place = format!("{}@{}", report.repository, report.branch);
    let revision = match &report.revision {
        Some(revision) if report.changed => revision.id,
        _ => return format!("{place} holds all of it already: there is no new revision"),
    };
    let created = if report.created { " (new)" } else { "" };
    format!(
        "{place}{created} is now {revision}\n{}, {}: {} sent, {} were there",
        words::count(report.files, "file"),
        output::size(report.raw_bytes),
        output::size(report.sent_bytes),
        output::size(report.reused_bytes),
    )
}
