//! Branches and tags.

use sheaf_types::RevisionId;
use sheaf_types::revisions::{NewRef, RefKind};

use super::{NOWHERE, Pair, believed, same};
use crate::model::{Answer, Who};
use crate::operation::{Belief, Target};
use crate::real::{ref_name, repository_name};

impl Pair {
    pub(super) async fn set_ref(
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

    pub(super) async fn delete_ref(&mut self, who: Who, repository: usize, name: usize) {
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
