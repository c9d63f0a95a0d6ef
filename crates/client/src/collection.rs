use sheaf_types::collection::Collection;

use crate::request::Request;
use crate::route::API;
use crate::{Client, Error};

impl Client {
    /// Takes away what nothing reaches any more; for administrators.
    pub async fn collect(&self) -> Result<Collection, Error> {
        self.json(Request::post(format!("{API}/collection"))).await
    }

    /// What that would take away now.
    pub async fn preview_collection(&self) -> Result<Collection, Error> {
        self.json(Request::get(format!("{API}/collection"))).await
    }
}
