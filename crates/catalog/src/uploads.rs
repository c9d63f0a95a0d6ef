use jiff::Timestamp;
use sheaf_types::uploads::{Upload, UploadState};
use sheaf_types::{ErrorDetail, UploadId};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

use crate::revisions::RevisionRowId;
use crate::{Catalog, Error, RepositoryId, Result, row};

/// What [`read`] needs of an upload.
macro_rules! columns {
    () => {
        "id, state, created_at, expires_at, revision, error_code, error_message"
    };
}

/// An upload's row. What it shows of its revision is looked up by whoever shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRow {
    /// What is shown; the revision is left out.
    pub upload: Upload,
    /// The revision that it became.
    pub revision: Option<RevisionRowId>,
}

impl Catalog {
    /// Opens an upload.
    pub async fn create_upload(
        &self,
        repository: RepositoryId,
        id: UploadId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO uploads (id, repository, state, created_at, expires_at) \
             VALUES ($1, $2, 'open', $3, $4)",
        )
        .bind(id.as_bytes().as_slice())
        .bind(repository.0)
        .bind(now.as_microsecond())
        .bind(expires_at.as_microsecond())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Finds an upload to a repository.
    pub async fn find_upload(
        &self,
        repository: RepositoryId,
        id: &UploadId,
    ) -> Result<Option<UploadRow>> {
        let row = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM uploads WHERE repository = $1 AND id = $2"
        ))
        .bind(repository.0)
        .bind(id.as_bytes().as_slice())
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(read).transpose()
    }

    /// The uploads to a repository that are not done, oldest first.
    pub async fn list_uploads(&self, repository: RepositoryId) -> Result<Vec<UploadRow>> {
        let rows = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            " FROM uploads WHERE repository = $1 AND state <> 'committed' \
             ORDER BY created_at, id",
        ))
        .bind(repository.0)
        .fetch_all(&self.read)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Puts off an upload's expiry; whether it is there and takes chunks. A failed one is open again.
    pub async fn reopen_upload(&self, id: &UploadId, expires_at: Timestamp) -> Result<bool> {
        let mut tx = self.begin().await?;
        let done = sqlx::query(
            "UPDATE uploads SET expires_at = $2, state = 'open', error_code = NULL, \
             error_message = NULL WHERE id = $1 AND state IN ('open', 'failed')",
        )
        .bind(id.as_bytes().as_slice())
        .bind(expires_at.as_microsecond())
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    /// Drops an upload, with the job of its commit; whether there was one.
    pub async fn drop_upload(&self, id: &UploadId) -> Result<bool> {
        let mut tx = self.begin().await?;
        let done = sqlx::query("DELETE FROM uploads WHERE id = $1")
            .bind(id.as_bytes().as_slice())
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(done.rows_affected() == 1)
    }

    /// Drops the uploads that expired; how many.
    pub async fn expire_uploads(&self, now: Timestamp) -> Result<u64> {
        let mut tx = self.begin().await?;
        let done =
            sqlx::query("DELETE FROM uploads WHERE expires_at < $1 AND state <> 'committing'")
                .bind(now.as_microsecond())
                .execute(&mut *tx)
                .await?;
        tx.commit().await?;
        Ok(done.rows_affected())
    }
}

/// Whether an upload is there and can hold more chunks.
pub(crate) async fn takes_chunks(connection: &mut AnyConnection, id: &UploadId) -> Result<bool> {
    let row = sqlx::query("SELECT 1 FROM uploads WHERE id = $1 AND state IN ('open', 'failed')")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?;
    Ok(row.is_some())
}

fn read(row: &AnyRow) -> Result<UploadRow> {
    let state = match row::text(row, "state")?.as_str() {
        "open" => UploadState::Open,
        "committing" => UploadState::Committing,
        "committed" => UploadState::Committed,
        "failed" => UploadState::Failed,
        _ => return Err(Error::Corrupt("state of an upload")),
    };
    let code: Option<String> = row.try_get("error_code")?;
    let message: Option<String> = row.try_get("error_message")?;
    let revision: Option<i64> = row.try_get("revision")?;
    Ok(UploadRow {
        upload: Upload {
            id: row::id(row, "id", UploadId::from_slice)?,
            state,
            created_at: row::time(row, "created_at")?,
            expires_at: row::time(row, "expires_at")?,
            revision: None,
            error: code.map(|code| ErrorDetail {
                code,
                message: message.unwrap_or_default(),
            }),
        },
        revision: revision.map(RevisionRowId),
    })
}
