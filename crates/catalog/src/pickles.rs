//! What scans of files for pickles found.

use sheaf_types::Sha256;
use sheaf_types::pickles::PickleVerdict;
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::contents::ContentId;
use crate::{Catalog, Error, Result, row};

/// What a scan of a file found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    /// Whether the file's name says that it is a pickle.
    pub named: bool,
    /// None of a file without pickles.
    pub verdict: Option<PickleVerdict>,
}

impl Catalog {
    /// What was found in bytes that have this SHA-256 and are put together of these chunks; `None`
    /// where they were not scanned yet.
    pub async fn find_scanned(
        &self,
        sha256: &Sha256,
        list: &[u8; 32],
        named: bool,
    ) -> Result<Option<Scanned>> {
        let row = sqlx::query(
            "SELECT p.verdict FROM contents c JOIN pickles p ON p.content = c.id \
             WHERE c.sha256 = $1 AND c.list = $2 AND p.named = $3",
        )
        .bind(sha256.as_bytes().as_slice())
        .bind(list.as_slice())
        .bind(i64::from(named))
        .fetch_optional(&self.read)
        .await?;
        let read = |row: &AnyRow| {
            let verdict = verdict(row)?;
            Ok(Scanned { named, verdict })
        };
        row.as_ref().map(read).transpose()
    }

    /// What was found in a file's pickles, if it has any and was scanned.
    pub async fn pickle_verdict(
        &self,
        content: ContentId,
        named: bool,
    ) -> Result<Option<PickleVerdict>> {
        let row = sqlx::query("SELECT verdict FROM pickles WHERE content = $1 AND named = $2")
            .bind(content.0)
            .bind(i64::from(named))
            .fetch_optional(&self.read)
            .await?;
        row.as_ref().map_or(Ok(None), verdict)
    }
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    content: ContentId,
    scanned: &Scanned,
) -> Result<()> {
    let verdict = scanned.verdict.as_ref().map(serde_json::to_string);
    let verdict = verdict.transpose().map_err(|_| Error::Corrupt("verdict"))?;
    sqlx::query(
        "INSERT INTO pickles (content, named, verdict) VALUES ($1, $2, $3) \
         ON CONFLICT (content, named) DO NOTHING",
    )
    .bind(content.0)
    .bind(i64::from(scanned.named))
    .bind(verdict)
    .execute(connection)
    .await?;
    Ok(())
}

fn verdict(row: &AnyRow) -> Result<Option<PickleVerdict>> {
    let text = row::optional_text(row, "verdict")?;
    let parse = |text: String| serde_json::from_str(&text).map_err(|_| Error::Corrupt("verdict"));
    text.map(parse).transpose()
}
