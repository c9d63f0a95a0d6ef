//! `sheaf check`: whether what is stored is what was pushed.

use anyhow::{anyhow, bail};
use sheaf_client::Client;
use sheaf_types::RepositoryName;
use sheaf_types::check::{CheckDepth, CheckReport, Fault, HurtFile, NewCheck};
use sheaf_types::jobs::{Job, JobResult, NewJob};

use super::jobs::follow;
use crate::config::size;
use crate::globals::Globals;
use crate::{output, remote, words};

const BAR: &str = "{wide_bar} {pos} of {len} chunks";

/// Checks that what the server stores is what was pushed
///
/// Compares the catalog with the object store and reads every blob, against the hashes in its header, and
/// every record, against the catalog. Ends with 0 only when nothing is wrong, else names what is and the
/// files that it hurts. A new push of such a file mends it, wherever else its chunks are.
///
/// It is a job of the server, which goes on when this command is stopped or the server starts anew. The same
/// command again waits for it.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only what this repository holds
    #[arg(value_name = "NAMESPACE/NAME")]
    repository: Option<RepositoryName>,
    /// Reads no blob: the catalog in itself, and against the list of objects
    #[arg(long)]
    quick: bool,
    /// Decodes every blob too, and hashes every file
    #[arg(long, conflicts_with = "quick")]
    full: bool,
    /// Reads only so many of a hundred blobs and files, others each time
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(1..=100))]
    sample: Option<u8>,
    /// Reads no more than that in a second, such as 50MB
    #[arg(long, value_name = "SIZE", value_parser = size)]
    rate: Option<u64>,
    /// Gives blobs that nothing names to the collection, mends damaged chunks from other objects, where
    /// there are such, and writes records anew that are missing or damaged
    #[arg(long)]
    repair: bool,
}

impl Args {
    fn asked(self) -> NewCheck {
        NewCheck {
            depth: match (self.quick, self.full) {
                (true, _) => CheckDepth::Listed,
                (_, true) => CheckDepth::Decoded,
                _ => CheckDepth::Stored,
            },
            sample_percent: self.sample,
            bytes_per_second: self.rate,
            repository: self.repository,
            repair: self.repair,
        }
    }
}

/// Checks, prints what is wrong, and fails if anything is.
pub async fn run(args: Args, globals: &Globals) -> anyhow::Result<()> {
    let client = remote::connect(globals)?;
    let job = client.start_job(&NewJob::Check(args.asked())).await?;
    let report = ended(&client, job, globals).await?;
    if globals.json {
        output::json(&report)?;
    } else {
        print(&report, globals.quiet)?;
    }
    match report.faults_found {
        0 => Ok(()),
        _ => bail!("{}", found(&report)),
    }
}

/// Waits for what a check finds.
async fn ended(client: &Client, job: Job, globals: &Globals) -> anyhow::Result<CheckReport> {
    let job = follow::ended(client, job, globals, BAR).await?;
    match (job.result, job.error) {
        (Some(JobResult::Check(report)), _) => Ok(*report),
        (_, Some(error)) => {
            Err(anyhow!(error.message).context(format!("job {} could not be done", job.id)))
        }
        _ => bail!("job {} ended without a result", job.id),
    }
}

fn print(report: &CheckReport, quiet: bool) -> anyhow::Result<()> {
    for fault in &report.faults {
        output::line(sentence(fault))?;
        for file in &fault.hurts {
            output::line(format_args!("  hurts {}", name(file)))?;
        }
        if fault.hurts_more > 0 {
            output::line(format_args!(
                "  hurts {} more",
                words::count(fault.hurts_more, "file")
            ))?;
        }
    }
    if !quiet {
        output::line(looked_at(report))?;
    }
    Ok(())
}

fn sentence(fault: &Fault) -> String {
    let object = fault.object_key.as_ref();
    let object = object.map(|key| format!(" ({key})")).unwrap_or_default();
    let repaired = fault.repaired.as_ref();
    let repaired = repaired.map(|how| format!(": {how}")).unwrap_or_default();
    output::one_line(&format!("{}{object}{repaired}", fault.message))
}

fn name(file: &HurtFile) -> String {
    output::one_line(&format!(
        "{}@{} {}",
        file.repository, file.reference, file.path
    ))
}

fn looked_at(report: &CheckReport) -> String {
    let parts = [
        (report.objects, "object"),
        (report.chunks, "chunk"),
        (report.files, "file"),
        (report.revisions, "revision"),
        (report.records, "record"),
    ];
    let parts = parts.into_iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> = parts
        .map(|(number, noun)| words::count(number, noun))
        .collect();
    let read = output::size(report.bytes_read);
    let clean = match report.faults_found {
        0 => ": nothing is wrong",
        _ => "",
    };
    match parts.is_empty() {
        true => "there is nothing to check".into(),
        false => format!("checked {}; {read} read{clean}", parts.join(", ")),
    }
}

fn found(report: &CheckReport) -> String {
    let faults = words::count(report.faults_found, "fault");
    match report.repaired {
        0 => format!("the check found {faults}"),
        repaired => format!("the check found {faults}, of which {repaired} were repaired"),
    }
}
