//! What a token allows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{NameError, RepositoryName};

/// What a token's holder may do where the token applies. Each role includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// See private repositories.
    Read,
    /// Create, change and delete repositories and what is in them.
    Write,
    /// Everything, tokens and the registry's upkeep included.
    Admin,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        })
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "read" => Ok(Self::Read),
            "write" => Ok(Self::Write),
            "admin" => Ok(Self::Admin),
            _ => Err("a role is read, write or admin".into()),
        }
    }
}

/// Where a token applies: `*`, `namespace` or `namespace/name`. Compared without regard to case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every repository.
    All,
    /// Every repository of a namespace.
    Namespace(String),
    /// One repository.
    Repository(RepositoryName),
}

impl Scope {
    /// Whether a repository lies inside.
    pub fn covers(&self, repository: &RepositoryName) -> bool {
        match self {
            Self::All => true,
            Self::Namespace(namespace) => namespace.eq_ignore_ascii_case(repository.namespace()),
            Self::Repository(name) => name.key() == repository.key(),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Namespace(namespace) => f.write_str(namespace),
            Self::Repository(name) => name.fmt(f),
        }
    }
}

impl FromStr for Scope {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text == "*" {
            return Ok(Self::All);
        }
        if text.contains('/') {
            return text.parse().map(Self::Repository);
        }
        // Any name will do to check the namespace against the grammar.
        RepositoryName::new(text, "x").map(|name| Self::Namespace(name.namespace().into()))
    }
}

crate::text::json_as_text!(Scope);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_covers_what_it_names() {
        let repository: RepositoryName = "Acme/Model".parse().unwrap();
        for (scope, covers) in [
            ("*", true),
            ("acme", true),
            ("acme/model", true),
            ("other", false),
            ("acme/mode", false),
        ] {
            assert_eq!(
                scope.parse::<Scope>().unwrap().covers(&repository),
                covers,
                "{scope}"
            );
        }
        assert!("api".parse::<Scope>().is_err());
    }
}
