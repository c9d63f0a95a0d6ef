//! What everybody sees, beside what the model says.

use sheaf_registry::PageRequest;

use super::Pair;
use crate::files::file;
use crate::model::{Repository, Who};
use crate::operation::REPOSITORIES;
use crate::real::{path_name, ref_name, repository_name};

impl Pair {
    /// Everybody sees what the model says, and nothing else.
    pub(super) async fn compare(&self) {
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

    pub(super) async fn compare_repository(&self, number: usize, is: &Repository) {
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
