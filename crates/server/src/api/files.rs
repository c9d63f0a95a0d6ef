use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use sheaf_registry::Registry;
use sheaf_types::files::{FileManifest, FileTensors};

use crate::error::ApiError;
use crate::request::{CallerOf, Params};

/// How a file is put together: its chunks, and the blobs that hold them.
#[utoipa::path(
    operation_id = "files_manifest",
    get,
    path = "/api/v1/repositories/{namespace}/{name}/files/{ref}/{path}",
    tag = "files",
    params(("namespace" = String, Path), ("name" = String, Path), ("ref" = String, Path), ("path" = String, Path)),
    responses((status = 200, description = "the manifest", body = FileManifest)),
)]
pub(crate) async fn manifest(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<Json<FileManifest>, ApiError> {
    let name = params.repository()?;
    let manifest = registry
        .manifest(&caller, &name, params.reference(), &params.path()?)
        .await?;
    Ok(Json(manifest))
}

/// The tensors of a file, and what each takes.
#[utoipa::path(
    operation_id = "files_tensors",
    get,
    path = "/api/v1/repositories/{namespace}/{name}/tensors/{ref}/{path}",
    tag = "files",
    params(("namespace" = String, Path), ("name" = String, Path), ("ref" = String, Path), ("path" = String, Path)),
    responses((status = 200, description = "the tensors", body = FileTensors)),
)]
pub(crate) async fn tensors(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<Json<FileTensors>, ApiError> {
    let name = params.repository()?;
    let tensors = registry
        .tensors(&caller, &name, params.reference(), &params.path()?)
        .await?;
    Ok(Json(tensors))
}
