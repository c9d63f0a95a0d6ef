//! `sheaf reencode`: stores a revision at another level.

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::bail;
use indicatif::{ProgressBar, ProgressStyle};
use sheaf_client::Client;
use sheaf_types::jobs::{Job, JobState, Level, NewJob};

use super::jobs::render;
use crate::globals::Globals;
use crate::target::Target;
use crate::{output, remote, table};

/// How long is waited in one request.
const WAIT: Duration = Duration::from_secs(2);

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

async fn wait(client: &Client, mut job: Job, globals: &Globals) -> anyhow::Result<Job> {
    let bar = bar(globals);
    while matches!(job.state, JobState::Queued | JobState::Running) {
        bar.set_length(job.progress.total);
        bar.set_position(job.progress.done);
        job = client.job(job.id, WAIT).await?;
    }
    bar.finish_and_clear();
    match render::error(&job) {
        Some(error) if job.state == JobState::Failed => bail!("job {} failed: {error}", job.id),
        _ => Ok(job),
    }
}

/// A bar over raw bytes, where somebody looks at it.
fn bar(globals: &Globals) -> ProgressBar {
    if globals.quiet || globals.json || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::no_length();
    if let Ok(style) =
        ProgressStyle::with_template("{wide_bar} {decimal_bytes} of {decimal_total_bytes}")
    {
        bar.set_style(style);
    }
    bar
}
