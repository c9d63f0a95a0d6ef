use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use sheaf_registry::Registry;
use sheaf_types::files::BlobLocation;

use crate::error::ApiError;
use crate::request::{CallerOf, Params};
use crate::response::body;

/// A blob of a chunk that is in some revision of the repository, as it is stored.
#[utoipa::path(
    operation_id = "blobs_show",
    get,
    path = "/api/v1/repositories/{namespace}/{name}/blobs/{blob}",
    tag = "blobs",
    params(("namespace" = String, Path), ("name" = String, Path), ("blob" = String, Path)),
    responses((status = 200, description = "the blob", content_type = "application/vnd.sheaf.blob")),
)]
pub(crate) async fn show(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<Response, ApiError> {
    let blob = params.parse("blob")?;
    let open = registry
        .read_blob(&caller, &params.repository()?, &blob)
        .await?;
    let headers = [
        (
            header::CONTENT_TYPE,
            "application/vnd.sheaf.blob".to_owned(),
        ),
        (header::CONTENT_LENGTH, open.len.to_string()),
        (header::ETAG, format!("\"{blob}\"")),
    ];
    Ok((headers, body(open.bytes).await?).into_response())
}

/// Where such a blob can be had straight from the bucket, if the server lets its clients.
#[utoipa::path(
    operation_id = "blobs_location",
    get,
    path = "/api/v1/repositories/{namespace}/{name}/blobs/{blob}/location",
    tag = "blobs",
    params(("namespace" = String, Path), ("name" = String, Path), ("blob" = String, Path)),
    responses((status = 200, description = "a URL for a while, or none", body = BlobLocation)),
)]
pub(crate) async fn location(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<Response, ApiError> {
    let location = registry
        .locate_blob(&caller, &params.repository()?, &params.parse("blob")?)
        .await?;
    // Whoever has the URL may read the blob.
    let headers = [(header::CACHE_CONTROL, "no-store")];
    Ok((headers, Json(location)).into_response())
}
