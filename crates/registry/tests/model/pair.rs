//! A registry and its model, step by step.

use std::fmt::Debug;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, stream};
use sheaf_codec::Level;
use sheaf_registry::{Condition, Error, FileChange, Matching, PageRequest};
use sheaf_types::check::{CheckDepth, NewCheck};
use sheaf_types::jobs::{JobResult, JobState, NewJob};
use sheaf_types::repositories::{NewRepository, RepositoryChange};
use sheaf_types::revisions::{NewRef, RefKind};
use sheaf_types::uploads::{CommitRequest, NewFile};
use sheaf_types::{ChunkId, RevisionId};

use crate::files::file;
use crate::model::{Answer, Model, Repository, Upload, Who};
use crate::operation::{Belief, Operation, Place, REPOSITORIES, Target};
use crate::real::{Database, Real, body, path_name, ref_name, repository_name};

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

    async fn create(&mut self, who: Who, repository: usize, private: bool) {
        let new = NewRepository {
            name: repository_name(repository),
            private,
            description: String::new(),
        };
        let real = &self.real;
        let done = real
            .registry
            .create_repository(real.caller(who), &new)
            .await;
        let there = self.model.repositories.contains_key(&repository);
        let may = who.check_write(repository);
        let model = may.and(if there {
            Err("repository_exists")
        } else {
            Ok(())
        });
        if same(done, model).is_some() {
            let new = Repository {
                private,
                ..Repository::default()
            };
            self.model.repositories.insert(repository, new);
        }
    }

    async fn delete(&mut self, who: Who, repository: usize) {
        let (real, name) = (&self.real, repository_name(repository));
        let done = real
            .registry
            .delete_repository(real.caller(who), &name)
            .await;
        same(done, self.model.delete(who, repository));
    }

    async fn set_private(&mut self, who: Who, repository: usize, private: bool) {
        let (real, name) = (&self.real, repository_name(repository));
        let change = RepositoryChange {
            private: Some(private),
            description: None,
        };
        let done = real
            .registry
            .change_repository(real.caller(who), &name, &change)
            .await;
        if let Some((_, is)) = same(done, self.model.writable(who, repository)) {
            is.private = private;
        }
    }

    async fn put(&mut self, who: Who, at: Place, number: usize, if_absent: bool) {
        let (real, name) = (&self.real, repository_name(at.repository));
        let put = FileChange {
            condition: Condition {
                only_if: None,
                unless: if_absent.then_some(Matching::Any),
            },
            ..change(at)
        };
        let bytes = body(&file(number).bytes);
        let done = real
            .registry
            .put_file(real.caller(who), &name, put, bytes)
            .await;
        let model = self.model.writable(who, at.repository).and_then(|is| {
            let head = is.head(at.branch)?;
            let there = head.is_some_and(|(_, tree)| tree.contains_key(&at.path));
            match there && if_absent {
                true => Err("condition_failed"),
                false => is.put(at.branch, at.path, number),
            }
        });
        if let Some(((revision, new), tree)) = same(done, model) {
            assert_eq!(new, tree.is_some());
            if let Some(tree) = tree {
                self.model.commit(at, revision.id, tree);
            }
            let branch = ref_name(at.branch);
            let read = self
                .real
                .read(who, at.repository, branch.as_str(), at.path)
                .await;
            assert!(read == file(number).bytes);
        }
    }

    async fn remove(&mut self, who: Who, at: Place) {
        let (real, name) = (&self.real, repository_name(at.repository));
        let done = real
            .registry
            .delete_file(real.caller(who), &name, change(at))
            .await;
        let model = self.model.writable(who, at.repository).and_then(|is| {
            let (_, mut tree) = is.head(at.branch)?.ok_or("ref_not_found")?;
            tree.remove(&at.path).ok_or("file_not_found")?;
            Ok(tree)
        });
        if let Some((revision, tree)) = same(done, model) {
            self.model.commit(at, revision.id, tree);
        }
    }

    async fn set_ref(
        &mut self,
        who: Who,
        (repository, name, kind): (usize, usize, RefKind),
        target: &Target,
        belief: Belief,
    ) {
        let ever = self
            .model
            .ever
            .get(&repository)
            .cloned()
            .unwrap_or_default();
        let id = match target {
            Target::Revision(index) if !ever.is_empty() => Some(*index.get(&ever)),
            _ => None,
        };
        let is = self.model.repositories.get(&repository);
        let now = is.and_then(|is| is.refs.get(&name)).copied();
        let expected = believed(belief, now.map(|(_, id)| id));
        let new = NewRef {
            target: match (target, id) {
                (_, Some(id)) => id.to_string(),
                (Target::Ref(of), None) => ref_name(*of).to_string(),
                (Target::Revision(_), None) => NOWHERE.to_string(),
            },
            expected,
        };
        let (real, called) = (&self.real, repository_name(repository));
        let done = real
            .registry
            .set_ref(real.caller(who), &called, &ref_name(name), kind, &new)
            .await;
        let model = self.model.writable(who, repository).and_then(|is| {
            let found = match target {
                Target::Ref(of) => is.refs.get(of).map(|(_, id)| *id),
                Target::Revision(_) => id.filter(|id| is.revisions.contains_key(id)),
            };
            let found = found.ok_or("ref_not_found")?;
            may_be_set(now, kind, expected)?;
            is.refs.insert(name, (kind, found));
            Ok(found)
        });
        if let Some((set, found)) = same(done, model) {
            assert_eq!(set.revision, found);
        }
    }

    async fn delete_ref(&mut self, who: Who, repository: usize, name: usize) {
        let (real, called) = (&self.real, repository_name(repository));
        let done = real
            .registry
            .delete_ref(real.caller(who), &called, &ref_name(name))
            .await;
        let model = self.model.writable(who, repository);
        same(
            done,
            model.and_then(|is| is.refs.remove(&name).ok_or("ref_not_found")),
        );
    }

    async fn open(&mut self, who: Who, repository: usize) {
        let (real, name) = (&self.real, repository_name(repository));
        let done = real.registry.create_upload(real.caller(who), &name).await;
        let model = self.model.writable(who, repository).map(|_| ());
        if let Some((upload, ())) = same(done, model) {
            self.model.uploads.push(Upload {
                id: upload.id,
                who,
                repository,
                open: true,
                pins: [].into(),
            });
        }
    }

    /// Those of a file's chunks that must be sent; the others are the upload's from now on.
    fn pin(&mut self, upload: usize, number: usize) -> Answer<Vec<ChunkId>> {
        let Upload {
            who,
            repository,
            open,
            ..
        } = self.model.uploads[upload];
        self.model.writable(who, repository)?;
        if !open {
            return Err("upload_not_found");
        }
        let readable = self.model.readable_chunks(who);
        let pins = &mut self.model.uploads[upload].pins;
        let mut missing = Vec::new();
        for chunk in file(number).list() {
            match readable.contains(&chunk.id) || pins.contains(&chunk.id) {
                true => drop(pins.insert(chunk.id)),
                false if missing.contains(&chunk.id) => {}
                false => missing.push(chunk.id),
            }
        }
        Ok(missing)
    }

    async fn send(&mut self, upload: usize, number: usize) {
        let Upload {
            id,
            who,
            repository,
            ..
        } = self.model.uploads[upload];
        let name = repository_name(repository);
        let asked = file(number).list();
        let registry = self.real.registry.clone();
        let caller = self.real.caller(who).clone();
        let done = registry.missing(&caller, &name, &id, &asked).await;
        let model = self.pin(upload, number);
        let Some((answer, missing)) = same(done, model) else {
            return;
        };
        assert_eq!(answer.missing, missing);
        for (reference, chunk) in &file(number).chunks {
            if !missing.contains(&reference.id) {
                continue;
            }
            let raw = (&chunk.raw, reference.id.0);
            let blob = sheaf_codec::encode(raw.0, raw.1, &chunk.hint, None, Level::Fast);
            let len = blob.bytes.len() as u64;
            let body = stream::iter([Ok(Bytes::from(blob.bytes))]).boxed();
            let put = registry.put_chunk(&caller, &name, &id, &reference.id, Some(len), body);
            assert_eq!(put.await.unwrap().chunk, reference.id);
            self.model.uploads[upload].pins.insert(reference.id);
        }
    }

    async fn commit(&mut self, upload: usize, at: Place, number: usize, belief: Belief) {
        let Upload { id, who, .. } = self.model.uploads[upload];
        let is = self.model.repositories.get(&at.repository);
        let now = is.and_then(|is| is.refs.get(&at.branch)).map(|(_, id)| *id);
        let parent = believed(belief, now);
        let request = CommitRequest {
            branch: ref_name(at.branch),
            parent,
            message: String::new(),
            files: vec![NewFile {
                path: path_name(at.path),
                size: file(number).bytes.len() as u64,
                sha256: file(number).sha256,
                near_lossless: None,
                chunks: file(number).list(),
            }],
            delete: vec![],
        };
        let (real, name) = (&self.real, repository_name(at.repository));
        let done = real
            .registry
            .commit_upload(real.caller(who), &name, &id, &request)
            .await;
        let model = self.pin(upload, number).and_then(|missing| {
            if !missing.is_empty() {
                return Err("chunks_missing");
            }
            let is = self.model.writable(who, at.repository)?;
            let head = is.head(at.branch)?.map(|(id, _)| id);
            if parent.is_some() && parent != head {
                return Err("branch_moved");
            }
            is.put(at.branch, at.path, number)
        });
        if let Some((upload_now, tree)) = same(done, model) {
            let made = upload_now.revision.unwrap().id;
            match tree {
                Some(tree) => self.model.commit(at, made, tree),
                None => assert_eq!(Some(made), now),
            }
            // What it says from now on is another story.
            self.model.uploads.remove(upload);
        }
    }

    async fn abort(&mut self, upload: usize) {
        let Upload {
            id,
            who,
            repository,
            open,
            ..
        } = self.model.uploads[upload];
        let (real, name) = (&self.real, repository_name(repository));
        let done = real
            .registry
            .abort_upload(real.caller(who), &name, &id)
            .await;
        let model = self.model.writable(who, repository).map(|_| ());
        let model = model.and(if open {
            Ok(())
        } else {
            Err("upload_not_found")
        });
        if same(done, model).is_some() {
            self.model.uploads[upload].end();
        }
    }

    async fn collect(&mut self) {
        let real = &self.real;
        let done = real.registry.collect(real.caller(Who::Admin)).await;
        assert_eq!(done.unwrap().revisions.waiting, 0);
        self.model.collect();
        let (stored, _) = self.real.stored();
        assert!(stored.is_superset(&self.model.chunks()));
    }

    async fn check(&self) {
        let (registry, admin) = (&self.real.registry, self.real.caller(Who::Admin));
        let check = NewJob::Check(NewCheck {
            depth: CheckDepth::Decoded,
            ..NewCheck::default()
        });
        let (mut job, _) = registry.start_job(admin, &check).await.unwrap();
        while matches!(job.state, JobState::Queued | JobState::Running) {
            job = registry.job(admin, job.id, AT_ONCE).await.unwrap();
        }
        match job.result {
            Some(JobResult::Check(found)) => {
                assert_eq!(found.faults_found, 0, "{:?}", found.faults)
            }
            other => panic!("a check that found {other:?}: {:?}", job.error),
        }
    }

    /// Everybody sees what the model says, and nothing else.
    async fn compare(&self) {
        for who in Who::ALL {
            let caller = self.real.caller(who);
            let registry = &self.real.registry;
            let page = everything();
            let listed = registry.list_repositories(caller, "", &page).await.unwrap();
            let listed: Vec<_> = listed.items.into_iter().map(|item| item.name).collect();
            let visible = (0..REPOSITORIES).filter(|number| self.model.can_see(who, *number));
            let visible: Vec<_> = visible.map(repository_name).collect();
            assert_eq!(listed, visible, "{who:?}");
        }
        for (number, is) in &self.model.repositories {
            self.compare_repository(*number, is).await;
        }
    }

    async fn compare_repository(&self, number: usize, is: &Repository) {
        let (registry, name) = (&self.real.registry, repository_name(number));
        let admin = self.real.caller(Who::Admin);
        let refs = registry.list_refs(admin, &name).await.unwrap();
        let refs: Vec<_> = refs
            .items
            .into_iter()
            .map(|is| (is.name, is.kind, is.revision))
            .collect();
        let believed = is
            .refs
            .iter()
            .map(|(name, (kind, id))| (ref_name(*name), *kind, *id));
        assert_eq!(refs, believed.collect::<Vec<_>>());
        for (id, revision) in &is.revisions {
            let page = everything();
            let tree = registry
                .tree(admin, &name, &id.to_string(), "", &page)
                .await
                .unwrap();
            assert_eq!(tree.revision.parent, revision.parent);
            let files = tree
                .items
                .into_iter()
                .map(|entry| (entry.path, entry.sha256));
            let entry = |(path, is): (&usize, &usize)| (path_name(*path), file(*is).sha256);
            let mut believed: Vec<_> = revision.tree.iter().map(entry).collect();
            believed.sort();
            assert_eq!(files.collect::<Vec<_>>(), believed);
        }
    }
}

fn everything() -> PageRequest {
    PageRequest {
        cursor: String::new(),
        limit: 100,
    }
}

fn change(at: Place) -> FileChange {
    FileChange {
        branch: ref_name(at.branch).to_string(),
        path: path_name(at.path),
        message: String::new(),
        condition: Condition::default(),
    }
}

fn believed(belief: Belief, now: Option<RevisionId>) -> Option<RevisionId> {
    match belief {
        Belief::Nothing => None,
        Belief::Right => now,
        Belief::Wrong => Some(NOWHERE),
    }
}

/// Only a branch moves, and only from where it is believed to be.
fn may_be_set(
    now: Option<(RefKind, RevisionId)>,
    kind: RefKind,
    expected: Option<RevisionId>,
) -> Answer {
    match (now, expected) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err("branch_moved"),
        (Some((RefKind::Branch, at)), Some(expected)) if kind == RefKind::Branch => {
            if at == expected {
                Ok(())
            } else {
                Err("branch_moved")
            }
        }
        _ => Err("ref_exists"),
    }
}
