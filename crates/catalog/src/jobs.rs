//! Commits that were promised: a row for each, leased by the server that works on it.

use jiff::Timestamp;
use sheaf_types::{ErrorDetail, UploadId};

use crate::{Catalog, RepositoryId, Result, row};

/// A commit to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Of which upload.
    pub upload: UploadId,
    /// To which repository.
    pub repository: RepositoryId,
    /// What was asked, as whoever queued it wrote it.
    pub payload: String,
    /// How often it was begun before.
    pub attempts: u64,
}

impl Catalog {
    /// Queues the commit of an open upload; whether it was open.
    pub async fn queue_commit(&self, upload: &UploadId, payload: &str) -> Result<bool> {
        let mut tx = self.begin().await?;
        let done = sqlx::query(
            "UPDATE uploads SET state = 'committing' WHERE id = $1 AND state IN ('open', 'failed')",
        )
        .bind(upload.as_bytes().as_slice())
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        sqlx::query(
            "INSERT INTO jobs (upload, payload, leased_until, attempts) VALUES ($1, $2, 0, 0)",
        )
        .bind(upload.as_bytes().as_slice())
        .bind(payload)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Takes a job that nobody works on, until the lease ends.
    pub async fn claim_job(&self, now: Timestamp, until: Timestamp) -> Result<Option<Job>> {
        let mut tx = self.begin().await?;
        let row = sqlx::query(
            "UPDATE jobs SET leased_until = $2, attempts = attempts + 1 WHERE upload = \
               (SELECT upload FROM jobs WHERE leased_until < $1 ORDER BY leased_until LIMIT 1) \
             RETURNING upload, payload, attempts",
        )
        .bind(now.as_microsecond())
        .bind(until.as_microsecond())
        .fetch_optional(&mut *tx)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let upload = row::id(&row, "upload", UploadId::from_slice)?;
        let place = sqlx::query("SELECT repository FROM uploads WHERE id = $1")
            .bind(upload.as_bytes().as_slice())
            .fetch_one(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(Some(Job {
            upload,
            repository: RepositoryId(row::integer(&place, "repository")?),
            payload: row::text(&row, "payload")?,
            attempts: row::size(&row, "attempts")?.saturating_sub(1),
        }))
    }

    /// Keeps a job for longer; whether it is still there.
    pub async fn renew_job(&self, upload: &UploadId, until: Timestamp) -> Result<bool> {
        let mut tx = self.begin().await?;
        let done = sqlx::query("UPDATE jobs SET leased_until = $2 WHERE upload = $1")
            .bind(upload.as_bytes().as_slice())
            .bind(until.as_microsecond())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    /// Takes the leases of a server that died from it. Only for a catalog with one server.
    pub async fn release_leases(&self) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE jobs SET leased_until = 0")
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends a job whose commit was refused. The upload keeps its chunks until it expires.
    pub async fn fail_job(
        &self,
        upload: &UploadId,
        error: &ErrorDetail,
        expires_at: Timestamp,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM jobs WHERE upload = $1")
            .bind(upload.as_bytes().as_slice())
            .execute(&mut *tx)
            .await?;
        sqlx::query(
            "UPDATE uploads SET state = 'failed', error_code = $2, error_message = $3, \
             expires_at = $4 WHERE id = $1 AND state = 'committing'",
        )
        .bind(upload.as_bytes().as_slice())
        .bind(&error.code)
        .bind(&error.message)
        .bind(expires_at.as_microsecond())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }
}
