use sheaf_types::RepositoryName;
use sheaf_types::savings::Savings;

use crate::request::Request;
use crate::route::{API, repository};
use crate::{Client, Error};

impl Client {
    /// What a repository costs and saves.
    pub async fn savings(&self, name: &RepositoryName) -> Result<Savings, Error> {
        self.json(Request::get(repository(name, "/savings"))).await
    }

    /// The same of all that the caller may read.
    pub async fn all_savings(&self) -> Result<Savings, Error> {
        self.json(Request::get(format!("{API}/savings"))).await
    }
}
