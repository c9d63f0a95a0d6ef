use std::time::Duration;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sheaf_registry::PageRequest;
use utoipa::IntoParams;

use crate::error::ApiError;

/// A request's query.
pub(crate) struct QueryOf<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for QueryOf<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(query) = Query::from_request_parts(parts, state)
            .await
            .map_err(|error| ApiError::invalid(error.body_text()))?;
        Ok(Self(query))
    }
}

/// Which page of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// The `next` of the page before.
    #[serde(default)]
    cursor: String,
    /// The most items on the page; from 1 to 1000, whatever is asked.
    #[serde(default = "default_limit")]
    limit: u32,
}

/// How long to wait.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WaitQuery {
    /// Seconds to wait for it to end, at most 30.
    #[serde(default)]
    wait: u64,
}

impl From<WaitQuery> for Duration {
    fn from(query: WaitQuery) -> Self {
        Self::from_secs(query.wait)
    }
}

fn default_limit() -> u32 {
    1000
}

impl From<PageQuery> for PageRequest {
    fn from(query: PageQuery) -> Self {
        Self {
            cursor: query.cursor,
            limit: query.limit,
        }
    }
}
