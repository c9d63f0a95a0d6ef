use sheaf_types::repositories::Page;
use sheaf_types::revisions::{NewRef, Ref};
use sheaf_types::{RefName, RepositoryName};

use crate::request::Request;
use crate::route::{query, repository, segment};
use crate::{Client, Error};

impl Client {
    /// One page of the branches and tags.
    pub async fn refs(
        &self,
        name: &RepositoryName,
        cursor: Option<&str>,
    ) -> Result<Page<Ref>, Error> {
        let parameters = [("cursor", cursor.map(str::to_owned))];
        let route = query(repository(name, "/refs"), &parameters);
        self.json(Request::get(route)).await
    }

    /// A branch or tag.
    pub async fn reference(&self, name: &RepositoryName, of: &RefName) -> Result<Ref, Error> {
        self.json(Request::get(one(name, "refs", of))).await
    }

    /// Makes a branch, or moves it where it points at what `new` expects.
    pub async fn set_branch(
        &self,
        name: &RepositoryName,
        branch: &RefName,
        new: &NewRef,
    ) -> Result<Ref, Error> {
        let request = Request::put(one(name, "branches", branch)).json(new)?;
        self.json(request).await
    }

    /// Makes a tag.
    pub async fn create_tag(
        &self,
        name: &RepositoryName,
        tag: &RefName,
        new: &NewRef,
    ) -> Result<Ref, Error> {
        self.json(Request::put(one(name, "tags", tag)).json(new)?)
            .await
    }

    /// Takes a branch or tag away; the revisions that only it reached go with it.
    pub async fn delete_reference(
        &self,
        name: &RepositoryName,
        reference: &RefName,
    ) -> Result<(), Error> {
        self.done(Request::delete(one(name, "refs", reference)))
            .await
    }
}

fn one(name: &RepositoryName, kind: &str, reference: &RefName) -> String {
    repository(name, &format!("/{kind}/{}", segment(reference.as_str())))
}
