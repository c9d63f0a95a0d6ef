use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::extract::{FromRequest, Request};
use futures::{StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use sheaf_registry::{Admitted, BodyError, ByteStream, Caller, Registry};
use sheaf_types::RepositoryName;

use crate::error::ApiError;

/// The most bytes of most JSON bodies.
const MAX_JSON: usize = 256 << 10;

/// The most bytes of a list of chunks: a commit of some hundred thousand.
const MAX_LIST: usize = 64 << 20;

/// How much memory a list of chunks takes for each of its bytes: itself, and what it is read into.
const LIST_MEMORY: u64 = 2;

/// How long a client may send nothing.
const IDLE: Duration = Duration::from_secs(30);

/// A request's body as JSON, whatever its `Content-Type` says.
pub(crate) struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        parse(&read(request.into_body(), MAX_JSON).await?).map(Self)
    }
}

/// A body that lists chunks. Read only for a caller who may write to the repository, and once there
/// is memory for it.
pub(crate) async fn list<T: DeserializeOwned>(
    registry: &Arc<Registry>,
    caller: &Caller,
    name: &RepositoryName,
    len: Option<u64>,
    body: Body,
) -> Result<(T, Admitted), ApiError> {
    let len = len.unwrap_or(MAX_LIST as u64);
    if len > MAX_LIST as u64 {
        return Err(too_large(MAX_LIST));
    }
    let admitted = registry.admit(caller, name, len * LIST_MEMORY).await?;
    let list = parse(&read(body, MAX_LIST).await?)?;
    Ok((list, admitted))
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(bytes).map_err(|error| {
        ApiError::invalid(format!(
            "the body is not the JSON that is expected: {error}"
        ))
    })
}

async fn read(body: Body, limit: usize) -> Result<Vec<u8>, ApiError> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(some) = next(&mut stream).await? {
        if bytes.len() + some.len() > limit {
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&some);
    }
    Ok(bytes)
}

async fn next(stream: &mut BodyDataStream) -> Result<Option<axum::body::Bytes>, ApiError> {
    let incomplete = |_| ApiError::from(sheaf_registry::Error::Body);
    let next = tokio::time::timeout(IDLE, stream.next()).await;
    let next = next.map_err(|_| ApiError::from(sheaf_registry::Error::Body))?;
    next.transpose().map_err(incomplete)
}

fn too_large(limit: usize) -> ApiError {
    let error = sheaf_registry::Error::TooLarge {
        what: "the body",
        limit: limit as u64,
    };
    error.into()
}

/// A request's body as it comes.
pub(crate) fn byte_stream(body: Body) -> ByteStream {
    body.into_data_stream().map_err(|_| BodyError).boxed()
}
