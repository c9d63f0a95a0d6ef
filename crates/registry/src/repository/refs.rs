use sheaf_catalog::{Expected, RefRow, RepositoryId, RevisionRow};
use sheaf_types::repositories::Page;
use sheaf_types::revisions::{NewRef, Ref, RefKind};
use sheaf_types::{RefName, RepositoryName, RevisionId};

use crate::{Caller, Error, Registry, Result};

impl Registry {
    /// Branches and tags by name.
    pub async fn list_refs(&self, caller: &Caller, name: &RepositoryName) -> Result<Page<Ref>> {
        let repository = self.readable(caller, name).await?;
        Ok(Page {
            items: self.catalog.list_refs(repository.id).await?,
            next: None,
        })
    }

    /// One branch or tag.
    pub async fn reference(
        &self,
        caller: &Caller,
        name: &RepositoryName,
        reference: &str,
    ) -> Result<Ref> {
        let repository = self.readable(caller, name).await?;
        let found = self.find_ref(repository.id, reference).await?;
        found
            .map(|row| row.shown)
            .ok_or_else(|| Error::RefNotFound(reference.into()))
    }

    /// Makes a branch or tag, or moves a branch that is where the caller believes it to be.
    pub async fn set_ref(
        &self,
        caller: &Caller,
        name: &RepositoryName,
        reference: &RefName,
        kind: RefKind,
        new: &NewRef,
    ) -> Result<Ref> {
        let repository = self.writable(caller, name).await?;
        let target = self.resolve(repository.id, &new.target).await?;
        let now = self.catalog.find_ref(repository.id, reference).await?;
        let expected = expected(reference, kind, new, now)?;
        let moved = self
            .catalog
            .set_ref(repository.id, reference, kind, target.id, expected)
            .await?;
        if !moved {
            return Err(Error::BranchMoved(reference.clone()));
        }
        self.record(repository.id).await?;
        Ok(Ref {
            name: reference.clone(),
            kind,
            revision: target.revision.id,
        })
    }

    /// Deletes a branch or tag.
    pub async fn delete_ref(
        &self,
        caller: &Caller,
        name: &RepositoryName,
        reference: &RefName,
    ) -> Result<()> {
        let repository = self.writable(caller, name).await?;
        if self.catalog.delete_ref(repository.id, reference).await? {
            return self.record(repository.id).await;
        }
        Err(Error::RefNotFound(reference.to_string()))
    }

    /// The revision that a branch, a tag or 40 digits stand for.
    pub(crate) async fn resolve(
        &self,
        repository: RepositoryId,
        reference: &str,
    ) -> Result<RevisionRow> {
        let row = if let Ok(id) = reference.parse::<RevisionId>() {
            self.catalog.find_revision(repository, &id).await?
        } else if let Some(found) = self.find_ref(repository, reference).await? {
            self.catalog.revision(found.revision).await?
        } else {
            None
        };
        row.ok_or_else(|| Error::RefNotFound(reference.into()))
    }

    async fn find_ref(&self, repository: RepositoryId, reference: &str) -> Result<Option<RefRow>> {
        let Ok(name) = reference.parse::<RefName>() else {
            return Ok(None);
        };
        Ok(self.catalog.find_ref(repository, &name).await?)
    }
}

/// What the ref must still be when it is written.
fn expected(
    reference: &RefName,
    kind: RefKind,
    new: &NewRef,
    now: Option<RefRow>,
) -> Result<Expected> {
    let Some(now) = now else {
        if new.expected.is_some() {
            return Err(Error::BranchMoved(reference.clone()));
        }
        return Ok(Expected::Missing);
    };
    let movable = now.shown.kind == RefKind::Branch && kind == RefKind::Branch;
    match new.expected {
        Some(revision) if movable && revision == now.shown.revision => {
            Ok(Expected::At(now.revision))
        }
        Some(_) if movable => Err(Error::BranchMoved(reference.clone())),
        _ => Err(Error::RefExists(reference.clone())),
    }
}

/// The name of a ref that is to be written to: never 40 digits.
pub(crate) fn branch_name(reference: &str) -> Result<RefName> {
    if reference.parse::<RevisionId>().is_ok() {
        return Err(Error::NotABranch(reference.into()));
    }
    reference
        .parse()
        .map_err(|error: sheaf_types::NameError| Error::Invalid(error.to_string()))
}
