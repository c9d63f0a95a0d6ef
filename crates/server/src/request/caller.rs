//! Who asks: `Authorization: Bearer SECRET`, or Basic with the secret as password.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::{HeaderValue, header, request::Parts};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sheaf_registry::{Caller, Error, Registry};

use crate::error::ApiError;

/// The caller of a request.
pub(crate) struct CallerOf(pub Caller);

impl FromRequestParts<Arc<Registry>> for CallerOf {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        registry: &Arc<Registry>,
    ) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get(header::AUTHORIZATION) else {
            return Ok(Self(Caller::anonymous()));
        };
        let secret = secret(value).ok_or(Error::TokenInvalid)?;
        Ok(Self(registry.authenticate(&secret).await?))
    }
}

fn secret(value: &HeaderValue) -> Option<String> {
    let (scheme, rest) = value.to_str().ok()?.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.into());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    // Some clients have only a field for the user.
    let secret = if password.is_empty() { user } else { password };
    Some(secret.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_comes_in_either_scheme() {
        for (header, expected) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc", Some("abc")),
            ("Basic dXNlcjphYmM=", Some("abc")),
            ("Basic YWJjOg==", Some("abc")),
            ("Basic %%%", None),
            ("Digest abc", None),
            ("Bearer", None),
        ] {
            let value = HeaderValue::from_static(header);
            assert_eq!(secret(&value).as_deref(), expected, "{header}");
        }
    }
}
