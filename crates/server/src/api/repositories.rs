use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use sheaf_registry::Registry;
use sheaf_types::repositories::{NewRepository, Page, Repository, RepositoryChange};
use utoipa::IntoParams;

use crate::error::ApiError;
use crate::request::{CallerOf, JsonBody, PageQuery, Params, QueryOf};

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Search {
    /// A part of the repository's name.
    #[serde(default)]
    search: String,
}

/// Makes a repository.
#[utoipa::path(
    operation_id = "repositories_create",
    post,
    path = "/api/v1/repositories",
    tag = "repositories",
    request_body = NewRepository,
    responses(
        (status = 201, description = "the repository", body = Repository),
        (status = 409, description = "there is one of that name"),
    ),
)]
pub(crate) async fn create(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    JsonBody(new): JsonBody<NewRepository>,
) -> Result<(StatusCode, Json<Repository>), ApiError> {
    let repository = registry.create_repository(&caller, &new).await?;
    Ok((StatusCode::CREATED, Json(repository)))
}

/// The repositories that the caller may read.
#[utoipa::path(
    operation_id = "repositories_list",
    get,
    path = "/api/v1/repositories",
    tag = "repositories",
    params(Search, PageQuery),
    responses((status = 200, description = "a page of them", body = Page<Repository>)),
)]
pub(crate) async fn list(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    QueryOf(search): QueryOf<Search>,
    QueryOf(page): QueryOf<PageQuery>,
) -> Result<Json<Page<Repository>>, ApiError> {
    let page = registry
        .list_repositories(&caller, &search.search, &page.into())
        .await?;
    Ok(Json(page))
}

/// One repository.
#[utoipa::path(
    operation_id = "repositories_show",
    get,
    path = "/api/v1/repositories/{namespace}/{name}",
    tag = "repositories",
    params(("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 200, description = "the repository", body = Repository)),
)]
pub(crate) async fn show(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<Json<Repository>, ApiError> {
    Ok(Json(
        registry.repository(&caller, &params.repository()?).await?,
    ))
}

/// Changes a repository; what is left out stays.
#[utoipa::path(
    operation_id = "repositories_change",
    patch,
    path = "/api/v1/repositories/{namespace}/{name}",
    tag = "repositories",
    params(("namespace" = String, Path), ("name" = String, Path)),
    request_body = RepositoryChange,
    responses((status = 200, description = "the repository", body = Repository)),
)]
pub(crate) async fn change(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
    JsonBody(change): JsonBody<RepositoryChange>,
) -> Result<Json<Repository>, ApiError> {
    let repository = registry
        .change_repository(&caller, &params.repository()?, &change)
        .await?;
    Ok(Json(repository))
}

/// Deletes a repository with all that is in it.
#[utoipa::path(
    operation_id = "repositories_delete",
    delete,
    path = "/api/v1/repositories/{namespace}/{name}",
    tag = "repositories",
    params(("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 204, description = "it is gone")),
)]
pub(crate) async fn delete(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<StatusCode, ApiError> {
    registry
        .delete_repository(&caller, &params.repository()?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
