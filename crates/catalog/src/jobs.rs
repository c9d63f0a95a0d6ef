//! Work in the background: a row for each job, leased by the server that works on it.
//!
//! A lease is reckoned by the database's clock. Whoever took a job says by which attempt, and what a
//! server whose lease was lost says of it later is passed over.

mod commits;
mod list;
mod settle;

use std::time::Duration;

use jiff::Timestamp;
use sheaf_types::UploadId;
use sheaf_types::jobs::{JobId, JobKind};

pub(crate) use commits::end_commit;
pub use list::{JobFilter, JobRow};
pub use settle::{Dropped, Retried};

use crate::{Catalog, RepositoryId, Result, row};

/// A job to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// What tells the one who works on it from those who did so before.
    pub lease: Lease,
    /// What sort of work it is.
    pub kind: JobKind,
    /// Of which upload, where it is a commit.
    pub upload: Option<UploadId>,
    /// To which repository, if to one.
    pub repository: Option<RepositoryId>,
    /// What was asked, as whoever queued it wrote it.
    pub payload: String,
    /// What an earlier attempt left, to go on from.
    pub memory: Option<String>,
    /// How often it was begun since it last got on, with this attempt.
    pub fruitless: u64,
}

/// One attempt at a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// At which.
    pub job: JobId,
    /// Which attempt.
    pub(crate) attempt: i64,
}

/// A job to be queued.
#[derive(Debug, Clone)]
pub struct NewJob<'a> {
    /// What sort of work it is.
    pub kind: JobKind,
    /// What it does: there is one job for the same thing.
    pub key: &'a str,
    /// For which repository, if for one.
    pub repository: Option<RepositoryId>,
    /// What it does, for people.
    pub what: &'a str,
    /// What is asked, for whoever works on it.
    pub payload: &'a str,
    /// Not if it was done as lately as that.
    pub unless_done_within: Duration,
}

/// How far a job is.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// What is done.
    pub done: u64,
    /// Of how much.
    pub total: u64,
    /// In words.
    pub note: &'a str,
    /// What a later attempt is to go on from.
    pub memory: &'a str,
    /// Whether something was done since the last time.
    pub got_on: bool,
}

/// A job that is there: just made, or before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Queued {
    /// Which.
    pub job: JobId,
    /// Whether it was not there before.
    pub new: bool,
}

impl Catalog {
    /// Queues a job. One for the same thing that has not ended is left as it is, one that has ended
    /// makes way.
    pub async fn queue_job(&self, new: &NewJob<'_>) -> Result<Queued> {
        let mut tx = self.begin().await?;
        let now = self.now(&mut tx).await?;
        let found = sqlx::query("SELECT id, state, ended_at FROM jobs WHERE key = $1")
            .bind(new.key)
            .fetch_optional(&mut *tx)
            .await?;
        if let Some(found) = found {
            let ended_at = row::optional_time(&found, "ended_at")?;
            let lately = earlier(now, new.unless_done_within);
            let stays = match row::text(&found, "state")?.as_str() {
                "queued" | "running" => true,
                "done" => ended_at.is_some_and(|at| at > lately),
                _ => false,
            };
            let job = JobId(row::integer(&found, "id")?);
            if stays {
                return Ok(Queued { job, new: false });
            }
            sqlx::query("DELETE FROM jobs WHERE id = $1")
                .bind(job.0)
                .execute(&mut *tx)
                .await?;
        }
        let row = sqlx::query(
            "INSERT INTO jobs (kind, state, key, repository, what, payload, created_at) \
             VALUES ($1, 'queued', $2, $3, $4, $5, $6) RETURNING id",
        )
        .bind(new.kind.as_str())
        .bind(new.key)
        .bind(new.repository.map(|id| id.0))
        .bind(new.what)
        .bind(new.payload)
        .bind(now.as_microsecond())
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        let job = JobId(row::integer(&row, "id")?);
        Ok(Queued { job, new: true })
    }

    /// Takes a job of a kind that nobody works on, for as long as that.
    pub async fn claim_job(
        &self,
        kind: JobKind,
        runner: &str,
        lease: Duration,
    ) -> Result<Option<Job>> {
        let mut tx = self.begin().await?;
        let now = self.now(&mut tx).await?;
        let row = sqlx::query(
            "UPDATE jobs SET state = 'running', runner = $2, started_at = $3, leased_until = $4, \
               attempts = attempts + 1, fruitless = fruitless + 1 \
             WHERE id = (SELECT id FROM jobs WHERE kind = $1 AND state IN ('queued', 'running') \
               AND not_before <= $3 AND COALESCE(leased_until, 0) <= $3 \
               ORDER BY not_before, id LIMIT 1) \
             RETURNING id, upload, repository, payload, memory, attempts, fruitless",
        )
        .bind(kind.as_str())
        .bind(runner)
        .bind(now.as_microsecond())
        .bind(later(now, lease).as_microsecond())
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let upload = row::optional_id(&row, "upload", UploadId::from_slice)?;
        let repository = match &upload {
            None => row::optional(&row, "repository")?,
            Some(upload) => {
                let of = sqlx::query("SELECT repository FROM uploads WHERE id = $1")
                    .bind(upload.as_bytes().as_slice())
                    .fetch_one(&mut *tx)
                    .await?;
                Some(row::integer(&of, "repository")?)
            }
        };
        tx.commit().await?;
        Ok(Some(Job {
            lease: Lease {
                job: JobId(row::integer(&row, "id")?),
                attempt: row::integer(&row, "attempts")?,
            },
            kind,
            upload,
            repository: repository.map(RepositoryId),
            payload: row::text(&row, "payload")?,
            memory: row::optional_text(&row, "memory")?,
            fruitless: row::size(&row, "fruitless")?,
        }))
    }

    /// Keeps a job for longer; whether it is still there and nobody took it over.
    pub async fn renew_job(&self, lease: &Lease, by: Duration) -> Result<bool> {
        let mut tx = self.begin().await?;
        let until = later(self.now(&mut tx).await?, by);
        let done = sqlx::query(
            "UPDATE jobs SET leased_until = $3 WHERE id = $1 AND attempts = $2 AND state = 'running'",
        )
        .bind(lease.job.0)
        .bind(lease.attempt)
        .bind(until.as_microsecond())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    /// Notes how far a job got, and keeps it for longer; whether it is still the caller's.
    pub async fn note_progress(
        &self,
        lease: &Lease,
        progress: &Progress<'_>,
        by: Duration,
    ) -> Result<bool> {
        let mut tx = self.begin().await?;
        let until = later(self.now(&mut tx).await?, by);
        let done = sqlx::query(
            "UPDATE jobs SET leased_until = $3, done = $4, total = $5, note = $6, memory = $7, \
             fruitless = CASE WHEN $8 = 1 THEN 0 ELSE fruitless END WHERE id = $1 AND attempts = $2 AND state = 'running'",
        )
        .bind(lease.job.0)
        .bind(lease.attempt)
        .bind(until.as_microsecond())
        .bind(row::sql(progress.done))
        .bind(row::sql(progress.total))
        .bind(progress.note)
        .bind(progress.memory)
        .bind(i64::from(progress.got_on))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    /// How often a job was begun since it last got on.
    pub async fn fruitless_attempts(&self, lease: &Lease) -> Result<u64> {
        let row = sqlx::query("SELECT fruitless FROM jobs WHERE id = $1")
            .bind(lease.job.0)
            .fetch_optional(&self.read)
            .await?;
        row.map_or(Ok(0), |row| row::size(&row, "fruitless"))
    }

    /// Takes the leases of a server that died from it. Only for a catalog with one server.
    pub async fn release_leases(&self) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE jobs SET leased_until = NULL WHERE leased_until IS NOT NULL")
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

fn later(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}

fn earlier(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_sub(by).unwrap_or(Timestamp::MIN)
}
