//! Tokens as the API shows them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::TokenId;
use crate::access::{Role, Scope};

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    /// Names the token for revoking.
    pub id: TokenId,
    /// What the one who made it wrote.
    pub name: String,
    /// What it allows.
    pub role: Role,
    /// Where.
    pub scope: Scope,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it ceases to work; never when absent.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
}

/// Asks for a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// A word to know it by.
    pub name: String,
    /// What it shall allow.
    pub role: Role,
    /// Where; everywhere when absent.
    #[serde(default = "everywhere")]
    pub scope: Scope,
    /// Seconds until it expires; never when absent.
    pub expires_in: Option<u64>,
}

fn everywhere() -> Scope {
    Scope::All
}

/// A token with its secret, shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreatedToken {
    /// The token.
    #[serde(flatten)]
    pub token: Token,
    /// What goes into `Authorization: Bearer`.
    pub secret: String,
}

/// Who the server takes the caller for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WhoAmI {
    /// The token in use; absent for the anonymous.
    pub token: Option<Token>,
}
