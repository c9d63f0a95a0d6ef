//! Chunks in the order of their rows.

use crate::chunks::{self, ChunkRow};
use crate::{Catalog, RepositoryId, Result, row};

/// A row that is checked.
#[derive(Debug)]
pub struct Checked<T> {
    /// The row's number.
    pub number: i64,
    /// What it says, where that can be read.
    pub row: Result<T>,
}

impl Catalog {
    /// Chunks whose row's number is above `after`, and whether they are known to be damaged, in the order
    /// of those; of one repository, or all.
    pub async fn chunks_after(
        &self,
        after: i64,
        of: Option<RepositoryId>,
        limit: u32,
    ) -> Result<Vec<Checked<(ChunkRow, bool)>>> {
        let rows = sqlx::query(concat!(
            "SELECT k.id, k.damaged_since, ",
            chunks::columns!(),
            " FROM chunks k WHERE k.id > $1 AND (CAST($2 AS BIGINT) = 0 OR EXISTS \
               (SELECT 1 FROM content_chunks cc JOIN revision_files f ON f.content = cc.content \
                JOIN revisions v ON v.id = f.revision \
                WHERE cc.chunk = k.id AND v.repository = CAST($2 AS BIGINT))) \
             ORDER BY k.id LIMIT CAST($3 AS BIGINT)"
        ))
        .bind(after)
        .bind(of.map_or(0, |of| of.0))
        .bind(i64::from(limit))
        .fetch_all(&self.read)
        .await?;
        let checked = rows.iter().map(|row| {
            let damaged = row::optional(row, "damaged_since")?.is_some();
            Ok(Checked {
                number: row::integer(row, "id")?,
                row: chunks::read(row).map(|row| (row, damaged)),
            })
        });
        checked.collect()
    }

    /// Whether a row names this object.
    pub async fn is_live(&self, object_key: &str) -> Result<bool> {
        let row = sqlx::query("SELECT 1 FROM chunks WHERE object_key = $1")
            .bind(object_key)
            .fetch_optional(&self.read)
            .await?;
        Ok(row.is_some())
    }
}
