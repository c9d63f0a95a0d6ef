//! `If-None-Match` and `If-Range` (RFC 9110, section 13).

/// Whether a list of ETags holds this one. Weak ones count: the bytes they name are the same.
pub(crate) fn none_match_has(header: &str, etag: &str) -> bool {
    header
        .split(',')
        .map(str::trim)
        .any(|listed| listed == "*" || listed.strip_prefix("W/").unwrap_or(listed) == etag)
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
    fn a_range_is_of_the_very_same_bytes() {
        assert!(range_wanted(None, "\"a\""));
        assert!(range_wanted(Some("\"a\""), "\"a\""));
        for header in ["\"b\"", "W/\"a\"", "Tue, 24 Nov 2026 00:00:00 GMT"] {
            assert!(!range_wanted(Some(header), "\"a\""), "{header}");
        }
    }
}
