//! What log lines say of the request that they are about.

use axum::extract::Request;
use tower_http::request_id::RequestId;
use tracing::Span;

/// With its id, which is also in the answer.
pub(crate) fn span(request: &Request) -> Span {
    let id = request.extensions().get::<RequestId>();
    let id = id.and_then(|id| id.header_value().to_str().ok());
    tracing::info_span!(
        "request",
        id = id.unwrap_or_default(),
        method = %request.method(),
        path = request.uri().path(),
    )
}
