use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use sheaf_registry::{Caller, Registry};
use sheaf_types::repositories::Page;
use sheaf_types::revisions::{NewRef, Ref, RefKind};

use crate::error::ApiError;
use crate::request::{CallerOf, JsonBody, Params};

/// Branches and tags by name.
#[utoipa::path(
    operation_id = "refs_list",
    get,
    path = "/api/v1/repositories/{namespace}/{name}/refs",
    tag = "refs",
    params(("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 200, description = "the refs", body = Page<Ref>)),
)]
pub(crate) async fn list(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<Json<Page<Ref>>, ApiError> {
    Ok(Json(
        registry.list_refs(&caller, &params.repository()?).await?,
    ))
}

/// One branch or tag.
#[utoipa::path(
    operation_id = "refs_show",
    get,
    path = "/api/v1/repositories/{namespace}/{name}/refs/{ref}",
    tag = "refs",
    params(("namespace" = String, Path), ("name" = String, Path), ("ref" = String, Path)),
    responses((status = 200, description = "the ref", body = Ref)),
)]
pub(crate) async fn show(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<Json<Ref>, ApiError> {
    let found = registry
        .reference(&caller, &params.repository()?, params.reference())
        .await?;
    Ok(Json(found))
}

/// Deletes a branch or tag.
#[utoipa::path(
    operation_id = "refs_delete",
    delete,
    path = "/api/v1/repositories/{namespace}/{name}/refs/{ref}",
    tag = "refs",
    params(("namespace" = String, Path), ("name" = String, Path), ("ref" = String, Path)),
    responses((status = 204, description = "it is gone")),
)]
pub(crate) async fn delete(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<StatusCode, ApiError> {
    registry
        .delete_ref(&caller, &params.repository()?, &params.parse("ref")?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a branch, or moves the one whose revision is named as `expected`.
#[utoipa::path(
    operation_id = "refs_set_branch",
    put,
    path = "/api/v1/repositories/{namespace}/{name}/branches/{ref}",
    tag = "refs",
    params(("namespace" = String, Path), ("name" = String, Path), ("ref" = String, Path)),
    request_body = NewRef,
    responses(
        (status = 200, description = "the ref", body = Ref),
        (status = 409, description = "it is elsewhere than expected"),
    ),
)]
pub(crate) async fn set_branch(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
    JsonBody(new): JsonBody<NewRef>,
) -> Result<Json<Ref>, ApiError> {
    set(&registry, &caller, &params, RefKind::Branch, &new).await
}

/// Makes a tag.
#[utoipa::path(
    operation_id = "refs_set_tag",
    put,
    path = "/api/v1/repositories/{namespace}/{name}/tags/{ref}",
    tag = "refs",
    params(("namespace" = String, Path), ("name" = String, Path), ("ref" = String, Path)),
    request_body = NewRef,
    responses(
        (status = 200, description = "the ref", body = Ref),
        (status = 409, description = "there is a ref of that name"),
    ),
)]
pub(crate) async fn set_tag(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
    JsonBody(new): JsonBody<NewRef>,
) -> Result<Json<Ref>, ApiError> {
    set(&registry, &caller, &params, RefKind::Tag, &new).await
}

async fn set(
    registry: &Registry,
    caller: &Caller,
    params: &Params,
    kind: RefKind,
    new: &NewRef,
) -> Result<Json<Ref>, ApiError> {
    let (repository, name) = (params.repository()?, params.parse("ref")?);
    let set = registry
        .set_ref(caller, &repository, &name, kind, new)
        .await?;
    Ok(Json(set))
}
