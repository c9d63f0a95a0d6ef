use sheaf_types::RepositoryName;
use sheaf_types::repositories::Page;
use sheaf_types::revisions::{Revision, Tree, TreeEntry};

use crate::request::Request;
use crate::route::{query, repository, segment};
use crate::{Client, Error};

impl Client {
    /// One page of the history that ends in a ref, newest first.
    pub async fn revisions(
        &self,
        name: &RepositoryName,
        reference: &str,
        cursor: Option<&str>,
    ) -> Result<Page<Revision>, Error> {
        let parameters = [
            ("ref", Some(reference.to_owned())),
            ("cursor", cursor.map(str::to_owned)),
        ];
        let route = query(repository(name, "/revisions"), &parameters);
        self.json(Request::get(route)).await
    }

    /// The revision that a branch, a tag or 40 hex digits stand for.
    pub async fn revision(
        &self,
        name: &RepositoryName,
        reference: &str,
    ) -> Result<Revision, Error> {
        let route = repository(name, &format!("/revisions/{}", segment(reference)));
        self.json(Request::get(route)).await
    }

    /// One page of a revision's files, in the order of their paths.
    pub async fn tree(
        &self,
        name: &RepositoryName,
        reference: &str,
        cursor: Option<&str>,
    ) -> Result<Tree, Error> {
        let route = repository(name, &format!("/tree/{}", segment(reference)));
        let route = query(route, &[("cursor", cursor.map(str::to_owned))]);
        self.json(Request::get(route)).await
    }

    /// A revision and all its files, also when the ref moves meanwhile.
    pub async fn whole_tree(
        &self,
        name: &RepositoryName,
        reference: &str,
    ) -> Result<(Revision, Vec<TreeEntry>), Error> {
        let first = self.tree(name, reference, None).await?;
        let pinned = first.revision.id.to_string();
        let (mut files, mut next) = (first.items, first.next);
        while let Some(cursor) = next {
            let page = self.tree(name, &pinned, Some(&cursor)).await?;
            if page.items.is_empty() && page.next.is_some() {
                return Err(Error::Answer(
                    "a page without files that is not the last".into(),
                ));
            }
            files.extend(page.items);
            next = page.next;
        }
        Ok((first.revision, files))
    }
}
