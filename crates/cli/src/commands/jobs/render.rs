//! Jobs in words.

use jiff::Timestamp;
use sheaf_types::jobs::{Job, JobProgress, JobResult};

use crate::{output, words};

/// A row for each.
pub fn row(job: &Job) -> [String; 6] {
    [
        job.id.to_string(),
        job.kind.to_string(),
        job.state.to_string(),
        words::time(job.created_at),
        subject(job),
        summary(job),
    ]
}

/// All that is known of one, a row for each thing.
pub fn rows(job: &Job) -> Vec<[String; 2]> {
    let lines = [
        ("job", Some(job.id.to_string())),
        ("kind", Some(job.kind.to_string())),
        ("state", Some(job.state.to_string())),
        (
            "repository",
            job.repository.as_ref().map(|name| name.to_string()),
        ),
        ("what", Some(output::one_line(&job.what))),
        ("progress", progress(&job.progress)),
        ("result", job.result.as_ref().map(result)),
        ("error", error(job)),
        ("attempts", Some(job.attempts.to_string())),
        ("server", job.runner.as_deref().map(output::one_line)),
        ("queued", Some(second(job.created_at))),
        ("begun", job.started_at.map(second)),
        ("ended", job.ended_at.map(second)),
        ("next try", job.retry_at.map(second)),
    ];
    let there = lines.into_iter();
    there
        .filter_map(|(name, text)| Some([name.to_owned(), text?]))
        .collect()
}

fn subject(job: &Job) -> String {
    let what = output::one_line(&job.what);
    match &job.repository {
        None => what,
        Some(name) => format!("{name} {what}"),
    }
}

/// What matters most of how it is.
fn summary(job: &Job) -> String {
    let result = || job.result.as_ref().map(result);
    let told = error(job)
        .or_else(result)
        .or_else(|| progress(&job.progress));
    told.unwrap_or_default()
}

pub fn error(job: &Job) -> Option<String> {
    let error = job.error.as_ref()?;
    Some(output::one_line(&format!(
        "{}: {}",
        error.code, error.message
    )))
}

pub fn progress(of: &JobProgress) -> Option<String> {
    if of.total == 0 {
        return None;
    }
    let percent = 100 * u128::from(of.done) / u128::from(of.total);
    Some(output::one_line(&format!("{percent} % {}", of.note)))
}

/// What came of a job, in a sentence.
pub fn result(result: &JobResult) -> String {
    match result {
        JobResult::Reencode(done) => format!(
            "{} in {}, were {}",
            output::size(done.stored_bytes),
            words::count(done.chunks, "chunk"),
            output::size(done.stored_bytes_before)
        ),
        JobResult::Collect(taken) => format!(
            "{} deleted, {}",
            words::count(taken.objects, "object"),
            output::size(taken.bytes)
        ),
        JobResult::Check(report) => words::count(report.faults_found, "fault"),
    }
}

fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use sheaf_types::ErrorDetail;
    use sheaf_types::jobs::{JobId, JobKind, JobState, Taken};

    use super::*;
    use crate::table;

    fn job() -> Job {
        Job {
            id: JobId(7),
            kind: JobKind::Collect,
            state: JobState::Running,
            repository: None,
            what: "what nothing reaches".into(),
            attempts: 1,
            runner: None,
            created_at: Timestamp::UNIX_EPOCH,
            started_at: None,
            ended_at: None,
            retry_at: None,
            progress: JobProgress::default(),
            error: None,
            result: None,
        }
    }

    fn failed() -> Job {
        Job {
            id: JobId(12),
            kind: JobKind::Commit,
            state: JobState::Failed,
            repository: Some("acme/model".parse().unwrap()),
            what: "upload 0123".into(),
            attempts: 4,
            runner: Some("host:8080".into()),
            started_at: Some(Timestamp::from_second(60).unwrap()),
            ended_at: Some(Timestamp::from_second(61).unwrap()),
            progress: JobProgress {
                done: 1,
                total: 3,
                note: "of 2 GB".into(),
            },
            error: Some(ErrorDetail {
                code: "blob_damaged".into(),
                message: "blobs/00/00:\nit is not there".into(),
            }),
            ..job()
        }
    }

    #[test]
    fn a_table_says_what_matters_most() {
        let mut running = job();
        running.progress = failed().progress;
        let mut done = job();
        done.result = Some(JobResult::Collect(Taken {
            objects: 3,
            bytes: 1_500_000,
            ..Taken::default()
        }));
        let rows = [failed(), running, done].map(|job| row(&job));
        insta::assert_snapshot!(table::lines(&rows).join("\n"), @r"
        12  commit   failed   1970-01-01 00:00  acme/model upload 0123  blob_damaged: blobs/00/00: it is not there
        7   collect  running  1970-01-01 00:00  what nothing reaches    33 % of 2 GB
        7   collect  running  1970-01-01 00:00  what nothing reaches    3 objects deleted, 1.50 MB
        ");
    }

    #[test]
    fn one_is_shown_in_full() {
        insta::assert_snapshot!(table::lines(&rows(&failed())).join("\n"), @r"
        job         12
        kind        commit
        state       failed
        repository  acme/model
        what        upload 0123
        progress    33 % of 2 GB
        error       blob_damaged: blobs/00/00: it is not there
        attempts    4
        server      host:8080
        queued      1970-01-01 00:00:00
        begun       1970-01-01 00:01:00
        ended       1970-01-01 00:01:01
        ");
    }
}
