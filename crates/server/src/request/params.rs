//! The parts of a path, by the names that the routes give them.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use sheaf_types::{FilePath, RepositoryName};

use crate::error::ApiError;

/// The parts of a request's path.
pub(crate) struct Params(HashMap<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Path(params) = Path::from_request_parts(parts, state)
            .await
            .map_err(|error| ApiError::invalid(error.body_text()))?;
        Ok(Self(params))
    }
}

impl Params {
    /// The part of this name; empty when the route has none.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The part of this name, parsed.
    pub fn parse<T>(&self, name: &str) -> Result<T, ApiError>
    where
        T: FromStr,
        T::Err: Display,
    {
        let parsed = self.get(name).parse();
        parsed.map_err(|error: T::Err| ApiError::invalid(error.to_string()))
    }

    /// `{namespace}/{name}`.
    pub fn repository(&self) -> Result<RepositoryName, ApiError> {
        RepositoryName::new(self.get("namespace"), self.get("name"))
            .map_err(|error| ApiError::invalid(error.to_string()))
    }

    /// `{ref}`: a branch, a tag, or a revision's 40 digits.
    pub fn reference(&self) -> &str {
        self.get("ref")
    }

    /// `{path}`.
    pub fn path(&self) -> Result<FilePath, ApiError> {
        self.parse("path")
    }
}
