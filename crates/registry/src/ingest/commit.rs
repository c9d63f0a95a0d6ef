//! A change to a branch becomes a revision.

use jiff::Timestamp;
use sheaf_catalog::{
    CommitOutcome, Expected, NewFile as VerifiedFile, NewRevision, RefRow, RepositoryId,
    RevisionRowId,
};
use sheaf_types::revisions::{RefKind, Revision, TreeEntry};
use sheaf_types::{FilePath, RefName, RevisionId, UploadId};

use super::condition::Condition;
use super::revision_id::revision_id;
use super::tree::TreeFiles;
use crate::step::Step;
use crate::text::check_text;
use crate::{Error, Registry, Result};

/// Bytes that a revision's message may have.
const MAX_MESSAGE: usize = 16 << 10;

/// What is to become of a branch.
#[derive(Debug)]
pub(crate) struct Change {
    pub branch: RefName,
    /// Where the branch must be; anywhere when absent.
    pub parent: Option<RevisionId>,
    pub message: String,
    pub put: Vec<VerifiedFile>,
    pub delete: Vec<FilePath>,
    /// What must hold of the one file that changes.
    pub condition: Condition,
}

impl Change {
    fn path(&self) -> Option<&FilePath> {
        self.put
            .iter()
            .map(|file| &file.path)
            .chain(&self.delete)
            .next()
    }
}

impl Registry {
    /// Makes a revision of the branch's head, changed, and moves the branch to it. Gives the head, and
    /// whether it is new: a change that changes nothing makes no revision. Either is recorded in the object
    /// store then.
    pub(crate) async fn commit_change(
        &self,
        upload: &UploadId,
        repository: RepositoryId,
        change: &Change,
    ) -> Result<(Revision, bool)> {
        let done = self.change_head(upload, repository, change).await?;
        self.record(repository).await?;
        Ok(done)
    }

    async fn change_head(
        &self,
        upload: &UploadId,
        repository: RepositoryId,
        change: &Change,
    ) -> Result<(Revision, bool)> {
        // Those who write to one repository here wait for each other; the head is still compared, for
        // those who write to it elsewhere.
        let _turn = self.commit_turns.of(&repository).lock().await;
        loop {
            let head = self.head(repository, &change.branch).await?;
            check_parent(&change.branch, change.parent, head.as_ref())?;
            if let Some(done) = self.try_commit(upload, repository, change, head).await? {
                return Ok(done);
            }
        }
    }

    /// One try; `None` when another may go better, since the head moved meanwhile.
    async fn try_commit(
        &self,
        upload: &UploadId,
        repository: RepositoryId,
        change: &Change,
        head: Option<RefRow>,
    ) -> Result<Option<(Revision, bool)>> {
        let mut tree = match &head {
            Some(head) => TreeFiles::of(self.all_entries(head.revision).await?),
            None => TreeFiles::default(),
        };
        if let Some(path) = change.path() {
            change.condition.check(tree.get(path))?;
        }
        let put = apply(&mut tree, change)?;
        let changed = !put.is_empty() || !change.delete.is_empty();
        if let (false, Some(head)) = (changed, &head) {
            return self.commit_nothing(upload, head.revision).await.map(Some);
        }
        tree.check_collisions()?;
        let revision = describe(&tree, change, head.as_ref());
        let new = NewRevision {
            repository,
            branch: &change.branch,
            expected: head.map_or(Expected::Missing, |head| Expected::At(head.revision)),
            revision: &revision,
            put: &put,
            delete: &change.delete,
        };
        self.reached(Step::CommitTreeBuilt);
        match self.catalog.commit(upload, &new).await? {
            CommitOutcome::Committed => {
                self.reached(Step::CommitCommitted);
                Ok(Some((revision, true)))
            }
            CommitOutcome::HeadMoved => Ok(None),
            CommitOutcome::UploadGone => Err(Error::UploadNotFound),
            CommitOutcome::ChunkMissing(first) => {
                if self.whole_again(upload, &[first]).await? {
                    return Ok(None);
                }
                Err(Error::ChunksMissing { count: 1, first })
            }
        }
    }

    async fn commit_nothing(
        &self,
        upload: &UploadId,
        head: RevisionRowId,
    ) -> Result<(Revision, bool)> {
        self.catalog.end_upload(upload, head).await?;
        let row = self.catalog.revision(head).await?;
        row.map(|row| (row.revision, false))
            .ok_or(Error::UploadNotFound)
    }

    /// What is shown of the files of a revision, in the order of their paths.
    pub(crate) async fn all_entries(
        &self,
        revision: RevisionRowId,
    ) -> std::result::Result<Vec<TreeEntry>, sheaf_catalog::Error> {
        let files = self.catalog.all_files(revision).await?;
        Ok(files.into_iter().map(|file| file.entry).collect())
    }

    /// A branch, if it is there.
    pub(crate) async fn head(
        &self,
        repository: RepositoryId,
        name: &RefName,
    ) -> Result<Option<RefRow>> {
        let head = self.catalog.find_ref(repository, name).await?;
        if head
            .as_ref()
            .is_some_and(|h| h.shown.kind != RefKind::Branch)
        {
            return Err(Error::NotABranch(name.to_string()));
        }
        Ok(head)
    }
}

pub(crate) fn check_parent(
    branch: &RefName,
    parent: Option<RevisionId>,
    head: Option<&RefRow>,
) -> Result<()> {
    let Some(parent) = parent else { return Ok(()) };
    if head.is_some_and(|head| head.shown.revision == parent) {
        return Ok(());
    }
    Err(Error::BranchMoved(branch.clone()))
}

/// Changes a tree; the files that are other than before.
fn apply(tree: &mut TreeFiles, change: &Change) -> Result<Vec<VerifiedFile>> {
    for path in &change.delete {
        if !tree.delete(path) {
            return Err(Error::FileNotFound {
                path: path.clone(),
                reference: change.branch.to_string(),
            });
        }
    }
    let mut put = Vec::new();
    for file in &change.put {
        let entry = TreeEntry {
            path: file.path.clone(),
            size: file.size,
            sha256: file.sha256,
            near_lossless_bits: file.near_lossless.as_ref().map(|done| done.bits),
            pickles: None,
        };
        if tree.put(entry) {
            put.push(file.clone());
        }
    }
    Ok(put)
}

fn describe(tree: &TreeFiles, change: &Change, head: Option<&RefRow>) -> Revision {
    let parent = head.map(|head| head.shown.revision);
    // What is stored has microseconds; the id is made of what is stored.
    let now = Timestamp::now().as_microsecond();
    let created_at = Timestamp::from_microsecond(now).unwrap_or_default();
    Revision {
        id: revision_id(parent, &change.message, created_at, tree.entries()),
        parent,
        message: change.message.clone(),
        created_at,
        files: tree.entries().count() as u64,
        bytes: tree.entries().map(|entry| entry.size).sum(),
    }
}

pub(crate) fn check_message(message: &str) -> Result<()> {
    check_text("the message", message, MAX_MESSAGE)
}
