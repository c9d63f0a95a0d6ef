use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use sheaf_registry::Registry;
use sheaf_types::collection::Collection;

use crate::error::ApiError;
use crate::request::CallerOf;

/// What a collection would take away now, and why.
#[utoipa::path(
    operation_id = "collection_show",
    get,
    path = "/api/v1/collection",
    tag = "collection",
    responses((status = 200, description = "what would go, and what waits", body = Collection)),
)]
pub(crate) async fn show(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
) -> Result<Json<Collection>, ApiError> {
    Ok(Json(registry.preview_collection(&caller).await?))
}

/// Takes away what nothing has reached for long enough.
#[utoipa::path(
    operation_id = "collection_run",
    post,
    path = "/api/v1/collection",
    tag = "collection",
    responses((status = 200, description = "what is gone, and what waits", body = Collection)),
)]
pub(crate) async fn run(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
) -> Result<Json<Collection>, ApiError> {
    Ok(Json(registry.collect(&caller).await?))
}
