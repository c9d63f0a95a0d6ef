use sheaf_types::check::{CheckReport, NewCheck};

use crate::request::Request;
use crate::route::API;
use crate::{Client, Error};

impl Client {
    /// Has the server check what it stores; for administrators.
    pub async fn check(&self, check: &NewCheck) -> Result<CheckReport, Error> {
        let request = Request::post(format!("{API}/check")).json(check)?;
        self.json(request).await
    }
}
