//! `sheaf pull`: the files of a revision come into a folder.

use std::path::PathBuf;

use sheaf_client::Filter;
use sheaf_client::pull::{NearLosslessFile, PickledFile, PullOptions, PullReport};

use crate::globals::Globals;
use crate::target::Target;
use crate::{near_lossless, output, remote, transfer_bar, words};

/// Pulls the files of a revision
///
/// Every file is verified before it gets its name. What is there already and unchanged stays; pulling
/// again after an error goes on from there. Files whose pickles are not known to be harmless, there before or not, are named
/// on standard error.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What to pull [default branch: main]
    #[arg(value_name = "NAMESPACE/NAME[@REF]")]
    target: Target,
    /// The folder to pull into [default: NAME]
    destination: Option<PathBuf>,
    /// Only files that match this pattern; can be given several times
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,
    /// No files that match this pattern; can be given several times
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
}

/// Pulls and says what it came to.
pub async fn run(args: Args, globals: &Globals) -> anyhow::Result<()> {
    let options = PullOptions {
        reference: args.target.reference(),
        filter: Filter::new(&args.include, &args.exclude)?,
        ..PullOptions::default()
    };
    let name = args.target.name;
    let destination = args.destination.unwrap_or_else(|| name.name().into());
    let client = remote::connect(globals)?;
    let progress = transfer_bar::new(globals, "received");
    let report = client.pull(&name, &destination, &options, progress).await?;
    for file in &report.pickles {
        output::warning(warning(file));
    }
    if globals.json {
        return output::json(&report);
    }
    if !globals.quiet {
        output::line(describe(&report))?;
    }
    Ok(())
}

fn warning(file: &PickledFile) -> String {
    format!(
        "{}: its pickles are {}: {}. Loading it may run code.",
        file.path,
        words::pickles(file.state),
        file.why
    )
}

fn rounded(file: &NearLosslessFile) -> String {
    format!("{}: {}\n", near_lossless::note(file.bits), file.path)
}

fn describe(report: &PullReport) -> String {
    let direct = match report.direct_bytes {
        0 => String::new(),
        bytes => format!(" ({} of it straight from the bucket)", output::size(bytes)),
    };
    let rounded: String = report.near_lossless.iter().map(rounded).collect();
    format!(
        "{rounded}{} at {} is in {}\n{}, {}: {} received{direct}, {} were there",
        report.repository,
        report.revision.id,
        report.destination.display(),
        words::count(report.files, "file"),
        output::size(report.raw_bytes),
        output::size(report.received_bytes),
        output::size(report.reused_bytes),
    )
}
