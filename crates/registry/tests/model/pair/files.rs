//! Files that are put and removed.

use sheaf_registry::{Condition, FileChange, Matching};

use super::{Pair, same};
use crate::files::file;
use crate::model::Who;
use crate::operation::Place;
use crate::real::{body, path_name, ref_name, repository_name};

impl Pair {
    pub(super) async fn put(&mut self, who: Who, at: Place, number: usize, if_absent: bool) {
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

    pub(super) async fn remove(&mut self, who: Who, at: Place) {
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
}

fn change(at: Place) -> FileChange {
    FileChange {
        branch: ref_name(at.branch).to_string(),
        path: path_name(at.path),
        message: String::new(),
        condition: Condition::default(),
    }
}
