//! What storage costs, counted from the rows.

use sheaf_types::savings::{SavedBy, Savings};
use sqlx::any::AnyRow;

use crate::visibility::visible;
use crate::{Catalog, RepositoryId, Result, Visibility, row};

/// Whose savings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One repository's.
    Repository(RepositoryId),
    /// Those of every repository that the caller may read.
    All,
}

/// The repositories that are counted (`mine`: all visible ones where $4 is 0, else the one), the
/// revisions that their refs reach, those revisions' files, and their chunks.
macro_rules! counted {
    () => {
        concat!(
            "WITH RECURSIVE mine (id) AS (SELECT r.id FROM repositories r WHERE ",
            visible!(),
            " AND (CAST($4 AS BIGINT) = 0 OR r.id = CAST($4 AS BIGINT))), \
             reached (id, repository) AS ( \
               SELECT f.revision, f.repository FROM refs f JOIN mine ON mine.id = f.repository \
               UNION SELECT v.parent, v.repository FROM reached \
                 JOIN revisions v ON v.id = reached.id WHERE v.parent IS NOT NULL), \
             files (repository, path, content) AS ( \
               SELECT DISTINCT reached.repository, f.path, f.content FROM reached \
               JOIN revision_files f ON f.revision = reached.id), \
             held (chunk) AS (SELECT DISTINCT cc.chunk FROM content_chunks cc \
               WHERE cc.content IN (SELECT content FROM files)) "
        )
    };
}

const RAW: &str = concat!(
    counted!(),
    "SELECT COALESCE(CAST(SUM(c.size) AS BIGINT), 0) AS raw FROM files \
     JOIN contents c ON c.id = files.content"
);

const CHUNKS: &str = concat!(
    counted!(),
    "SELECT COALESCE(CAST(SUM(k.raw_len) AS BIGINT), 0) AS raw, \
     COALESCE(CAST(SUM(k.stored_len) AS BIGINT), 0) AS stored \
     FROM held JOIN chunks k ON k.id = held.chunk"
);

/// Chunks that no other repository holds which the caller may read: what others hold in private
/// must not show.
const EXCLUSIVE: &str = concat!(
    counted!(),
    ", theirs (content) AS (SELECT DISTINCT f.content FROM repositories r \
       JOIN revisions v ON v.repository = r.id JOIN revision_files f ON f.revision = v.id \
       WHERE r.id NOT IN (SELECT id FROM mine) AND ",
    visible!(),
    ") SELECT COALESCE(CAST(SUM(k.stored_len) AS BIGINT), 0) AS stored FROM held \
     JOIN chunks k ON k.id = held.chunk WHERE held.chunk NOT IN ( \
       SELECT cc.chunk FROM content_chunks cc WHERE cc.content IN (SELECT content FROM theirs))"
);

const SENT: &str = concat!(
    counted!(),
    "SELECT COALESCE(CAST(SUM(r.sent_raw) AS BIGINT), 0) AS raw, \
     COALESCE(CAST(SUM(r.sent_wire) AS BIGINT), 0) AS wire, \
     COALESCE(CAST(SUM(r.direct_raw) AS BIGINT), 0) AS direct_raw, \
     COALESCE(CAST(SUM(r.direct_wire) AS BIGINT), 0) AS direct_wire \
     FROM mine JOIN repositories r ON r.id = mine.id"
);

impl Catalog {
    /// The savings that a caller may see. Blobs are standalone, so that nothing is due to deltas.
    pub async fn savings(&self, visibility: &Visibility, scope: Scope) -> Result<Savings> {
        let raw = row::size(&self.figures(RAW, visibility, scope).await?, "raw")?;
        let chunks = self.figures(CHUNKS, visibility, scope).await?;
        let exclusive = self.figures(EXCLUSIVE, visibility, scope).await?;
        let sent = self.figures(SENT, visibility, scope).await?;
        let distinct = row::size(&chunks, "raw")?;
        let stored = row::size(&chunks, "stored")?;
        Ok(Savings {
            raw_bytes: raw,
            stored_bytes: stored,
            base_bytes: 0,
            exclusive_bytes: row::size(&exclusive, "stored")?,
            saved_by: SavedBy {
                dedup: difference(raw, distinct),
                encoding: difference(distinct, stored),
                delta: 0,
            },
            sent_raw_bytes: row::size(&sent, "raw")?,
            sent_wire_bytes: row::size(&sent, "wire")?,
            direct_raw_bytes: row::size(&sent, "direct_raw")?,
            direct_wire_bytes: row::size(&sent, "direct_wire")?,
        })
    }

    async fn figures(
        &self,
        sql: &'static str,
        visibility: &Visibility,
        scope: Scope,
    ) -> Result<AnyRow> {
        let one = match scope {
            Scope::Repository(id) => id.0,
            Scope::All => 0,
        };
        let query = visibility.bind(sqlx::query(sql)).bind(one);
        Ok(query.fetch_one(&self.read).await?)
    }
}

fn difference(before: u64, after: u64) -> i64 {
    row::sql(before) - row::sql(after)
}
