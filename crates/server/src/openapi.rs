use sheaf_types::{ErrorBody, ErrorDetail};
use utoipa::OpenApi;

use crate::{api, raw};

/// Routes whose path may go on over several `/` are registered with the router by hand, and are in
/// the document from here.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sheaf",
        description = "A registry for machine-learning models. Every error is answered with \
            `{\"error\": {\"code\", \"message\"}}`.",
    ),
    paths(
        raw::get,
        raw::head,
        raw::put,
        raw::delete,
        api::files::manifest,
        api::files::tensors,
    ),
    components(schemas(ErrorBody, ErrorDetail))
)]
pub(crate) struct ByHand;

/// The document that `/openapi.json` answers with.
pub fn openapi() -> utoipa::openapi::OpenApi {
    crate::router::documented().1
}
