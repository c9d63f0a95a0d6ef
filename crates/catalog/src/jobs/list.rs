//! Jobs as they are shown.

use sheaf_types::jobs::{JobId, JobKind, JobProgress, JobState};
use sheaf_types::{ErrorDetail, UploadId};
use sqlx::any::AnyRow;

use crate::{Catalog, Error, RepositoryId, Result, row};

/// A job's row, with what is shown of it. Its result is as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct JobRow {
    /// What is shown; the result is left out.
    pub job: sheaf_types::jobs::Job,
    /// The repository that it is about.
    pub repository: Option<RepositoryId>,
    /// What came of it, as it was written.
    pub result: Option<String>,
}

/// Which jobs are meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Only of this kind.
    pub kind: Option<JobKind>,
    /// Only in this state.
    pub state: Option<JobState>,
    /// Only about this repository.
    pub repository: Option<RepositoryId>,
}

/// Jobs `j` with their repositories `r`.
macro_rules! selected {
    () => {
        "SELECT j.id, j.kind, j.state, j.upload, j.what, j.attempts, j.runner, j.created_at, \
           j.not_before, j.started_at, j.ended_at, j.done, j.total, j.note, j.result, \
           j.error_code, j.error_message, r.id AS repository, r.name \
         FROM jobs j LEFT JOIN uploads u ON u.id = j.upload \
         LEFT JOIN repositories r ON r.id = COALESCE(j.repository, u.repository) "
    };
}

impl Catalog {
    /// Jobs that were queued before `before`, newest first.
    pub async fn list_jobs(
        &self,
        filter: &JobFilter,
        before: JobId,
        limit: u32,
    ) -> Result<Vec<JobRow>> {
        let rows = sqlx::query(concat!(
            selected!(),
            "WHERE j.id < $1 AND ($2 = '' OR j.kind = $2) AND ($3 = '' OR j.state = $3) \
             AND ($4 < 0 OR r.id = $4) ORDER BY j.id DESC LIMIT CAST($5 AS BIGINT)"
        ))
        .bind(before.0)
        .bind(filter.kind.map_or("", JobKind::as_str))
        .bind(filter.state.map_or("", JobState::as_str))
        .bind(filter.repository.map_or(-1, |id| id.0))
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Finds a job.
    pub async fn find_job(&self, job: JobId) -> Result<Option<JobRow>> {
        let row = sqlx::query(concat!(selected!(), "WHERE j.id = $1"))
            .bind(job.0)
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map(read).transpose()
    }
}

fn read(row: &AnyRow) -> Result<JobRow> {
    let state = row::parsed(row, "state", "state of a job")?;
    let upload = row::optional_id(row, "upload", UploadId::from_slice)?;
    let what = row::optional_text(row, "what")?;
    let name = row::optional_text(row, "name")?.map(|name| name.parse());
    let code = row::optional_text(row, "error_code")?;
    let message = row::optional_text(row, "error_message")?.unwrap_or_default();
    let not_before = row::optional_time(row, "not_before")?;
    let started_at = row::optional_time(row, "started_at")?;
    Ok(JobRow {
        job: sheaf_types::jobs::Job {
            id: JobId(row::integer(row, "id")?),
            kind: row::parsed(row, "kind", "kind of a job")?,
            state,
            repository: name
                .transpose()
                .map_err(|_| Error::Corrupt("name of a repository"))?,
            what: what
                .or_else(|| upload.map(|id| format!("upload {id}")))
                .unwrap_or_default(),
            attempts: row::size(row, "attempts")?,
            runner: row::optional_text(row, "runner")?,
            created_at: row::time(row, "created_at")?,
            started_at,
            ended_at: row::optional_time(row, "ended_at")?,
            retry_at: not_before
                .filter(|at| state == JobState::Queued && started_at.is_some_and(|was| *at > was)),
            progress: JobProgress {
                done: row::size(row, "done")?,
                total: row::size(row, "total")?,
                note: row::optional_text(row, "note")?.unwrap_or_default(),
            },
            error: code.map(|code| ErrorDetail { code, message }),
            result: None,
        },
        repository: row::optional(row, "repository")?.map(RepositoryId),
        result: row::optional_text(row, "result")?,
    })
}
