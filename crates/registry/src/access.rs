//! The one place that decides who may do what to which repository.

use jiff::Timestamp;
use sheaf_catalog::{RepositoryRow, Visibility};
use sheaf_types::access::{Role, Scope};
use sheaf_types::tokens::{Token, WhoAmI};
use sheaf_types::{RepositoryName, TokenId};

use crate::budget::Reserved;
use crate::{Error, Registry, Result};

/// Who asks: the holder of a token, or anybody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    token: Option<Token>,
}

impl Caller {
    /// Somebody without a token.
    pub fn anonymous() -> Self {
        Self { token: None }
    }

    /// What the caller is told of itself.
    pub fn who(&self) -> WhoAmI {
        WhoAmI {
            token: self.token.clone(),
        }
    }

    fn may(&self, role: Role, name: &RepositoryName) -> bool {
        self.token
            .as_ref()
            .is_some_and(|token| token.role >= role && token.scope.covers(name))
    }

    /// What the caller may read, for queries over many repositories.
    pub(crate) fn visibility(&self) -> Visibility {
        let Some(token) = &self.token else {
            return Visibility::default();
        };
        match &token.scope {
            Scope::All => Visibility::all(),
            Scope::Namespace(namespace) => Visibility {
                namespace: Some(namespace.to_ascii_lowercase()),
                ..Visibility::default()
            },
            Scope::Repository(name) => Visibility {
                key: Some(name.key()),
                ..Visibility::default()
            },
        }
    }

    /// Passes whoever may write to a repository of this name, were it there.
    pub(crate) fn check_write(&self, name: &RepositoryName) -> Result<()> {
        if self.may(Role::Write, name) {
            return Ok(());
        }
        Err(self.refusal(Role::Write, name.to_string()))
    }

    /// Passes whoever looks after the registry as a whole.
    pub(crate) fn check_admin(&self) -> Result<()> {
        let admin = self
            .token
            .as_ref()
            .is_some_and(|token| token.role == Role::Admin && token.scope == Scope::All);
        if admin {
            return Ok(());
        }
        Err(self.refusal(Role::Admin, "every repository".into()))
    }

    /// Whether the caller may look after a job: an administrator, or who may write to the repository
    /// that it is about.
    pub(crate) fn may_see_job(&self, about: Option<&RepositoryName>) -> bool {
        self.check_admin().is_ok() || about.is_some_and(|name| self.may(Role::Write, name))
    }

    fn refusal(&self, role: Role, place: String) -> Error {
        if self.token.is_none() {
            return Error::TokenNeeded;
        }
        Error::Forbidden {
            role: match role {
                Role::Read => "read",
                Role::Write => "write",
                Role::Admin => "admin",
            },
            place,
        }
    }
}

/// Memory for a request, until this is dropped.
pub struct Admitted {
    _reserved: Reserved,
}

impl Registry {
    /// Who holds a secret.
    pub async fn authenticate(&self, secret: &str) -> Result<Caller> {
        let hash = blake3::hash(secret.as_bytes());
        if let Some((admin, token)) = self.admin.get()
            && *admin == hash
        {
            return Ok(Caller {
                token: Some(token.clone()),
            });
        }
        let token = self.catalog.find_token(hash.as_bytes()).await?;
        let now = Timestamp::now();
        match token {
            Some(token) if token.expires_at.is_none_or(|end| end > now) => {
                Ok(Caller { token: Some(token) })
            }
            _ => Err(Error::TokenInvalid),
        }
    }

    /// Takes a secret as that of an administrator, beside the tokens of the catalog. Once: later ones
    /// are passed over.
    pub fn set_admin_secret(&self, secret: &str) {
        let hash = blake3::hash(secret.as_bytes());
        let [a, b, c, d, e, f, g, h, ..] = *hash.as_bytes();
        let id = TokenId([a, b, c, d, e, f, g, h]);
        let token = Token {
            id,
            name: "admin".into(),
            role: Role::Admin,
            scope: Scope::All,
            created_at: Timestamp::now(),
            expires_at: None,
        };
        let _ = self.admin.set((hash, token));
    }

    /// The repository, for a caller who may read it. For others there is none.
    pub(crate) async fn readable(
        &self,
        caller: &Caller,
        name: &RepositoryName,
    ) -> Result<RepositoryRow> {
        let row = self.catalog.find_repository(name).await?;
        row.filter(|row| !row.repository.private || caller.may(Role::Read, name))
            .ok_or_else(|| Error::RepositoryNotFound(name.clone()))
    }

    /// Lets a caller who may write to a repository send a request that takes so much memory, once
    /// that is free.
    pub async fn admit(
        &self,
        caller: &Caller,
        name: &RepositoryName,
        bytes: u64,
    ) -> Result<Admitted> {
        self.writable(caller, name).await?;
        Ok(Admitted {
            _reserved: self.ingest_budget.reserve_soon(bytes).await?,
        })
    }

    /// The repository, for a caller who may write to it.
    pub(crate) async fn writable(
        &self,
        caller: &Caller,
        name: &RepositoryName,
    ) -> Result<RepositoryRow> {
        let row = self.readable(caller, name).await?;
        caller.check_write(name)?;
        Ok(row)
    }
}
