use sheaf_catalog::{FileRow, RevisionRowId};
use sheaf_formats::scan;
use sheaf_types::RepositoryName;
use sheaf_types::repositories::Page;
use sheaf_types::revisions::{Revision, Tree, TreeEntry};

use crate::{Caller, PageRequest, Registry, Result};

impl Registry {
    /// The revision that a branch, a tag or 40 digits stand for.
    pub async fn revision(
        &self,
        caller: &Caller,
        name: &RepositoryName,
        reference: &str,
    ) -> Result<Revision> {
        let repository = self.readable(caller, name).await?;
        Ok(self.resolve(repository.id, reference).await?.revision)
    }

    /// A revision and those before it, newest first. A page's cursor is the revision to go on with.
    pub async fn history(
        &self,
        caller: &Caller,
        name: &RepositoryName,
        reference: &str,
        page: &PageRequest,
    ) -> Result<Page<Revision>> {
        let repository = self.readable(caller, name).await?;
        let from = match page.cursor.as_str() {
            "" => reference,
            cursor => cursor,
        };
        let from = self.resolve(repository.id, from).await?;
        let rows = self.catalog.history(from.id, page.rows()).await?;
        let revisions = rows.into_iter().map(|row| row.revision).collect();
        // The parent of the last on this page is the first on the next.
        Ok(page.page(revisions, |last: &Revision| {
            last.parent.map(|id| id.to_string()).unwrap_or_default()
        }))
    }

    /// The files of a revision whose path begins with `prefix`.
    pub async fn tree(
        &self,
        caller: &Caller,
        name: &RepositoryName,
        reference: &str,
        prefix: &str,
        page: &PageRequest,
    ) -> Result<Tree> {
        let repository = self.readable(caller, name).await?;
        let revision = self.resolve(repository.id, reference).await?;
        let files = self
            .catalog
            .files(revision.id, prefix, &page.cursor, page.rows())
            .await?;
        let entries = self.with_pickles(revision.id, files).await?;
        let page = page.page(entries, |entry: &TreeEntry| entry.path.to_string());
        Ok(Tree {
            revision: revision.revision,
            items: page.items,
            next: page.next,
        })
    }

    /// What is shown of files that follow each other in a revision.
    async fn with_pickles(
        &self,
        revision: RevisionRowId,
        files: Vec<FileRow>,
    ) -> Result<Vec<TreeEntry>> {
        let (Some(first), Some(last)) = (files.first(), files.last()) else {
            return Ok(vec![]);
        };
        let paths = &first.entry.path..=&last.entry.path;
        let states = self.catalog.pickle_states(revision, paths).await?;
        let shown = files.into_iter().map(|file| {
            let named = scan::is_named(file.entry.path.as_str());
            let pickles = states.get(&(file.content, named)).copied();
            TreeEntry {
                pickles,
                ..file.entry
            }
        });
        Ok(shown.collect())
    }
}
