//! What a registry is to its users.

use std::collections::{BTreeMap, BTreeSet};

use sheaf_types::revisions::RefKind;
use sheaf_types::{ChunkId, RevisionId, UploadId};

use crate::files::file;
use crate::operation::Place;

/// Who does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Admin,
    /// Without a token.
    Anybody,
    /// May write to the first two repositories, which share a namespace.
    Writer,
    /// May read the third.
    Reader,
}

impl Who {
    pub const ALL: [Self; 4] = [Self::Admin, Self::Anybody, Self::Writer, Self::Reader];

    pub fn may_read(self, repository: usize) -> bool {
        self.may_write(repository) || (self == Self::Reader && repository == 2)
    }

    fn may_write(self, repository: usize) -> bool {
        self == Self::Admin || (self == Self::Writer && repository < 2)
    }

    /// The code of the refusal, where writing is refused.
    pub fn check_write(self, repository: usize) -> Answer {
        match self {
            _ if self.may_write(repository) => Ok(()),
            Self::Anybody => Err("token_needed"),
            _ => Err("forbidden"),
        }
    }
}

/// Done, or the code of an error.
pub type Answer<T = ()> = Result<T, &'static str>;

/// Which file is at which path.
pub type Tree = BTreeMap<usize, usize>;

#[derive(Debug)]
pub struct Revision {
    pub parent: Option<RevisionId>,
    pub tree: Tree,
}

#[derive(Debug, Default)]
pub struct Repository {
    pub private: bool,
    pub refs: BTreeMap<usize, (RefKind, RevisionId)>,
    pub revisions: BTreeMap<RevisionId, Revision>,
}

#[derive(Debug)]
pub struct Upload {
    pub id: UploadId,
    pub who: Who,
    pub repository: usize,
    /// Whether it can still be found.
    pub open: bool,
    pub pins: BTreeSet<ChunkId>,
}

#[derive(Debug, Default)]
pub struct Model {
    pub repositories: BTreeMap<usize, Repository>,
    pub uploads: Vec<Upload>,
    /// Every revision that there ever was, by the repository's name.
    pub ever: BTreeMap<usize, Vec<RevisionId>>,
}

impl Model {
    pub fn can_see(&self, who: Who, repository: usize) -> bool {
        let there = self.repositories.get(&repository);
        there.is_some_and(|there| !there.private || who.may_read(repository))
    }

    pub fn writable(&mut self, who: Who, repository: usize) -> Answer<&mut Repository> {
        if !self.can_see(who, repository) {
            return Err("repository_not_found");
        }
        who.check_write(repository)?;
        self.repositories
            .get_mut(&repository)
            .ok_or("repository_not_found")
    }

    pub fn delete(&mut self, who: Who, repository: usize) -> Answer {
        self.writable(who, repository)?;
        self.repositories.remove(&repository);
        let of = |upload: &&mut Upload| upload.repository == repository;
        self.uploads.iter_mut().filter(of).for_each(Upload::end);
        Ok(())
    }

    /// Chunks that a caller may name without sending them.
    pub fn readable_chunks(&self, who: Who) -> BTreeSet<ChunkId> {
        let seen = |(number, _): &(&usize, &Repository)| self.can_see(who, **number);
        let readable = self.repositories.iter().filter(seen);
        readable.flat_map(|(_, is)| is.chunks()).collect()
    }

    /// Everything that must be stored.
    pub fn chunks(&self) -> BTreeSet<ChunkId> {
        let pins = self.uploads.iter().flat_map(|upload| &upload.pins);
        let held = self.repositories.values().flat_map(Repository::chunks);
        held.chain(pins.copied()).collect()
    }

    /// Notes a revision that was made.
    pub fn commit(&mut self, at: Place, id: RevisionId, tree: Tree) {
        self.ever.entry(at.repository).or_default().push(id);
        let Some(repository) = self.repositories.get_mut(&at.repository) else {
            return;
        };
        let parent = repository.refs.get(&at.branch).map(|(_, head)| *head);
        repository.revisions.insert(id, Revision { parent, tree });
        repository.refs.insert(at.branch, (RefKind::Branch, id));
    }

    /// Forgets what no ref reaches.
    pub fn collect(&mut self) {
        self.repositories.values_mut().for_each(Repository::collect);
    }
}

impl Repository {
    /// Where a branch is, and its files; an error where the name is a tag's.
    pub fn head(&self, branch: usize) -> Answer<Option<(RevisionId, Tree)>> {
        match self.refs.get(&branch) {
            None => Ok(None),
            Some((RefKind::Tag, _)) => Err("not_a_branch"),
            Some((RefKind::Branch, id)) => Ok(Some((*id, self.revisions[id].tree.clone()))),
        }
    }

    /// The files after a file was put; `None` where that changes nothing.
    pub fn put(&self, branch: usize, path: usize, number: usize) -> Answer<Option<Tree>> {
        let head = self.head(branch)?;
        let mut tree = head.map(|(_, tree)| tree).unwrap_or_default();
        let before = tree.insert(path, number);
        Ok((before != Some(number)).then_some(tree))
    }

    fn chunks(&self) -> impl Iterator<Item = ChunkId> {
        let files = self
            .revisions
            .values()
            .flat_map(|revision| revision.tree.values());
        files
            .flat_map(|number| file(*number).list())
            .map(|chunk| chunk.id)
    }

    fn collect(&mut self) {
        let mut reached = BTreeSet::new();
        for (_, id) in self.refs.values() {
            let mut next = Some(*id);
            while let Some(id) = next.filter(|id| reached.insert(*id)) {
                next = self.revisions[&id].parent;
            }
        }
        self.revisions.retain(|id, _| reached.contains(id));
    }
}

impl Upload {
    pub fn end(&mut self) {
        self.open = false;
        self.pins.clear();
    }
}
