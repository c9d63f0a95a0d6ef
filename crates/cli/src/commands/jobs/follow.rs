//! A job until its end.

use std::time::Duration;

use sheaf_client::Client;
use sheaf_types::jobs::{Job, JobState};

use crate::bar;
use crate::globals::Globals;

/// The longest that the bar stands still.
const WAIT: Duration = Duration::from_secs(2);

/// Waits for a job to end, and shows how far it is in a bar of this template.
pub async fn ended(
    client: &Client,
    mut job: Job,
    globals: &Globals,
    template: &str,
) -> anyhow::Result<Job> {
    let bar = bar::new(globals, template);
    while matches!(job.state, JobState::Queued | JobState::Running) {
        bar.set_length(job.progress.total);
        bar.set_position(job.progress.done);
        job = client.job(job.id, WAIT).await?;
    }
    bar.finish_and_clear();
    Ok(job)
}
