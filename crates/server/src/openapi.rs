use sheaf_types::{ErrorBody, ErrorDetail};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};

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
    components(schemas(ErrorBody, ErrorDetail)),
    modifiers(&Bearer),
    // Either: reading what is public needs no token.
    security((), ("token" = []))
)]
pub(crate) struct ByHand;

/// How a token is sent.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", scheme);
    }
}

/// The document that `/openapi.json` answers with.
pub fn openapi() -> utoipa::openapi::OpenApi {
    crate::router::documented().1
}
