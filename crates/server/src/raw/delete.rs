use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use sheaf_registry::Registry;
use sheaf_types::revisions::Revision;

use super::put::{Message, file_change};
use crate::error::ApiError;
use crate::request::{CallerOf, Params, QueryOf};

/// Makes a revision of the branch without a file.
#[utoipa::path(
    operation_id = "raw_delete",
    delete,
    path = "/{namespace}/{name}/resolve/{ref}/{path}",
    tag = "raw files",
    params(
        ("namespace" = String, Path), ("name" = String, Path),
        ("ref" = String, Path, description = "a branch; '/' as %2F"), ("path" = String, Path),
        Message,
    ),
    responses(
        (status = 200, description = "the revision that was made", body = Revision),
        (status = 404, description = "no such repository, branch or file"),
    ),
)]
pub(crate) async fn delete(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
    QueryOf(query): QueryOf<Message>,
    headers: HeaderMap,
) -> Result<Json<Revision>, ApiError> {
    let change = file_change(&params, query, &headers)?;
    let revision = registry
        .delete_file(&caller, &params.repository()?, change)
        .await?;
    Ok(Json(revision))
}
