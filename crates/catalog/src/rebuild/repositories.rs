//! Repositories, and refs that point into them.

use sheaf_types::records::{RecordKey, RepositoryRecord};
use sheaf_types::revisions::RefKind;
use sheaf_types::{RefName, RepositoryName, RepositoryUid, RevisionId};
use sqlx::AnyConnection;

use crate::records::{self, Change};
use crate::refs::{self, Expected};
use crate::{Catalog, Error, RepositoryId, Result, row};

/// Characters of a name that another repository of that name leaves room for.
const NAME_KEPT: usize = 87;

/// A repository that is back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Returned {
    /// Its row.
    pub id: RepositoryId,
    /// The repository that has another name now, since two had the same: the newer keeps it.
    pub renamed: Option<RepositoryName>,
}

impl Catalog {
    /// Makes a repository's row anew.
    pub async fn restore_repository(
        &self,
        uid: &RepositoryUid,
        is: &RepositoryRecord,
    ) -> Result<Returned> {
        let mut tx = self.begin().await?;
        if let Some(id) = find(&mut tx, uid).await? {
            return Ok(Returned { id, renamed: None });
        }
        let (name, renamed) = make_room(&mut tx, uid, is).await?;
        let row = sqlx::query(
            "INSERT INTO repositories (key, namespace, name, private, description, created_at, \
               updated_at, uid) VALUES ($1, $2, $3, $4, $5, $6, $6, $7) RETURNING id",
        )
        .bind(name.key())
        .bind(name.namespace().to_ascii_lowercase())
        .bind(name.to_string())
        .bind(i64::from(is.private))
        .bind(&is.description)
        .bind(is.created_at.as_microsecond())
        .bind(uid.as_bytes().as_slice())
        .fetch_one(&mut *tx)
        .await?;
        let id = RepositoryId(row::integer(&row, "id")?);
        if name != is.name {
            records::note(&mut tx, id, Change::Repository).await?;
        }
        tx.commit().await?;
        Ok(Returned { id, renamed })
    }

    /// Notes the record that a repository was restored from; or that it needs another, where there was none
    /// that could be read.
    pub async fn restore_repository_record(
        &self,
        id: RepositoryId,
        key: Option<&RecordKey>,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        match key {
            Some(key) => records::restore(&mut tx, Some(id), key, 1).await?,
            None => records::note(&mut tx, id, Change::Repository).await?,
        }
        tx.commit().await?;
        Ok(())
    }

    /// Makes a ref anew; whether its revision is there. Without a record it gets one.
    pub async fn restore_ref(
        &self,
        repository: RepositoryId,
        (name, kind): (&RefName, RefKind),
        target: &RevisionId,
        key: Option<&RecordKey>,
    ) -> Result<bool> {
        let Some(target) = self.find_revision(repository, target).await? else {
            return Ok(false);
        };
        let change = Change::Ref(name, kind, target.id);
        let mut tx = self.begin().await?;
        let of = (repository, name, kind, target.id);
        refs::move_from(&mut tx, of, Expected::Missing).await?;
        match key {
            Some(key) => records::insert(&mut tx, Some(repository), key, change, 1).await?,
            None => records::note(&mut tx, repository, change).await?,
        }
        tx.commit().await?;
        Ok(true)
    }

    /// Notes the record that says that a ref is gone.
    pub async fn restore_unset(
        &self,
        repository: RepositoryId,
        name: &RefName,
        key: &RecordKey,
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        records::insert(&mut tx, Some(repository), key, Change::Unset(name), 1).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Revisions of a repository that neither a ref nor a child points to.
    pub async fn loose_ends(&self, repository: RepositoryId) -> Result<Vec<RevisionId>> {
        let rows = sqlx::query(
            "SELECT v.revision FROM revisions v WHERE v.repository = $1 \
               AND NOT EXISTS (SELECT 1 FROM refs f WHERE f.revision = v.id) \
               AND NOT EXISTS (SELECT 1 FROM revisions c WHERE c.parent = v.id) ORDER BY v.id",
        )
        .bind(repository.0)
        .fetch_all(&self.read)
        .await?;
        let id = |row| row::id(row, "revision", RevisionId::from_slice);
        rows.iter().map(id).collect()
    }

    /// What follows from all that is back: when the repository was last changed, and its newest record.
    pub async fn settle(&self, repository: RepositoryId) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "UPDATE repositories SET updated_at = COALESCE((SELECT MAX(v.created_at) \
               FROM revisions v WHERE v.repository = repositories.id), updated_at), \
             generation = COALESCE((SELECT MAX(p.generation) \
               FROM records p WHERE p.repository = repositories.id), generation) WHERE id = $1",
        )
        .bind(repository.0)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }
}

async fn find(connection: &mut AnyConnection, uid: &RepositoryUid) -> Result<Option<RepositoryId>> {
    let row = sqlx::query("SELECT id FROM repositories WHERE uid = $1")
        .bind(uid.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?;
    row.map(|row| row::integer(&row, "id").map(RepositoryId))
        .transpose()
}

/// The name that a repository gets, and the new name of whichever of two had to give way: the older one.
async fn make_room(
    connection: &mut AnyConnection,
    uid: &RepositoryUid,
    is: &RepositoryRecord,
) -> Result<(RepositoryName, Option<RepositoryName>)> {
    let other = sqlx::query("SELECT id, uid, created_at FROM repositories WHERE key = $1")
        .bind(is.name.key())
        .fetch_optional(&mut *connection)
        .await?;
    let Some(other) = other else {
        return Ok((is.name.clone(), None));
    };
    if row::time(&other, "created_at")? > is.created_at {
        let name = another_name(&is.name, uid)?;
        return Ok((name.clone(), Some(name)));
    }
    let id = RepositoryId(row::integer(&other, "id")?);
    let name = another_name(
        &is.name,
        &row::id(&other, "uid", RepositoryUid::from_slice)?,
    )?;
    sqlx::query("UPDATE repositories SET key = $2, name = $3 WHERE id = $1")
        .bind(id.0)
        .bind(name.key())
        .bind(name.to_string())
        .execute(&mut *connection)
        .await?;
    records::note(connection, id, Change::Repository).await?;
    Ok((is.name.clone(), Some(name)))
}

fn another_name(name: &RepositoryName, uid: &RepositoryUid) -> Result<RepositoryName> {
    let kept: String = name.name().chars().take(NAME_KEPT).collect();
    let uid = uid.to_string();
    RepositoryName::new(name.namespace(), &format!("{kept}-{}", &uid[..8]))
        .map_err(|_| Error::Corrupt("name of a repository"))
}
