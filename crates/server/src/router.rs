//! Every route.

use std::sync::Arc;

use axum::Router;
use axum::http::header::AUTHORIZATION;
use axum::middleware::map_request;
use axum::routing::get;
use sheaf_registry::Registry;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer;
use tower_http::trace::TraceLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::{
    blobs, collection, files, jobs, refs, repositories, revisions, savings, tokens, uploads,
};
use crate::error::{no_method, no_route, panicked};
use crate::openapi::ByHand;
use crate::request::drained;
use crate::{health, raw, trace};

/// All of Sheaf over HTTP.
pub fn router(registry: Arc<Registry>) -> Router {
    let (routes, document) = documented();
    let document = document.to_json().unwrap_or_default();
    routes
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route(
            "/openapi.json",
            get(async move || ([("content-type", "application/json")], document.clone())),
        )
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .with_state(registry)
        .layer(map_request(drained))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(TraceLayer::new_for_http().make_span_with(trace::span))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
        .layer(SetSensitiveRequestHeadersLayer::new([AUTHORIZATION]))
}

/// The routes of the API and the document that describes them.
pub(crate) fn documented() -> (Router<Arc<Registry>>, utoipa::openapi::OpenApi) {
    const FILE: &str = "/{namespace}/{name}/resolve/{ref}/{*path}";
    const REPOSITORY: &str = "/api/v1/repositories/{namespace}/{name}";
    OpenApiRouter::with_openapi(ByHand::openapi())
        .routes(routes!(tokens::whoami))
        .routes(routes!(tokens::create, tokens::list))
        .routes(routes!(tokens::revoke))
        .routes(routes!(collection::show, collection::run))
        .routes(routes!(jobs::start, jobs::list))
        .routes(routes!(jobs::show, jobs::discard))
        .routes(routes!(jobs::retry))
        .routes(routes!(savings::all))
        .routes(routes!(savings::show))
        .routes(routes!(repositories::create, repositories::list))
        .routes(routes!(
            repositories::show,
            repositories::change,
            repositories::delete
        ))
        .routes(routes!(refs::list))
        .routes(routes!(refs::show, refs::delete))
        .routes(routes!(refs::set_branch))
        .routes(routes!(refs::set_tag))
        .routes(routes!(revisions::list))
        .routes(routes!(revisions::show))
        .routes(routes!(revisions::tree))
        .routes(routes!(blobs::show))
        .routes(routes!(blobs::location))
        .routes(routes!(uploads::create, uploads::list))
        .routes(routes!(uploads::show, uploads::abort))
        .routes(routes!(uploads::missing))
        .routes(routes!(uploads::put_chunk))
        .routes(routes!(uploads::commit))
        .route(
            FILE,
            get(raw::get)
                .head(raw::head)
                .put(raw::put)
                .delete(raw::delete),
        )
        .route(
            &format!("{REPOSITORY}/files/{{ref}}/{{*path}}"),
            get(files::manifest),
        )
        .route(
            &format!("{REPOSITORY}/tensors/{{ref}}/{{*path}}"),
            get(files::tensors),
        )
        .split_for_parts()
}
