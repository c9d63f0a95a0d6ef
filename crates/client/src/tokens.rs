use sheaf_types::TokenId;
use sheaf_types::repositories::Page;
use sheaf_types::tokens::{CreatedToken, NewToken, Token, WhoAmI};

use crate::request::Request;
use crate::route::{API, query};
use crate::{Client, Error};

impl Client {
    /// Who the server takes the caller for. Refused where the token is not valid.
    pub async fn whoami(&self) -> Result<WhoAmI, Error> {
        self.json(Request::get(format!("{API}/whoami"))).await
    }

    /// Makes a token; its secret is shown this once.
    pub async fn create_token(&self, new: &NewToken) -> Result<CreatedToken, Error> {
        let request = Request::post(format!("{API}/tokens")).json(new)?;
        self.json(request).await
    }

    /// One page of the tokens.
    pub async fn tokens(&self, cursor: Option<&str>) -> Result<Page<Token>, Error> {
        let parameters = [("cursor", cursor.map(str::to_owned))];
        let route = query(format!("{API}/tokens"), &parameters);
        self.json(Request::get(route)).await
    }

    /// Makes a token cease to work.
    pub async fn revoke_token(&self, id: TokenId) -> Result<(), Error> {
        self.done(Request::delete(format!("{API}/tokens/{id}")))
            .await
    }
}
