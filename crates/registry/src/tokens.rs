use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use sheaf_types::TokenId;
use sheaf_types::repositories::Page;
use sheaf_types::tokens::{CreatedToken, NewToken, Token};

use crate::random::random;
use crate::text::check_text;
use crate::{Caller, Error, Registry, Result};

/// Bytes that a token's name may have.
const MAX_NAME: usize = 16 << 10;

impl Registry {
    /// Makes a token. Its secret is in the answer and nowhere else.
    pub async fn create_token(&self, caller: &Caller, new: NewToken) -> Result<CreatedToken> {
        caller.check_admin()?;
        check_text("the token's name", &new.name, MAX_NAME)?;
        let now = Timestamp::now();
        let expires_at = new.expires_in.map(|s| later(now, s)).transpose()?;
        let token = Token {
            id: TokenId(random()?),
            name: new.name,
            role: new.role,
            scope: new.scope,
            created_at: now,
            expires_at,
        };
        let secret = format!("sheaf_{}", URL_SAFE_NO_PAD.encode(random::<32>()?));
        let hash = blake3::hash(secret.as_bytes());
        self.catalog.create_token(&token, hash.as_bytes()).await?;
        Ok(CreatedToken { token, secret })
    }

    /// All tokens, without their secrets.
    pub async fn list_tokens(&self, caller: &Caller) -> Result<Page<Token>> {
        caller.check_admin()?;
        Ok(Page {
            items: self.catalog.list_tokens().await?,
            next: None,
        })
    }

    /// Makes a token worthless.
    pub async fn revoke_token(&self, caller: &Caller, id: &TokenId) -> Result<()> {
        caller.check_admin()?;
        if self.catalog.revoke_token(id).await? {
            return Ok(());
        }
        Err(Error::TokenNotFound)
    }
}

fn later(now: Timestamp, seconds: u64) -> Result<Timestamp> {
    i64::try_from(seconds)
        .ok()
        .and_then(|s| now.checked_add(SignedDuration::from_secs(s)).ok())
        .ok_or_else(|| {
            Error::Invalid("'expires_in' is too far away: leave it out for never".into())
        })
}
