//! `sheaf reencode`: stores a revision at another level.

use anyhow::bail;
use sheaf_client::Client;
use sheaf_types::jobs::{Job, JobState, Level, NewJob};

use super::jobs::{follow, render};
use crate::globals::Globals;
use crate::target::Target;
use crate::{output, remote, table};

/// Over raw bytes.
const BAR: &str = "{wide_bar} {decimal_bytes} of {decimal_total_bytes}";

/// Stores a revision at another level, in the background
///
/// The server encodes each chunk anew and keeps the smaller blob (see `sheaf jobs`). What comes back is bit for bit the same, and
/// pulls go on meanwhile. A chunk that was tried at a level, for whichever revision, is not tried again.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The revision [default branch: main]
    #[arg(value_name = "NAMESPACE/NAME[@REF]")]
    target: Target,
    /// How much work goes into it: fast, default or max
    #[arg(long, default_value = "max")]
    level: Level,
    /// Does not wait for the end
    #[arg(long)]
    detach: bool,
}

/// Starts it, and waits for its end.
pub async fn run(args: Args, globals: &Globals) -> anyhow::Result<()> {
    let client = remote::connect(globals)?;
    let new = NewJob::Reencode {
        repository: args.target.name.clone(),
        reference: args.target.reference(),
        level: args.level,
    };
    let mut job = client.start_job(&new).await?;
    if !args.detach {
        job = wait(&client, job, globals).await?;
    }
    if globals.json {
        return output::json(&job);
    }
    match &job.result {
        Some(result) => Ok(output::line(render::result(result))?),
        None => table::print(render::rows(&job).into_iter()),
    }
}

async fn wait(client: &Client, job: Job, globals: &Globals) -> anyhow::Result<Job> {
    let job = follow::ended(client, job, globals, BAR).await?;
    match render::error(&job) {
        Some(error) if job.state == JobState::Failed => bail!("job {} failed: {error}", job.id),
        _ => Ok(job),
    }
}
