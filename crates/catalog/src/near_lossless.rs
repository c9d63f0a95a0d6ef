//! What was done to files before they were pushed.

use sheaf_types::Sha256;
use sheaf_types::files::NearLossless;
use sqlx::AnyConnection;

use crate::{Catalog, Error, RepositoryId, Result, row};

/// The row that says how a file was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NearLosslessId(pub i64);

impl Catalog {
    /// What was done to a file of which the row is known; `None` when it is gone.
    pub async fn near_lossless(&self, id: NearLosslessId) -> Result<Option<NearLossless>> {
        let mut connection = self.read.acquire().await?;
        find(&mut connection, id).await
    }
}

pub(crate) async fn find(
    connection: &mut AnyConnection,
    id: NearLosslessId,
) -> Result<Option<NearLossless>> {
    let row = sqlx::query("SELECT bits, original, tensors FROM near_lossless WHERE id = $1")
        .bind(id.0)
        .fetch_optional(connection)
        .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let tensors = row::text(&row, "tensors")?;
    Ok(Some(NearLossless {
        bits: row::bits(&row, "bits")?,
        original_sha256: row::id(&row, "original", Sha256::from_slice)?,
        tensors: serde_json::from_str(&tensors).map_err(|_| Error::Corrupt("tensors"))?,
    }))
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    repository: RepositoryId,
    done: &NearLossless,
) -> Result<NearLosslessId> {
    let tensors = serde_json::to_string(&done.tensors).map_err(|_| Error::Corrupt("tensors"))?;
    let row = sqlx::query(
        "INSERT INTO near_lossless (repository, bits, original, tensors) \
         VALUES ($1, $2, $3, $4) RETURNING id",
    )
    .bind(repository.0)
    .bind(i64::from(done.bits))
    .bind(done.original_sha256.as_bytes().as_slice())
    .bind(tensors)
    .fetch_one(connection)
    .await?;
    Ok(NearLosslessId(row::integer(&row, "id")?))
}
