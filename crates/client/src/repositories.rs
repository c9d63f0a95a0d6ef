use sheaf_types::RepositoryName;
use sheaf_types::repositories::{NewRepository, Page, Repository, RepositoryChange};

use crate::request::Request;
use crate::route::{API, query, repository};
use crate::{Client, Error};

impl Client {
    /// Makes a repository. Refused with `repository_exists` where there is one of that name.
    pub async fn create_repository(&self, new: &NewRepository) -> Result<Repository, Error> {
        let request = Request::post(format!("{API}/repositories")).json(new)?;
        self.json(request).await
    }

    /// One page of the repositories that the caller may see, of those that match `search` if given.
    pub async fn repositories(
        &self,
        search: Option<&str>,
        cursor: Option<&str>,
    ) -> Result<Page<Repository>, Error> {
        let parameters = [
            ("search", search.map(str::to_owned)),
            ("cursor", cursor.map(str::to_owned)),
        ];
        let route = query(format!("{API}/repositories"), &parameters);
        self.json(Request::get(route)).await
    }

    /// A repository.
    pub async fn repository(&self, name: &RepositoryName) -> Result<Repository, Error> {
        self.json(Request::get(repository(name, ""))).await
    }

    /// Changes what `change` names.
    pub async fn change_repository(
        &self,
        name: &RepositoryName,
        change: &RepositoryChange,
    ) -> Result<Repository, Error> {
        let request = Request::patch(repository(name, "")).json(change)?;
        self.json(request).await
    }

    /// Deletes a repository with all its revisions.
    pub async fn delete_repository(&self, name: &RepositoryName) -> Result<(), Error> {
        self.done(Request::delete(repository(name, ""))).await
    }
}
