//! A revision appears: whole, in one transaction.

use std::collections::HashMap;

use sheaf_types::files::{ChunkRef, NearLossless};
use sheaf_types::revisions::{RefKind, Revision};
use sheaf_types::{ChunkId, FilePath, RefName, Sha256, UploadId};
use sqlx::AnyConnection;

use crate::contents::{self, ContentId};
use crate::jobs::end_commit;
use crate::records::{self, Change};
use crate::refs::{self, Expected};
use crate::revisions::RevisionRowId;
use crate::{
    Catalog, NearLosslessId, RepositoryId, Result, Scanned, chunks, near_lossless, pickles, row,
};

/// A revision to be made: that which the branch points to, changed.
#[derive(Debug)]
pub struct NewRevision<'a> {
    /// Where.
    pub repository: RepositoryId,
    /// The branch that is to point to it.
    pub branch: &'a RefName,
    /// What the branch must be; the revision's parent.
    pub expected: Expected,
    /// What is shown of it.
    pub revision: &'a Revision,
    /// Files that it has and its parent has not, or otherwise; each path once.
    pub put: &'a [NewFile],
    /// Paths that its parent has and it has not.
    pub delete: &'a [FilePath],
}

/// A file that a revision is to have.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// Where it goes.
    pub path: FilePath,
    /// The SHA-256 that its bytes were found to have.
    pub sha256: Sha256,
    /// How many they are.
    pub size: u64,
    /// The BLAKE3 of the list of chunks.
    pub list: [u8; 32],
    /// What was done to it before it was hashed, as is said of it.
    pub near_lossless: Option<NearLossless>,
    /// What was found of its pickles, where it was scanned.
    pub scanned: Option<Scanned>,
    /// The chunks, which the upload holds.
    pub chunks: Vec<ChunkRef>,
}

/// What became of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitOutcome {
    /// The revision is there.
    Committed,
    /// The branch is not where it was expected to be.
    HeadMoved,
    /// The upload does not hold this chunk.
    ChunkMissing(ChunkId),
    /// The upload is gone.
    UploadGone,
}

impl Catalog {
    /// Makes a revision of what an upload holds, moves the branch and ends the upload and its job,
    /// or does nothing at all.
    pub async fn commit(&self, upload: &UploadId, new: &NewRevision<'_>) -> Result<CommitOutcome> {
        let mut tx = self.begin().await?;
        let outcome = commit(&mut tx, upload, new).await?;
        if outcome == CommitOutcome::Committed {
            tx.commit().await?;
        } else {
            tx.rollback().await?;
        }
        Ok(outcome)
    }
}

impl Catalog {
    /// Ends an upload that changed nothing, as if it had made the revision that was there already.
    pub async fn end_upload(&self, upload: &UploadId, head: RevisionRowId) -> Result<()> {
        let mut tx = self.begin().await?;
        end_upload(&mut tx, upload, head).await?;
        release(&mut tx, upload).await?;
        tx.commit().await?;
        Ok(())
    }
}

async fn commit(
    connection: &mut AnyConnection,
    upload: &UploadId,
    new: &NewRevision<'_>,
) -> Result<CommitOutcome> {
    let parent = match new.expected {
        Expected::Missing => None,
        Expected::At(row) => Some(row),
    };
    let revision = insert_revision(connection, new.repository, parent, new.revision).await?;
    let appeared = Change::Revision(revision, new.revision.id);
    records::note(connection, new.repository, appeared).await?;
    let moved = refs::set(
        connection,
        new.repository,
        new.branch,
        RefKind::Branch,
        revision,
        new.expected,
    )
    .await?;
    if !moved {
        return Ok(CommitOutcome::HeadMoved);
    }
    if !end_upload(connection, upload, revision).await? {
        return Ok(CommitOutcome::UploadGone);
    }
    if let Expected::At(parent) = new.expected {
        keep_files(connection, parent, revision).await?;
    }
    for path in new.delete {
        delete_file(connection, revision, path).await?;
    }
    for file in new.put {
        let content = match content(connection, upload, file).await? {
            Ok(content) => content,
            Err(missing) => return Ok(CommitOutcome::ChunkMissing(missing)),
        };
        if let Some(scanned) = &file.scanned {
            pickles::insert(connection, content, scanned).await?;
        }
        let done = match &file.near_lossless {
            Some(done) => Some(near_lossless::insert(connection, new.repository, done).await?),
            None => None,
        };
        put_file(connection, revision, &file.path, content, done).await?;
    }
    release(connection, upload).await?;
    sqlx::query("UPDATE repositories SET updated_at = $2 WHERE id = $1")
        .bind(new.repository.0)
        .bind(new.revision.created_at.as_microsecond())
        .execute(connection)
        .await?;
    Ok(CommitOutcome::Committed)
}

pub(crate) async fn insert_revision(
    connection: &mut AnyConnection,
    repository: RepositoryId,
    parent: Option<RevisionRowId>,
    revision: &Revision,
) -> Result<RevisionRowId> {
    let row = sqlx::query(
        "INSERT INTO revisions (repository, revision, parent, message, created_at, files, bytes) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
    )
    .bind(repository.0)
    .bind(revision.id.as_bytes().as_slice())
    .bind(parent.map(|row| row.0))
    .bind(&revision.message)
    .bind(revision.created_at.as_microsecond())
    .bind(row::sql(revision.files))
    .bind(row::sql(revision.bytes))
    .fetch_one(connection)
    .await?;
    Ok(RevisionRowId(row::integer(&row, "id")?))
}

/// A revision begins with the files of its parent.
async fn keep_files(
    connection: &mut AnyConnection,
    parent: RevisionRowId,
    revision: RevisionRowId,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO revision_files (revision, path, content, near_lossless) \
         SELECT CAST($2 AS BIGINT), path, content, near_lossless \
         FROM revision_files WHERE revision = $1",
    )
    .bind(parent.0)
    .bind(revision.0)
    .execute(connection)
    .await?;
    Ok(())
}

async fn delete_file(
    connection: &mut AnyConnection,
    revision: RevisionRowId,
    path: &FilePath,
) -> Result<()> {
    sqlx::query("DELETE FROM revision_files WHERE revision = $1 AND path = $2")
        .bind(revision.0)
        .bind(path.as_str())
        .execute(connection)
        .await?;
    Ok(())
}

pub(crate) async fn put_file(
    connection: &mut AnyConnection,
    revision: RevisionRowId,
    path: &FilePath,
    content: ContentId,
    near_lossless: Option<NearLosslessId>,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO revision_files (revision, path, content, near_lossless) \
         VALUES ($1, $2, $3, $4) ON CONFLICT (revision, path) DO UPDATE \
         SET content = excluded.content, near_lossless = excluded.near_lossless",
    )
    .bind(revision.0)
    .bind(path.as_str())
    .bind(content.0)
    .bind(near_lossless.map(|row| row.0))
    .execute(connection)
    .await?;
    Ok(())
}

/// The row of a file's bytes, made when it is missing; or a chunk that the upload does not hold.
async fn content(
    connection: &mut AnyConnection,
    upload: &UploadId,
    file: &NewFile,
) -> Result<std::result::Result<ContentId, ChunkId>> {
    let rows = match pinned_rows(connection, upload, &file.chunks).await? {
        Ok(rows) => rows,
        Err(missing) => return Ok(Err(missing)),
    };
    if let Some(found) = contents::find(connection, &file.sha256, &file.list).await? {
        return Ok(Ok(found));
    }
    Ok(Ok(contents::insert(connection, file, &rows).await?))
}

async fn pinned_rows(
    connection: &mut AnyConnection,
    upload: &UploadId,
    chunks: &[ChunkRef],
) -> Result<std::result::Result<Vec<i64>, ChunkId>> {
    let mut known: HashMap<ChunkRef, i64> = HashMap::new();
    let mut rows = Vec::with_capacity(chunks.len());
    for chunk in chunks {
        let row = match known.get(chunk) {
            Some(row) => *row,
            None => match chunks::find_pinned(connection, upload, chunk).await? {
                Some(row) => row,
                None => return Ok(Err(chunk.id)),
            },
        };
        known.insert(*chunk, row);
        rows.push(row);
    }
    Ok(Ok(rows))
}

async fn end_upload(
    connection: &mut AnyConnection,
    upload: &UploadId,
    revision: RevisionRowId,
) -> Result<bool> {
    let done = sqlx::query(
        "UPDATE uploads SET state = 'committed', revision = $2 \
         WHERE id = $1 AND state IN ('open', 'committing')",
    )
    .bind(upload.as_bytes().as_slice())
    .bind(revision.0)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends what an upload that is done need not have any more: its job and its pins.
async fn release(connection: &mut AnyConnection, upload: &UploadId) -> Result<()> {
    end_commit(connection, upload).await?;
    sqlx::query("DELETE FROM upload_pins WHERE upload = $1")
        .bind(upload.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(())
}
