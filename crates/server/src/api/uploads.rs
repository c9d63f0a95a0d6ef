use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use sheaf_registry::Registry;
use sheaf_types::repositories::Page;
use sheaf_types::uploads::{
    CommitRequest, MissingRequest, MissingResponse, ReceivedBlob, Upload, UploadState,
};

use crate::error::ApiError;
use crate::request::{
    CallerOf, Params, QueryOf, WaitQuery, byte_stream, content_length, list as list_of_chunks,
};

/// Opens an upload.
#[utoipa::path(
    operation_id = "uploads_create",
    post,
    path = "/api/v1/repositories/{namespace}/{name}/uploads",
    tag = "uploads",
    params(("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 201, description = "the upload", body = Upload)),
)]
pub(crate) async fn create(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<(StatusCode, Json<Upload>), ApiError> {
    let upload = registry
        .create_upload(&caller, &params.repository()?)
        .await?;
    Ok((StatusCode::CREATED, Json(upload)))
}

/// The uploads that are not done.
#[utoipa::path(
    operation_id = "uploads_list",
    get,
    path = "/api/v1/repositories/{namespace}/{name}/uploads",
    tag = "uploads",
    params(("namespace" = String, Path), ("name" = String, Path)),
    responses((status = 200, description = "the uploads", body = Page<Upload>)),
)]
pub(crate) async fn list(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<Json<Page<Upload>>, ApiError> {
    let page = registry
        .list_uploads(&caller, &params.repository()?)
        .await?;
    Ok(Json(page))
}

/// One upload; waits for its commit when asked to.
#[utoipa::path(
    operation_id = "uploads_show",
    get,
    path = "/api/v1/repositories/{namespace}/{name}/uploads/{upload}",
    tag = "uploads",
    params(("namespace" = String, Path), ("name" = String, Path), ("upload" = String, Path), WaitQuery),
    responses((status = 200, description = "the upload", body = Upload)),
)]
pub(crate) async fn show(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
    QueryOf(query): QueryOf<WaitQuery>,
) -> Result<Json<Upload>, ApiError> {
    let id = params.parse("upload")?;
    let upload = registry
        .upload(&caller, &params.repository()?, &id, query.into())
        .await?;
    Ok(Json(upload))
}

/// Drops an upload.
#[utoipa::path(
    operation_id = "uploads_abort",
    delete,
    path = "/api/v1/repositories/{namespace}/{name}/uploads/{upload}",
    tag = "uploads",
    params(("namespace" = String, Path), ("name" = String, Path), ("upload" = String, Path)),
    responses((status = 204, description = "it is gone")),
)]
pub(crate) async fn abort(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<StatusCode, ApiError> {
    let id = params.parse("upload")?;
    registry
        .abort_upload(&caller, &params.repository()?, &id)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which chunks must be sent. The others are held for the upload.
#[utoipa::path(
    operation_id = "uploads_missing",
    post,
    path = "/api/v1/repositories/{namespace}/{name}/uploads/{upload}/missing",
    tag = "uploads",
    params(("namespace" = String, Path), ("name" = String, Path), ("upload" = String, Path)),
    request_body = MissingRequest,
    responses((status = 200, description = "what is missing", body = MissingResponse)),
)]
pub(crate) async fn missing(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<MissingResponse>, ApiError> {
    let (name, id) = (params.repository()?, params.parse("upload")?);
    let len = content_length(&headers);
    let (asked, _admitted): (MissingRequest, _) =
        list_of_chunks(&registry, &caller, &name, len, body).await?;
    let missing = registry.missing(&caller, &name, &id, &asked.chunks).await?;
    Ok(Json(missing))
}

/// Takes the blob of a chunk.
#[utoipa::path(
    operation_id = "uploads_put_chunk",
    put,
    path = "/api/v1/repositories/{namespace}/{name}/uploads/{upload}/chunks/{chunk}",
    tag = "uploads",
    params(("namespace" = String, Path), ("name" = String, Path), ("upload" = String, Path), ("chunk" = String, Path)),
    request_body(content_type = "application/vnd.sheaf.blob", description = "the blob"),
    responses(
        (status = 200, description = "what was received", body = ReceivedBlob),
        (status = 422, description = "the blob is not that of the chunk"),
    ),
)]
pub(crate) async fn put_chunk(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ReceivedBlob>, ApiError> {
    let (upload, chunk) = (params.parse("upload")?, params.parse("chunk")?);
    let len = content_length(&headers);
    let name = params.repository()?;
    let received = registry
        .put_chunk(&caller, &name, &upload, &chunk, len, byte_stream(body))
        .await?;
    Ok(Json(received))
}

/// Makes a revision of what the upload holds.
#[utoipa::path(
    operation_id = "uploads_commit",
    post,
    path = "/api/v1/repositories/{namespace}/{name}/uploads/{upload}/commit",
    tag = "uploads",
    params(("namespace" = String, Path), ("name" = String, Path), ("upload" = String, Path)),
    request_body = CommitRequest,
    responses(
        (status = 200, description = "the revision is there", body = Upload),
        (status = 202, description = "it is being made: ask for the upload with `wait`", body = Upload),
        (status = 409, description = "the branch is elsewhere than `parent`"),
        (status = 422, description = "chunks are missing, or a file is not what it is said to be"),
    ),
)]
pub(crate) async fn commit(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Upload>), ApiError> {
    let (name, id) = (params.repository()?, params.parse("upload")?);
    let len = content_length(&headers);
    let (request, _admitted): (CommitRequest, _) =
        list_of_chunks(&registry, &caller, &name, len, body).await?;
    let upload = registry
        .commit_upload(&caller, &name, &id, &request)
        .await?;
    let status = match upload.state {
        UploadState::Committing => StatusCode::ACCEPTED,
        _ => StatusCode::OK,
    };
    Ok((status, Json(upload)))
}
