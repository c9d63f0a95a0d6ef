use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sheaf_registry::Registry;
use sheaf_types::repositories::Page;
use sheaf_types::tokens::{CreatedToken, NewToken, Token, WhoAmI};

use crate::error::ApiError;
use crate::request::{CallerOf, JsonBody, Params};

/// Who the server takes the caller for.
#[utoipa::path(
    operation_id = "tokens_whoami",
    get,
    path = "/api/v1/whoami",
    tag = "tokens",
    responses((status = 200, description = "the caller", body = WhoAmI)),
)]
pub(crate) async fn whoami(CallerOf(caller): CallerOf) -> Json<WhoAmI> {
    Json(caller.who())
}

/// Makes a token. The answer is the only place that has its secret.
#[utoipa::path(
    operation_id = "tokens_create",
    post,
    path = "/api/v1/tokens",
    tag = "tokens",
    request_body = NewToken,
    responses((status = 201, description = "the token and its secret", body = CreatedToken)),
)]
pub(crate) async fn create(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    JsonBody(new): JsonBody<NewToken>,
) -> Result<(StatusCode, Json<CreatedToken>), ApiError> {
    let token = registry.create_token(&caller, new).await?;
    Ok((StatusCode::CREATED, Json(token)))
}

/// All tokens, without their secrets.
#[utoipa::path(
    operation_id = "tokens_list",
    get,
    path = "/api/v1/tokens",
    tag = "tokens",
    responses((status = 200, description = "the tokens", body = Page<Token>)),
)]
pub(crate) async fn list(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
) -> Result<Json<Page<Token>>, ApiError> {
    Ok(Json(registry.list_tokens(&caller).await?))
}

/// Makes a token worthless.
#[utoipa::path(
    operation_id = "tokens_revoke",
    delete,
    path = "/api/v1/tokens/{token}",
    tag = "tokens",
    params(("token" = String, Path)),
    responses((status = 204, description = "it is revoked")),
)]
pub(crate) async fn revoke(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<StatusCode, ApiError> {
    let token = params.parse("token")?;
    registry.revoke_token(&caller, &token).await?;
    Ok(StatusCode::NO_CONTENT)
}
