//! Commits that were promised: jobs that belong to an upload and end with it.

use jiff::Timestamp;
use sheaf_types::{ErrorDetail, UploadId};
use sqlx::AnyConnection;

use super::Lease;
use crate::{Catalog, Result};

impl Catalog {
    /// Queues the commit of an open upload; whether it was open.
    pub async fn queue_commit(&self, upload: &UploadId, payload: &str) -> Result<bool> {
        let mut tx = self.begin().await?;
        let now = self.now(&mut tx).await?;
        let done = sqlx::query(
            "UPDATE uploads SET state = 'committing' WHERE id = $1 AND state IN ('open', 'failed')",
        )
        .bind(upload.as_bytes().as_slice())
        .execute(&mut *tx)
        .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        // One that was given up makes way.
        end_commit(&mut tx, upload).await?;
        sqlx::query(
            "INSERT INTO jobs (kind, state, upload, payload, created_at) \
             VALUES ('commit', 'queued', $1, $2, $3)",
        )
        .bind(upload.as_bytes().as_slice())
        .bind(payload)
        .bind(now.as_microsecond())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Ends a commit that was refused; whether it was the caller's. The upload keeps its chunks until
    /// it expires.
    pub async fn refuse_commit(
        &self,
        lease: &Lease,
        upload: &UploadId,
        error: &ErrorDetail,
        expires_at: Timestamp,
    ) -> Result<bool> {
        let mut tx = self.begin().await?;
        let done = sqlx::query("DELETE FROM jobs WHERE id = $1 AND attempts = $2")
            .bind(lease.job.0)
            .bind(lease.attempt)
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 1 {
            fail_upload(&mut tx, upload, error, expires_at).await?;
        }
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }
}

/// Takes the job of an upload's commit.
pub(crate) async fn end_commit(connection: &mut AnyConnection, upload: &UploadId) -> Result<()> {
    sqlx::query("DELETE FROM jobs WHERE upload = $1")
        .bind(upload.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

/// Says to whoever waits for a commit that nothing comes of it.
pub(super) async fn fail_upload(
    connection: &mut AnyConnection,
    upload: &UploadId,
    error: &ErrorDetail,
    expires_at: Timestamp,
) -> Result<()> {
    sqlx::query(
        "UPDATE uploads SET state = 'failed', error_code = $2, error_message = $3, \
         expires_at = $4 WHERE id = $1 AND state = 'committing'",
    )
    .bind(upload.as_bytes().as_slice())
    .bind(&error.code)
    .bind(&error.message)
    .bind(expires_at.as_microsecond())
    .execute(connection)
    .await?;
    Ok(())
}
