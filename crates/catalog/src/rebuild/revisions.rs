//! Revisions with their files.

use std::collections::HashMap;

use sheaf_types::files::ChunkRef;
use sheaf_types::records::RecordKey;
use sheaf_types::revisions::Revision;
use sheaf_types::{ChunkId, FilePath};
use sqlx::AnyConnection;

use crate::commits::{self, NewFile};
use crate::contents::{self, ContentId};
use crate::near_lossless::{self, NearLosslessId};
use crate::records::{self, Change};
use crate::revisions::RevisionRowId;
use crate::{Catalog, RepositoryId, Result, chunks, pickles, row};

/// A revision to be made anew.
#[derive(Debug)]
pub struct NewRow<'a> {
    /// Where.
    pub repository: RepositoryId,
    /// What is shown of it.
    pub revision: &'a Revision,
    /// The record that says so.
    pub key: &'a RecordKey,
    /// Its files.
    pub files: &'a [NewFile],
}

/// What became of a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Restored {
    /// It is back.
    Whole,
    /// It is back, and that before it is not: its history ends there.
    WithoutParent,
    /// It was back already.
    Before,
    /// A file has a chunk that is not stored.
    ChunkMissing(ChunkId),
}

impl Catalog {
    /// Makes a revision anew, whole, or not at all.
    pub async fn restore_revision(&self, new: &NewRow<'_>) -> Result<Restored> {
        let there = self.find_revision(new.repository, &new.revision.id).await?;
        if there.is_some() {
            return Ok(Restored::Before);
        }
        let parent = match &new.revision.parent {
            Some(parent) => self.find_revision(new.repository, parent).await?,
            None => None,
        };
        let parent = parent.map(|row| row.id);
        let mut tx = self.begin().await?;
        if let Some(missing) = restore(&mut tx, new, parent).await? {
            tx.rollback().await?;
            return Ok(Restored::ChunkMissing(missing));
        }
        tx.commit().await?;
        Ok(match new.revision.parent.is_some() && parent.is_none() {
            true => Restored::WithoutParent,
            false => Restored::Whole,
        })
    }
}

/// The first chunk that is not stored, if one is.
async fn restore(
    connection: &mut AnyConnection,
    new: &NewRow<'_>,
    parent: Option<RevisionRowId>,
) -> Result<Option<ChunkId>> {
    let revision =
        commits::insert_revision(connection, new.repository, parent, new.revision).await?;
    for file in new.files {
        let content = match content(connection, file).await? {
            Ok(content) => content,
            Err(missing) => return Ok(Some(missing)),
        };
        if let Some(scanned) = &file.scanned {
            pickles::insert(connection, content, scanned).await?;
        }
        let done = near_lossless(connection, new.repository, parent, file).await?;
        commits::put_file(connection, revision, &file.path, content, done).await?;
    }
    let appeared = Change::Revision(revision, new.revision.id);
    records::insert(connection, Some(new.repository), new.key, appeared, 1).await?;
    Ok(None)
}

/// The row of a file's bytes, made when it is missing; or a chunk that is not stored.
async fn content(
    connection: &mut AnyConnection,
    file: &NewFile,
) -> Result<std::result::Result<ContentId, ChunkId>> {
    if let Some(found) = contents::find(connection, &file.sha256, &file.list).await? {
        return Ok(Ok(found));
    }
    let mut known: HashMap<ChunkRef, i64> = HashMap::new();
    let mut rows = Vec::with_capacity(file.chunks.len());
    for chunk in &file.chunks {
        let row = match known.get(chunk) {
            Some(row) => *row,
            None => match chunks::find(connection, &chunk.id).await? {
                Some((row, raw_len)) if raw_len == chunk.size => row,
                _ => return Ok(Err(chunk.id)),
            },
        };
        known.insert(*chunk, row);
        rows.push(row);
    }
    Ok(Ok(contents::insert(connection, file, &rows).await?))
}

/// The row that says how a file was rounded: that of the parent where it is the same.
async fn near_lossless(
    connection: &mut AnyConnection,
    repository: RepositoryId,
    parent: Option<RevisionRowId>,
    file: &NewFile,
) -> Result<Option<NearLosslessId>> {
    let Some(done) = &file.near_lossless else {
        return Ok(None);
    };
    if let Some(parent) = parent
        && let Some(row) = of_parent(connection, parent, &file.path).await?
        && near_lossless::find(connection, row).await?.as_ref() == Some(done)
    {
        return Ok(Some(row));
    }
    let row = near_lossless::insert(connection, repository, done).await?;
    Ok(Some(row))
}

async fn of_parent(
    connection: &mut AnyConnection,
    parent: RevisionRowId,
    path: &FilePath,
) -> Result<Option<NearLosslessId>> {
    let row = sqlx::query(
        "SELECT near_lossless FROM revision_files WHERE revision = $1 AND path = $2 \
         AND near_lossless IS NOT NULL",
    )
    .bind(parent.0)
    .bind(path.as_str())
    .fetch_optional(connection)
    .await?;
    row.map(|row| row::integer(&row, "near_lossless").map(NearLosslessId))
        .transpose()
}
