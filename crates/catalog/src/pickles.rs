//! What scans of files for pickles found.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use sheaf_types::pickles::{PickleState, PickleVerdict};
use sheaf_types::{FilePath, Sha256};
use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::contents::ContentId;
use crate::revisions::RevisionRowId;
use crate::{Catalog, Error, Result, row};

/// What a scan of a file found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    /// Whether the file's name says that it is a pickle.
    pub named: bool,
    /// The version of the scanner; 0 where that is not known.
    pub scanner: u32,
    /// None of a file without pickles.
    pub verdict: Option<PickleVerdict>,
}

impl Catalog {
    /// What was found in bytes that have this SHA-256 and are put together of these chunks; `None`
    /// where they were not scanned yet, or by a scanner that is older than `least`.
    pub async fn find_scanned(
        &self,
        sha256: &Sha256,
        list: &[u8; 32],
        named: bool,
        least: u32,
    ) -> Result<Option<Scanned>> {
        let row = sqlx::query(
            "SELECT p.named, p.scanner, p.verdict FROM contents c JOIN pickles p ON p.content = c.id \
             WHERE c.sha256 = $1 AND c.list = $2 AND p.named = $3 AND p.scanner >= $4",
        )
        .bind(sha256.as_bytes().as_slice())
        .bind(list.as_slice())
        .bind(i64::from(named))
        .bind(i64::from(least))
        .fetch_optional(&self.read)
        .await?;
        row.as_ref().map(read).transpose()
    }

    /// Puts what a newer scanner found in place of what an older one did, where that scanned these bytes.
    pub async fn renew_scanned(
        &self,
        sha256: &Sha256,
        list: &[u8; 32],
        scanned: &Scanned,
    ) -> Result<()> {
        // Of most bytes nothing was found before: those who write need not be waited for.
        let known = self.find_scanned(sha256, list, scanned.named, 0).await?;
        if known.is_none_or(|known| known.scanner >= scanned.scanner) {
            return Ok(());
        }
        let mut tx = self.begin().await?;
        sqlx::query(
            "UPDATE pickles SET verdict = $4, scanner = $5 WHERE named = $3 AND scanner < $5 \
             AND content IN (SELECT id FROM contents WHERE sha256 = $1 AND list = $2)",
        )
        .bind(sha256.as_bytes().as_slice())
        .bind(list.as_slice())
        .bind(i64::from(scanned.named))
        .bind(json(scanned)?)
        .bind(i64::from(scanned.scanner))
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
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

    /// What was found in the pickles of files of a revision, from one path to another, by the bytes and
    /// whether a name says that they are a pickle.
    pub async fn pickle_states(
        &self,
        revision: RevisionRowId,
        paths: RangeInclusive<&FilePath>,
    ) -> Result<HashMap<(ContentId, bool), PickleState>> {
        let rows = sqlx::query(
            "SELECT p.content, p.named, SUBSTR(p.verdict, 1, 40) AS beginning \
             FROM revision_files f JOIN pickles p ON p.content = f.content \
             WHERE f.revision = $1 AND f.path >= $2 AND f.path <= $3 AND p.verdict IS NOT NULL",
        )
        .bind(revision.0)
        .bind(paths.start().as_str())
        .bind(paths.end().as_str())
        .fetch_all(&self.read)
        .await?;
        let read = |row: &AnyRow| {
            let content = ContentId(row::integer(row, "content")?);
            let named = row::integer(row, "named")? != 0;
            let state = state(&row::text(row, "beginning")?).ok_or(Error::Corrupt("verdict"))?;
            Ok(((content, named), state))
        };
        rows.iter().map(read).collect()
    }
}

/// A verdict may be long, and begins with its state.
fn state(beginning: &str) -> Option<PickleState> {
    let (state, _) = beginning.strip_prefix(r#"{"state":"#)?.split_once(',')?;
    serde_json::from_str(state).ok()
}

pub(crate) async fn insert(
    connection: &mut AnyConnection,
    content: ContentId,
    scanned: &Scanned,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO pickles (content, named, verdict, scanner) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (content, named) DO NOTHING",
    )
    .bind(content.0)
    .bind(i64::from(scanned.named))
    .bind(json(scanned)?)
    .bind(i64::from(scanned.scanner))
    .execute(connection)
    .await?;
    Ok(())
}

fn json(scanned: &Scanned) -> Result<Option<String>> {
    let verdict = scanned.verdict.as_ref().map(serde_json::to_string);
    verdict.transpose().map_err(|_| Error::Corrupt("verdict"))
}

/// What a scan found, of a row with `named`, `scanner` and `verdict`.
pub(crate) fn read(row: &AnyRow) -> Result<Scanned> {
    Ok(Scanned {
        named: row::integer(row, "named")? != 0,
        scanner: u32::try_from(row::integer(row, "scanner")?).unwrap_or(0),
        verdict: verdict(row)?,
    })
}

fn verdict(row: &AnyRow) -> Result<Option<PickleVerdict>> {
    let text = row::optional_text(row, "verdict")?;
    let parse = |text: String| serde_json::from_str(&text).map_err(|_| Error::Corrupt("verdict"));
    text.map(parse).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_begins_with_its_state() {
        for named in [
            PickleState::Clean,
            PickleState::NotScanned,
            PickleState::Unknown,
            PickleState::Suspicious,
        ] {
            let verdict = PickleVerdict {
                state: named,
                why: "x".repeat(100),
                pickles: 1,
                imports: vec![],
                calls: vec![],
            };
            let json = serde_json::to_string(&verdict).unwrap();
            assert_eq!(state(&json[..40]), Some(named));
        }
    }
}
