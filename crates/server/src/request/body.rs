use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use futures::{StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use sheaf_registry::{BodyError, ByteStream};

use crate::error::ApiError;

/// The most bytes of a JSON body: a commit of some hundred thousand chunks.
const MAX_JSON: usize = 64 << 20;

/// A request's body as JSON, whatever its `Content-Type` says.
pub(crate) struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let bytes = read(request.into_body()).await?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| {
            ApiError::invalid(format!(
                "the body is not the JSON that is expected: {error}"
            ))
        })
    }
}

async fn read(body: Body) -> Result<Bytes, ApiError> {
    to_bytes(body, MAX_JSON).await.map_err(|_| {
        let message = format!("the body ended early or has more than {MAX_JSON} bytes");
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    })
}

/// A request's body as it comes.
pub(crate) fn byte_stream(body: Body) -> ByteStream {
    body.into_data_stream().map_err(|_| BodyError).boxed()
}
