use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use sheaf_registry::Registry;
use sheaf_types::savings::Savings;

use crate::error::ApiError;
use crate::request::{CallerOf, Params};

/// What all that the caller may read costs and saves.
#[utoipa::path(
    operation_id = "savings_all",
    get,
    path = "/api/v1/savings",
    tag = "savings",
    responses((status = 200, description = "the savings", body = Savings)),
)]
pub(crate) async fn all(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
) -> Result<Json<Savings>, ApiError> {
    Ok(Json(registry.all_savings(&caller).await?))
}

/// What a repository costs and saves.
#[utoipa::path(
    operation_id = "savings_show",
    get,
    path = "/api/v1/repositories/{namespace}/{name}/savings",
    tag = "savings",
    params(("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 200, description = "the savings", body = Savings)),
)]
pub(crate) async fn show(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<Json<Savings>, ApiError> {
    Ok(Json(
        registry.savings(&caller, &params.repository()?).await?,
    ))
}
