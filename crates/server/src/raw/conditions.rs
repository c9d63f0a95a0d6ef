//! `If-Match`, `If-None-Match` and `If-Range` (RFC 9110, section 13).

use axum::http::{HeaderMap, header};
use sheaf_registry::{Condition, Matching};

use crate::request::text;

/// What a change of a file depends on.
pub(crate) fn condition(headers: &HeaderMap) -> Condition {
    Condition {
        only_if: text(headers, header::IF_MATCH).map(|h| matching(&h)),
        unless: text(headers, header::IF_NONE_MATCH).map(|h| matching(&h)),
    }
}

/// The SHA-256s that a list of ETags names. Others are those of no file.
fn matching(header: &str) -> Matching {
    let mut listed = header.split(',').map(str::trim);
    if listed.clone().any(|etag| etag == "*") {
        return Matching::Any;
    }
    let sha256 = |etag: &str| etag.strip_prefix('"')?.strip_suffix('"')?.parse().ok();
    Matching::OneOf(listed.by_ref().filter_map(sha256).collect())
}

/// Whether a list of ETags holds this one, weakly or not: the files they name are the same.
pub(crate) fn none_match_has(header: &str, etag: &str) -> bool {
    header
        .split(',')
        .map(str::trim)
        .any(|listed| listed == "*" || opaque(listed) == opaque(etag))
}

fn opaque(etag: &str) -> &str {
    etag.strip_prefix("W/").unwrap_or(etag)
}

/// Whether a range is wanted of what has this ETag: only if the client's part is of the very same
/// bytes. A date names no bytes.
pub(crate) fn range_wanted(if_range: Option<&str>, etag: &str) -> bool {
    if_range.is_none_or(|header| header.trim() == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_etags_is_searched() {
        for header in ["\"a\"", "\"b\", \"a\"", "W/\"a\"", "*"] {
            assert!(none_match_has(header, "\"a\""), "{header}");
        }
        for header in ["", "\"b\"", "a", "\"a\"x"] {
            assert!(!none_match_has(header, "\"a\""), "{header}");
        }
    }

    #[test]
    fn a_change_depends_on_any_file_or_on_those_listed() {
        let sha256 = "ab".repeat(32);
        let listed = format!("\"{sha256}\", \"other\"");
        assert_eq!(matching("*"), Matching::Any);
        let one = Matching::OneOf(vec![sha256.parse().unwrap()]);
        assert_eq!(matching(&listed), one);
        assert_eq!(matching("\"x\""), Matching::OneOf(vec![]));
    }

    #[test]
    fn a_range_is_of_the_very_same_bytes() {
        assert!(range_wanted(None, "\"a\""));
        assert!(range_wanted(Some("\"a\""), "\"a\""));
        for header in ["\"b\"", "W/\"a\"", "Tue, 24 Nov 2026 00:00:00 GMT"] {
            assert!(!range_wanted(Some(header), "\"a\""), "{header}");
        }
    }
}
