use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::response::Builder;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sheaf_registry::{Caller, OpenFile, Registry};

use super::conditions::{none_match_has, range_wanted};
use super::content_type::{content_type, disposition};
use super::encoding::takes_sheaf;
use super::range::{self, Asked};
use crate::error::ApiError;
use crate::request::{CallerOf, Params, text};
use crate::response::body;

/// The raw bytes of a file, or a range of them. With `Accept-Encoding: sheaf`, the whole file as a
/// stream of its blobs.
#[utoipa::path(
    operation_id = "raw_get",
    get,
    path = "/{namespace}/{name}/resolve/{ref}/{path}",
    tag = "raw files",
    params(
        ("namespace" = String, Path), ("name" = String, Path),
        ("ref" = String, Path, description = "a branch, a tag or 40 digits; '/' as %2F"),
        ("path" = String, Path),
        ("Range" = Option<String>, Header), ("If-Range" = Option<String>, Header),
        ("If-None-Match" = Option<String>, Header), ("Accept-Encoding" = Option<String>, Header),
    ),
    responses(
        (status = 200, description = "the file", content_type = "application/octet-stream"),
        (status = 206, description = "the range"),
        (status = 304, description = "the file has the ETag that was named"),
        (status = 404, description = "no such repository, revision or file"),
        (status = 416, description = "the file has no such bytes"),
    ),
)]
pub(crate) async fn get(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    answer(&registry, &caller, &params, &headers, true).await
}

/// What GET would answer with, without the bytes.
#[utoipa::path(
    operation_id = "raw_head",
    head,
    path = "/{namespace}/{name}/resolve/{ref}/{path}",
    tag = "raw files",
    params(
        ("namespace" = String, Path), ("name" = String, Path), ("ref" = String, Path),
        ("path" = String, Path),
    ),
    responses(
        (status = 200, description = "the file is there"),
        (status = 404, description = "no such repository, revision or file"),
    ),
)]
pub(crate) async fn head(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    answer(&registry, &caller, &params, &headers, false).await
}

/// The answer's head, and its body where that is wanted.
async fn answer(
    registry: &Arc<Registry>,
    caller: &Caller,
    params: &Params,
    headers: &HeaderMap,
    wanted: bool,
) -> Result<Response, ApiError> {
    let (name, path) = (params.repository()?, params.path()?);
    let file = &registry
        .open_file(caller, &name, params.reference(), &path)
        .await?;
    let sheaf = text(headers, header::ACCEPT_ENCODING).is_some_and(|h| takes_sheaf(&h));
    let etag = match sheaf {
        true => file.stream_etag(),
        false => format!("\"{}\"", file.entry.sha256),
    };
    let builder = describe(file, &etag);
    if text(headers, header::IF_NONE_MATCH).is_some_and(|h| none_match_has(&h, &etag)) {
        return finish(builder.status(StatusCode::NOT_MODIFIED), Body::empty());
    }
    if sheaf {
        return encoded(registry, file, builder, wanted).await;
    }
    let size = file.entry.size;
    // HEAD knows no ranges.
    let asked = match text(headers, header::RANGE).filter(|_| wanted) {
        Some(header) if range_wanted(text(headers, header::IF_RANGE).as_deref(), &etag) => {
            range::parse(&header, size)
        }
        _ => Asked::Whole,
    };
    let builder = builder.header(header::ACCEPT_RANGES, "bytes");
    match asked {
        Asked::Whole => bytes(registry, file, builder, 0..size, wanted).await,
        Asked::Part(range) => {
            let shown = format!("bytes {}-{}/{size}", range.start, range.end - 1);
            let builder = builder
                .status(StatusCode::PARTIAL_CONTENT)
                .header(header::CONTENT_RANGE, shown);
            bytes(registry, file, builder, range, wanted).await
        }
        Asked::Unsatisfiable => Ok(unsatisfiable(size)),
    }
}

fn unsatisfiable(size: u64) -> Response {
    let message = format!("the file has {size} bytes: ask for a range of those");
    let error = ApiError::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "range_not_satisfiable",
        message,
    );
    let shown = [(header::CONTENT_RANGE, format!("bytes */{size}"))];
    (shown, error).into_response()
}

/// What every answer says of the file.
fn describe(file: &OpenFile, etag: &str) -> Builder {
    let name = file.entry.path.file_name();
    let mut builder = Response::builder();
    if let Some(bits) = file.entry.near_lossless_bits {
        builder = builder.header(NEAR_LOSSLESS, bits.to_string());
    }
    builder
        .header(header::ETAG, etag)
        .header(header::VARY, "Accept-Encoding, Authorization")
        // A branch moves, and a repository may become private: always ask, cheaply, with the ETag.
        .header(header::CACHE_CONTROL, "no-cache")
        .header(header::CONTENT_TYPE, content_type(name))
        .header(header::CONTENT_DISPOSITION, disposition(name))
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(REVISION, file.revision.to_string())
}

/// The revision that the bytes are of.
const REVISION: HeaderName = HeaderName::from_static("x-sheaf-revision");

/// To how many bits weights were rounded before the file was pushed.
const NEAR_LOSSLESS: HeaderName = HeaderName::from_static("x-sheaf-near-lossless");

async fn bytes(
    registry: &Arc<Registry>,
    file: &OpenFile,
    builder: Builder,
    range: Range<u64>,
    wanted: bool,
) -> Result<Response, ApiError> {
    let builder = builder.header(header::CONTENT_LENGTH, range.end - range.start);
    let body = match wanted {
        true => body(registry.read_file(file, range)).await?,
        false => Body::empty(),
    };
    finish(builder, body)
}

async fn encoded(
    registry: &Arc<Registry>,
    file: &OpenFile,
    builder: Builder,
    wanted: bool,
) -> Result<Response, ApiError> {
    let (len, stream) = registry.read_container(file).await?;
    let mut builder = builder
        .header(header::CONTENT_ENCODING, "sheaf")
        .header(header::ACCEPT_RANGES, "none");
    if let Some(len) = len {
        builder = builder.header(header::CONTENT_LENGTH, len);
    }
    let body = match wanted {
        true => body(stream).await?,
        false => Body::empty(),
    };
    finish(builder, body)
}

fn finish(builder: Builder, body: Body) -> Result<Response, ApiError> {
    builder.body(body).map_err(|error| {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        ApiError::new(status, "internal", error.to_string())
    })
}
