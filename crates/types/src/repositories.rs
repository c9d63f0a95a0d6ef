//! Repositories as the API shows them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::RepositoryName;

/// A repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Repository {
    /// `namespace/name`.
    pub name: RepositoryName,
    /// Only for holders of a token that covers it.
    pub private: bool,
    /// Free text.
    pub description: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When a ref last moved.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// Asks for a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRepository {
    /// `namespace/name`.
    pub name: RepositoryName,
    /// Whether it is hidden from those without a token for it.
    #[serde(default)]
    pub private: bool,
    /// Free text.
    #[serde(default)]
    pub description: String,
}

/// Changes a repository; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RepositoryChange {
    /// Whether it shall be private.
    pub private: Option<bool>,
    /// Its new description.
    pub description: Option<String>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Hand this back as `cursor` for the next page; absent on the last.
    pub next: Option<String>,
}
