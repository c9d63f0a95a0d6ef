use jiff::Timestamp;
use sheaf_types::RepositoryName;
use sheaf_types::repositories::{NewRepository, Page, Repository, RepositoryChange};

use crate::text::check_text;
use crate::{Caller, Error, PageRequest, Registry, Result};

/// Bytes that a description may have.
const MAX_DESCRIPTION: usize = 16 << 10;

impl Registry {
    /// Makes a repository.
    pub async fn create_repository(
        &self,
        caller: &Caller,
        new: &NewRepository,
    ) -> Result<Repository> {
        caller.check_write(&new.name)?;
        check_description(&new.description)?;
        let now = Timestamp::now();
        let row = self.catalog.create_repository(new, now).await?;
        let row = row.ok_or_else(|| Error::RepositoryExists(new.name.clone()))?;
        self.record(row.id).await?;
        Ok(row.repository)
    }

    /// The repositories that the caller may read and whose name holds `search`.
    pub async fn list_repositories(
        &self,
        caller: &Caller,
        search: &str,
        page: &PageRequest,
    ) -> Result<Page<Repository>> {
        let found = self
            .catalog
            .list_repositories(&caller.visibility(), search, &page.cursor, page.rows())
            .await?;
        Ok(page.page(found, |repository| repository.name.key()))
    }

    /// One repository.
    pub async fn repository(&self, caller: &Caller, name: &RepositoryName) -> Result<Repository> {
        Ok(self.readable(caller, name).await?.repository)
    }

    /// Changes a repository.
    pub async fn change_repository(
        &self,
        caller: &Caller,
        name: &RepositoryName,
        change: &RepositoryChange,
    ) -> Result<Repository> {
        let row = self.writable(caller, name).await?;
        check_description(change.description.as_deref().unwrap_or_default())?;
        let row = self.catalog.change_repository(row.id, change).await?;
        let row = row.ok_or_else(|| Error::RepositoryNotFound(name.clone()))?;
        self.record(row.id).await?;
        Ok(row.repository)
    }

    /// Deletes a repository with all that is in it.
    pub async fn delete_repository(&self, caller: &Caller, name: &RepositoryName) -> Result<()> {
        let row = self.writable(caller, name).await?;
        self.catalog.delete_repository(row.id).await?;
        self.record(row.id).await
    }
}

fn check_description(description: &str) -> Result<()> {
    check_text("the description", description, MAX_DESCRIPTION)
}
