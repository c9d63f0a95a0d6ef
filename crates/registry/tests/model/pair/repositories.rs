//! What is done to repositories.

use sheaf_types::repositories::{NewRepository, RepositoryChange};

use super::{Pair, same};
use crate::model::{Repository, Who};
use crate::real::repository_name;

impl Pair {
    pub(super) async fn create(&mut self, who: Who, repository: usize, private: bool) {
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

    pub(super) async fn delete(&mut self, who: Who, repository: usize) {
        let (real, name) = (&self.real, repository_name(repository));
        let done = real
            .registry
            .delete_repository(real.caller(who), &name)
            .await;
        same(done, self.model.delete(who, repository));
    }

    pub(super) async fn set_private(&mut self, who: Who, repository: usize, private: bool) {
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
}
