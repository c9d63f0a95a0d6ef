//! What a push changes, and whether it can.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use sheaf_types::revisions::{Revision, TreeEntry};
use sheaf_types::uploads::CommitRequest;
use sheaf_types::{FilePath, find_collision};

use super::scan::Scanned;
use super::walk::SourceFile;
use super::{Push, PushOptions, commit};
use crate::Error;
use crate::error::NotFound;

/// Where the branch points before the push, and what is to go.
pub(super) struct Plan {
    pub revision: Option<Revision>,
    /// The files of that revision.
    pub head: Arc<HashMap<FilePath, TreeEntry>>,
    pub delete: Vec<FilePath>,
}

impl Plan {
    /// Looks at the branch. A push that the server would refuse in the end is refused here, before
    /// anything is sent.
    pub async fn new(push: &Push<'_>, files: &[SourceFile], delete: bool) -> Result<Self, Error> {
        let branch = push.options.branch.as_str();
        let tree = push.client.whole_tree(push.name, branch).await.found()?;
        let (revision, head) = tree.unzip();
        let head = head.unwrap_or_default().into_iter();
        let mut plan = Self {
            revision,
            head: Arc::new(head.map(|file| (file.path.clone(), file)).collect()),
            delete: vec![],
        };
        if delete {
            plan.delete = plan.lacking(files, push.options);
        }
        plan.check_names(files)?;
        Ok(plan)
    }

    /// What the branch has and the folder has not, of what is meant at all.
    fn lacking(&self, files: &[SourceFile], options: &PushOptions) -> Vec<FilePath> {
        let there: HashSet<&FilePath> = files.iter().map(|file| &file.path).collect();
        let mut lacking: Vec<FilePath> = self
            .head
            .keys()
            .filter(|path| options.filter.matches(path) && !there.contains(path))
            .cloned()
            .collect();
        lacking.sort();
        lacking
    }

    fn check_names(&self, files: &[SourceFile]) -> Result<(), Error> {
        let gone: HashSet<&FilePath> = self.delete.iter().collect();
        let kept = self.head.keys().filter(|path| !gone.contains(path));
        let mut paths: Vec<&FilePath> = files.iter().map(|file| &file.path).chain(kept).collect();
        paths.sort();
        paths.dedup();
        match find_collision(paths.iter().copied()) {
            None => Ok(()),
            Some((one, other)) => Err(Error::Setting(format!(
                "'{one}' and '{other}' cannot be in one revision: some systems take them for one"
            ))),
        }
    }

    /// What to ask of the server once all is sent; nothing where nothing changes.
    pub fn commit(&self, files: Vec<Scanned>, options: &PushOptions) -> Option<CommitRequest> {
        let changed = files.into_iter().filter(|file| !file.unchanged);
        let files: Vec<_> = changed.map(|file| file.file).collect();
        if files.is_empty() && self.delete.is_empty() {
            return None;
        }
        let message = options.message.clone();
        Some(CommitRequest {
            branch: options.branch.clone(),
            parent: self.revision.as_ref().map(|head| head.id),
            message: message.unwrap_or_else(|| commit::message(&files, &self.delete)),
            files,
            delete: self.delete.clone(),
        })
    }
}
