//! A registry and its model, step by step.

mod background;
mod compare;
mod files;
mod refs;
mod repositories;
mod uploads;

use std::fmt::Debug;
use std::time::Duration;

use sheaf_registry::Error;
use sheaf_types::RevisionId;

use crate::files::file;
use crate::model::{Answer, Model, Who};
use crate::operation::{Belief, Operation, Place};
use crate::real::{Database, Real};

/// No revision has this id.
const NOWHERE: RevisionId = RevisionId([7; 20]);

/// How long a job is waited for before it is asked for again.
const AT_ONCE: Duration = Duration::from_secs(10);

pub struct Pair {
    model: Model,
    real: Real,
}

/// Both did it, or both refused with the same code.
fn same<T: Debug, U>(real: Result<T, Error>, model: Answer<U>) -> Option<(T, U)> {
    match (real, model) {
        (Ok(real), Ok(model)) => Some((real, model)),
        (Err(real), Err(model)) => {
            assert_eq!(real.code(), model, "{real}");
            None
        }
        (Ok(real), Err(model)) => panic!("should be refused as {model}, and made {real:?}"),
        (Err(real), Ok(_)) => panic!("should be done, and was refused: {} {real}", real.code()),
    }
}

impl Pair {
    pub async fn new(database: Database) -> Self {
        Self {
            model: Model::default(),
            real: Real::new(database).await,
        }
    }

    pub async fn step(&mut self, operation: Operation) {
        match operation {
            Operation::Create {
                who,
                repository,
                private,
            } => {
                self.create(who, repository, private).await;
            }
            Operation::Delete { who, repository } => self.delete(who, repository).await,
            Operation::SetPrivate {
                who,
                repository,
                private,
            } => {
                self.set_private(who, repository, private).await;
            }
            Operation::Put {
                who,
                at,
                file,
                if_absent,
            } => self.put(who, at, file, if_absent).await,
            Operation::Remove { who, at } => self.remove(who, at).await,
            Operation::SetRef {
                who,
                repository,
                name,
                kind,
                target,
                belief,
            } => {
                self.set_ref(who, (repository, name, kind), &target, belief)
                    .await;
            }
            Operation::DeleteRef {
                who,
                repository,
                name,
            } => {
                self.delete_ref(who, repository, name).await;
            }
            Operation::Open { who, repository } => self.open(who, repository).await,
            Operation::Send { upload, file } if !self.model.uploads.is_empty() => {
                self.send(upload.index(self.model.uploads.len()), file)
                    .await;
            }
            Operation::Commit {
                upload,
                branch,
                path,
                file,
                belief,
            } if !self.model.uploads.is_empty() => {
                let upload = upload.index(self.model.uploads.len());
                let repository = self.model.uploads[upload].repository;
                let at = Place {
                    repository,
                    branch,
                    path,
                };
                self.commit(upload, at, file, belief).await;
            }
            Operation::Abort { upload } if !self.model.uploads.is_empty() => {
                self.abort(upload.index(self.model.uploads.len())).await;
            }
            Operation::Send { .. } | Operation::Commit { .. } | Operation::Abort { .. } => {}
            Operation::Collect => self.collect().await,
            Operation::Restart => self.real.restart().await,
            Operation::Check => self.check().await,
        }
        self.compare().await;
    }

    /// In the end everything can be read, and the store holds what is reached and nothing else.
    pub async fn finish(mut self) {
        self.real.restart().await;
        self.collect().await;
        let (stored, objects) = self.real.stored();
        assert_eq!(stored, self.model.chunks());
        assert_eq!(objects, stored.len());
        self.check().await;
        self.compare().await;
        for (number, repository) in &self.model.repositories {
            for (id, revision) in &repository.revisions {
                for (path, is) in &revision.tree {
                    let id = id.to_string();
                    let read = self.real.read(Who::Admin, *number, &id, *path).await;
                    assert!(read == file(*is).bytes);
                }
            }
        }
        self.real.registry.close().await;
    }
}

fn believed(belief: Belief, now: Option<RevisionId>) -> Option<RevisionId> {
    match belief {
        Belief::Nothing => None,
        Belief::Right => now,
        Belief::Wrong => Some(NOWHERE),
    }
}
