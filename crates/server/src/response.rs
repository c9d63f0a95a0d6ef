//! Bodies that stream.

use axum::body::{Body, Bytes};
use futures::stream::BoxStream;
use futures::{StreamExt, stream};
use sheaf_registry::Error;

use crate::error::ApiError;

/// A body of bytes that are made while they are sent. Waits for the first of them, so that what fails
/// at once is an answer with a status; what fails later cuts the body short of its length.
pub(crate) async fn body(
    mut bytes: BoxStream<'static, Result<Bytes, Error>>,
) -> Result<Body, ApiError> {
    let Some(first) = bytes.next().await else {
        return Ok(Body::empty());
    };
    let first = first?;
    let rest = bytes.inspect(|result| {
        if let Err(error) = result {
            sheaf_registry::log(error);
        }
    });
    Ok(Body::from_stream(
        stream::once(async { Ok(first) }).chain(rest),
    ))
}
