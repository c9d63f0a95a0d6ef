//! What balancers and people ask of a server itself.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use sheaf_registry::Registry;

/// It runs.
pub(crate) async fn alive() -> &'static str {
    "ok"
}

/// Whether it answers requests now: 503 with the reasons where it does not.
pub(crate) async fn ready(State(registry): State<Arc<Registry>>) -> Response {
    let reasons = registry.obstacles().await;
    let status = match reasons.as_slice() {
        [] => StatusCode::OK,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    let body = json!({"ready": reasons.is_empty(), "reasons": reasons});
    let headers = [(header::CACHE_CONTROL, "no-store")];
    (status, headers, Json(body)).into_response()
}
