use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use sheaf_registry::{FileChange, Registry};
use sheaf_types::revisions::Revision;
use utoipa::IntoParams;

use super::conditions::condition;
use crate::error::ApiError;
use crate::request::{CallerOf, Params, QueryOf, byte_stream, text};

/// What a change of one file may say of itself.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Message {
    /// The revision's message.
    #[serde(default)]
    pub message: String,
}

/// Stores a file and makes a revision of the branch with it.
#[utoipa::path(
    operation_id = "raw_put",
    put,
    path = "/{namespace}/{name}/resolve/{ref}/{path}",
    tag = "raw files",
    params(
        ("namespace" = String, Path), ("name" = String, Path),
        ("ref" = String, Path, description = "a branch; '/' as %2F"), ("path" = String, Path),
        Message,
    ),
    request_body(content_type = "application/octet-stream", description = "the file's bytes"),
    responses(
        (status = 201, description = "the revision that was made", body = Revision),
        (status = 200, description = "the file was there already: the branch's head", body = Revision),
        (status = 404, description = "no such repository"),
        (status = 409, description = "not a branch, or a path that collides with another"),
        (status = 412, description = "If-Match or If-None-Match does not hold"),
    ),
)]
pub(crate) async fn put(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
    QueryOf(query): QueryOf<Message>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Revision>), ApiError> {
    check_whole(&headers)?;
    let put = file_change(&params, query, &headers)?;
    let (revision, new) = registry
        .put_file(&caller, &params.repository()?, put, byte_stream(body))
        .await?;
    let status = if new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok((status, Json(revision)))
}

/// The change of one file that a request asks for.
pub(crate) fn file_change(
    params: &Params,
    query: Message,
    headers: &HeaderMap,
) -> Result<FileChange, ApiError> {
    Ok(FileChange {
        branch: params.reference().into(),
        path: params.path()?,
        message: query.message,
        condition: condition(headers),
    })
}

/// Refuses what would be stored as a file and is none: a part of one, or one that is encoded.
fn check_whole(headers: &HeaderMap) -> Result<(), ApiError> {
    if headers.contains_key(header::CONTENT_RANGE) {
        let message = "a file is put as a whole, without Content-Range: send it from its beginning";
        return Err(ApiError::invalid(message));
    }
    let encoding = text(headers, header::CONTENT_ENCODING);
    if encoding.is_some_and(|coding| !coding.eq_ignore_ascii_case("identity")) {
        let message = "a file is put as it is, without Content-Encoding";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        return Err(ApiError::new(status, "encoding_not_supported", message));
    }
    Ok(())
}
