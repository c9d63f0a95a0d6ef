use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use sheaf_registry::Registry;
use sheaf_types::check::{CheckReport, NewCheck};

use crate::error::ApiError;
use crate::request::{CallerOf, JsonBody};

/// Checks what is stored, and says what is wrong.
#[utoipa::path(
    operation_id = "check_run",
    post,
    path = "/api/v1/check",
    tag = "check",
    request_body = NewCheck,
    responses((status = 200, description = "what was looked at and what is wrong", body = CheckReport)),
)]
pub(crate) async fn run(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    JsonBody(check): JsonBody<NewCheck>,
) -> Result<Json<CheckReport>, ApiError> {
    Ok(Json(registry.check(&caller, check).await?))
}
