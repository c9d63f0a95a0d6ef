//! `sheaf jobs`: what the server does in the background.

pub(super) mod follow;
pub(super) mod render;

use std::time::Duration;

use sheaf_client::Client;
use sheaf_types::jobs::{Job, JobId, JobKind, JobState};

use crate::globals::Globals;
use crate::{output, remote, table};

/// Lists what the server does in the background (with an admin token)
///
/// Commits, collections and re-encodings are jobs. One that was tried in vain for long enough is `failed`,
/// and stays until it is tried again or dropped.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(List),
    /// Shows all of one job
    Show {
        /// Its id, as `sheaf jobs` shows it
        id: JobId,
    },
    /// Tries a job again that failed
    Retry {
        /// Its id, as `sheaf jobs` shows it
        id: JobId,
    },
    /// Takes a job away; one that runs is stopped
    Drop {
        /// Its id, as `sheaf jobs` shows it
        id: JobId,
    },
}

/// Lists the jobs, newest first
#[derive(Debug, clap::Args)]
struct List {
    /// Only of this kind: commit, reencode, collect or check
    #[arg(long)]
    kind: Option<JobKind>,
    /// Only in this state: queued, running, done or failed
    #[arg(long)]
    state: Option<JobState>,
}

/// Does what the subcommand says.
pub async fn run(args: Args, globals: &Globals) -> anyhow::Result<()> {
    let client = remote::connect(globals)?;
    match args.command.unwrap_or(Command::List(args.list)) {
        Command::List(list) => {
            let jobs = all(&client, &list).await?;
            if globals.json {
                return output::json(&jobs);
            }
            table::print(jobs.iter().map(render::row))
        }
        Command::Show { id } => show(&client.job(id, Duration::ZERO).await?, globals),
        Command::Retry { id } => show(&client.retry_job(id).await?, globals),
        Command::Drop { id } => {
            client.drop_job(id).await?;
            if !globals.quiet && !globals.json {
                output::line(format_args!("dropped {id}"))?;
            }
            Ok(())
        }
    }
}

fn show(job: &Job, globals: &Globals) -> anyhow::Result<()> {
    if globals.json {
        return output::json(job);
    }
    table::print(render::rows(job).into_iter())
}

async fn all(client: &Client, list: &List) -> anyhow::Result<Vec<Job>> {
    let mut all = vec![];
    let mut cursor = None;
    loop {
        let page = client
            .jobs(list.kind, list.state, cursor.as_deref())
            .await?;
        all.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(all);
        }
    }
}
