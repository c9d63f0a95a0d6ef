use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use sheaf_registry::Registry;
use sheaf_types::repositories::Page;
use sheaf_types::revisions::{Revision, Tree};
use utoipa::IntoParams;

use crate::error::ApiError;
use crate::request::{CallerOf, PageQuery, Params, QueryOf};

/// Whose history.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct From {
    /// A branch, a tag or 40 digits; `main` when left out.
    #[serde(default = "main")]
    r#ref: String,
}

fn main() -> String {
    "main".into()
}

/// Which files.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Prefix {
    /// What their paths begin with.
    #[serde(default)]
    prefix: String,
}

/// A revision and those before it, newest first.
#[utoipa::path(
    operation_id = "revisions_list",
    get,
    path = "/api/v1/repositories/{namespace}/{name}/revisions",
    tag = "revisions",
    params(("namespace" = String, Path), ("name" = String, Path), From, PageQuery),
    responses((status = 200, description = "a page of them", body = Page<Revision>)),
)]
pub(crate) async fn list(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
    QueryOf(from): QueryOf<From>,
    QueryOf(page): QueryOf<PageQuery>,
) -> Result<Json<Page<Revision>>, ApiError> {
    let history = registry
        .history(&caller, &params.repository()?, &from.r#ref, &page.into())
        .await?;
    Ok(Json(history))
}

/// One revision.
#[utoipa::path(
    operation_id = "revisions_show",
    get,
    path = "/api/v1/repositories/{namespace}/{name}/revisions/{ref}",
    tag = "revisions",
    params(("namespace" = String, Path), ("name" = String, Path), ("ref" = String, Path)),
    responses((status = 200, description = "the revision", body = Revision)),
)]
pub(crate) async fn show(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<Json<Revision>, ApiError> {
    let revision = registry
        .revision(&caller, &params.repository()?, params.reference())
        .await?;
    Ok(Json(revision))
}

/// The files of a revision.
#[utoipa::path(
    operation_id = "revisions_tree",
    get,
    path = "/api/v1/repositories/{namespace}/{name}/tree/{ref}",
    tag = "revisions",
    params(("namespace" = String, Path), ("name" = String, Path), ("ref" = String, Path), Prefix, PageQuery),
    responses((status = 200, description = "a page of the files", body = Tree)),
)]
pub(crate) async fn tree(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
    QueryOf(prefix): QueryOf<Prefix>,
    QueryOf(page): QueryOf<PageQuery>,
) -> Result<Json<Tree>, ApiError> {
    let name = params.repository()?;
    let tree = registry
        .tree(
            &caller,
            &name,
            params.reference(),
            &prefix.prefix,
            &page.into(),
        )
        .await?;
    Ok(Json(tree))
}
