//! What is done to a registry. Names, files and uploads are small numbers, so that operations meet.

use proptest::prelude::*;
use proptest::sample::Index;
use sheaf_types::revisions::RefKind;

use crate::files::FILES;
use crate::model::Who;

/// Repositories, refs and paths that there may be.
pub const REPOSITORIES: usize = 3;
pub const REFS: usize = 3;
pub const PATHS: usize = 3;

/// What a caller believes of where a branch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Belief {
    Nothing,
    Right,
    Wrong,
}

/// What a ref is set to.
#[derive(Debug, Clone)]
pub enum Target {
    Ref(usize),
    /// One of the revisions that there ever were in a repository of this name.
    Revision(Index),
}

#[derive(Debug, Clone)]
pub enum Operation {
    Create {
        who: Who,
        repository: usize,
        private: bool,
    },
    Delete {
        who: Who,
        repository: usize,
    },
    SetPrivate {
        who: Who,
        repository: usize,
        private: bool,
    },
    /// A file in one request.
    Put {
        who: Who,
        at: Place,
        file: usize,
        if_absent: bool,
    },
    Remove {
        who: Who,
        at: Place,
    },
    SetRef {
        who: Who,
        repository: usize,
        name: usize,
        kind: RefKind,
        target: Target,
        belief: Belief,
    },
    DeleteRef {
        who: Who,
        repository: usize,
        name: usize,
    },
    Open {
        who: Who,
        repository: usize,
    },
    /// Asks an upload's missing chunks of a file, and sends them.
    Send {
        upload: Index,
        file: usize,
    },
    Commit {
        upload: Index,
        branch: usize,
        path: usize,
        file: usize,
        belief: Belief,
    },
    Abort {
        upload: Index,
    },
    Collect,
    Restart,
    /// Everything that is stored is read and compared.
    Check,
}

/// A file's place.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    pub repository: usize,
    pub branch: usize,
    pub path: usize,
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![
        8 => Just(Who::Admin),
        1 => Just(Who::Anybody),
        3 => Just(Who::Writer),
        1 => Just(Who::Reader),
    ]
}

fn place() -> impl Strategy<Value = Place> {
    let parts = (0..REPOSITORIES, 0..REFS, 0..PATHS);
    parts.prop_map(|(repository, branch, path)| Place {
        repository,
        branch,
        path,
    })
}

fn belief() -> impl Strategy<Value = Belief> {
    prop_oneof![
        Just(Belief::Nothing),
        Just(Belief::Right),
        Just(Belief::Wrong)
    ]
}

fn kind() -> impl Strategy<Value = RefKind> {
    prop_oneof![Just(RefKind::Branch), Just(RefKind::Tag)]
}

fn target() -> impl Strategy<Value = Target> {
    prop_oneof![
        (0..REFS).prop_map(Target::Ref),
        any_index().prop_map(Target::Revision),
    ]
}

fn any_index() -> impl Strategy<Value = Index> {
    proptest::arbitrary::any::<Index>()
}

/// Any operation; more often one that makes something.
pub fn any() -> impl Strategy<Value = Operation> {
    let yes = proptest::bool::ANY;
    prop_oneof![
        6 => (who(), 0..REPOSITORIES, yes)
            .prop_map(|(who, repository, private)| Operation::Create { who, repository, private }),
        1 => (who(), 0..REPOSITORIES)
            .prop_map(|(who, repository)| Operation::Delete { who, repository }),
        2 => (who(), 0..REPOSITORIES, yes)
            .prop_map(|(who, repository, private)| Operation::SetPrivate { who, repository, private }),
        10 => (who(), place(), 0..FILES, yes)
            .prop_map(|(who, at, file, if_absent)| Operation::Put { who, at, file, if_absent }),
        3 => (who(), place()).prop_map(|(who, at)| Operation::Remove { who, at }),
        5 => (who(), 0..REPOSITORIES, 0..REFS, kind(), target(), belief()).prop_map(
            |(who, repository, name, kind, target, belief)| {
                Operation::SetRef { who, repository, name, kind, target, belief }
            }
        ),
        3 => (who(), 0..REPOSITORIES, 0..REFS)
            .prop_map(|(who, repository, name)| Operation::DeleteRef { who, repository, name }),
        4 => (who(), 0..REPOSITORIES)
            .prop_map(|(who, repository)| Operation::Open { who, repository }),
        6 => (any_index(), 0..FILES).prop_map(|(upload, file)| Operation::Send { upload, file }),
        6 => (any_index(), 0..REFS, 0..PATHS, 0..FILES, belief()).prop_map(
            |(upload, branch, path, file, belief)| {
                Operation::Commit { upload, branch, path, file, belief }
            }
        ),
        1 => any_index().prop_map(|upload| Operation::Abort { upload }),
        4 => Just(Operation::Collect),
        1 => Just(Operation::Restart),
        1 => Just(Operation::Check),
    ]
}
