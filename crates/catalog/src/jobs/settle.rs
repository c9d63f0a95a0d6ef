//! What becomes of a job that was worked on, and of one that an administrator looks after.

use std::time::Duration;

use jiff::Timestamp;
use sheaf_types::jobs::JobId;
use sheaf_types::{ErrorDetail, UploadId};

use super::{Lease, commits, later};
use crate::{Catalog, Result, row};

/// What became of a job that was to be tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retried {
    /// It is queued.
    Queued,
    /// It has not failed.
    NotFailed,
    /// Its client went on with the upload by itself.
    Superseded,
    /// It is not there.
    Gone,
}

/// What became of a job that was to be dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// It was there.
    Dropped,
    /// It was not there.
    Gone,
}

impl Catalog {
    /// Gives a job back that was not brought to its end, as if it had not been begun.
    pub async fn put_back_job(&self, lease: &Lease) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "UPDATE jobs SET state = 'queued', leased_until = NULL, \
               fruitless = CASE WHEN fruitless > 0 THEN fruitless - 1 ELSE 0 END \
             WHERE id = $1 AND attempts = $2 AND state = 'running'",
        )
        .bind(lease.job.0)
        .bind(lease.attempt)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Gives back a job that failed, to be tried again after a while.
    pub async fn retry_job_later(
        &self,
        lease: &Lease,
        error: &ErrorDetail,
        after: Duration,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let not_before = later(self.now(&mut tx).await?, after);
        sqlx::query(
            "UPDATE jobs SET state = 'queued', leased_until = NULL, not_before = $3, \
               error_code = $4, error_message = $5 \
             WHERE id = $1 AND attempts = $2 AND state = 'running'",
        )
        .bind(lease.job.0)
        .bind(lease.attempt)
        .bind(not_before.as_microsecond())
        .bind(&error.code)
        .bind(&error.message)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends a job, with what came of it.
    pub async fn end_job(&self, lease: &Lease, result: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let now = self.now(&mut tx).await?;
        sqlx::query(
            "UPDATE jobs SET state = 'done', leased_until = NULL, ended_at = $3, result = $4, \
               error_code = NULL, error_message = NULL \
             WHERE id = $1 AND attempts = $2 AND state = 'running'",
        )
        .bind(lease.job.0)
        .bind(lease.attempt)
        .bind(now.as_microsecond())
        .bind(result)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Gives a job up, and tells the client where it is a commit. It stays to be looked at.
    pub async fn give_up_job(
        &self,
        lease: &Lease,
        error: &ErrorDetail,
        commit: Option<(&UploadId, &ErrorDetail, Timestamp)>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        let now = self.now(&mut tx).await?;
        let done = sqlx::query(
            "UPDATE jobs SET state = 'failed', leased_until = NULL, ended_at = $3, \
               error_code = $4, error_message = $5 \
             WHERE id = $1 AND attempts = $2 AND state = 'running'",
        )
        .bind(lease.job.0)
        .bind(lease.attempt)
        .bind(now.as_microsecond())
        .bind(&error.code)
        .bind(&error.message)
        .execute(&mut *tx)
        .await?;
        if let (1, Some((upload, told, expires_at))) = (done.rows_affected(), commit) {
            commits::fail_upload(&mut tx, upload, told, expires_at).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Queues a job again that was given up.
    pub async fn retry_job(&self, job: JobId) -> Result<Retried> {
        let mut tx = self.begin().await?;
        let row = sqlx::query("SELECT state, upload FROM jobs WHERE id = $1")
            .bind(job.0)
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = row else {
            return Ok(Retried::Gone);
        };
        if row::text(&row, "state")? != "failed" {
            return Ok(Retried::NotFailed);
        }
        if let Some(upload) = row::optional_id(&row, "upload", UploadId::from_slice)? {
            let again = sqlx::query(
                "UPDATE uploads SET state = 'committing', error_code = NULL, error_message = NULL \
                 WHERE id = $1 AND state = 'failed'",
            )
            .bind(upload.as_bytes().as_slice())
            .execute(&mut *tx)
            .await?;
            if again.rows_affected() == 0 {
                return Ok(Retried::Superseded);
            }
        }
        sqlx::query(
            "UPDATE jobs SET state = 'queued', not_before = 0, fruitless = 0, ended_at = NULL \
             WHERE id = $1",
        )
        .bind(job.0)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(Retried::Queued)
    }

    /// Takes a job away, also from one who works on it, and tells the client where it is a commit.
    pub async fn drop_job(
        &self,
        job: JobId,
        told: &ErrorDetail,
        expires_at: Timestamp,
    ) -> Result<Dropped> {
        let mut tx = self.begin().await?;
        let row = sqlx::query("DELETE FROM jobs WHERE id = $1 RETURNING upload")
            .bind(job.0)
            .fetch_optional(&mut *tx)
            .await?;
        let Some(row) = row else {
            return Ok(Dropped::Gone);
        };
        if let Some(upload) = row::optional_id(&row, "upload", UploadId::from_slice)? {
            commits::fail_upload(&mut tx, &upload, told, expires_at).await?;
        }
        tx.commit().await?;
        Ok(Dropped::Dropped)
    }
}
