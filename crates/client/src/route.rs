//! The paths of the API, each part percent-encoded.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sheaf_types::{FilePath, RepositoryName};

/// All but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The root of the API.
pub(crate) const API: &str = "/api/v1";

/// One segment: a ref's slashes are encoded too.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// A file's path: the rest of the URL, its slashes kept.
pub(crate) fn path(path: &FilePath) -> String {
    let parts: Vec<String> = path.as_str().split('/').map(segment).collect();
    parts.join("/")
}

/// What lies under a repository in the API.
pub(crate) fn repository(name: &RepositoryName, rest: &str) -> String {
    format!("{API}/repositories/{name}{rest}")
}

/// A file's raw bytes.
pub(crate) fn resolve(name: &RepositoryName, reference: &str, file: &FilePath) -> String {
    format!("/{name}/resolve/{}/{}", segment(reference), path(file))
}

/// Adds the parameters that have a value.
pub(crate) fn query(route: String, parameters: &[(&str, Option<String>)]) -> String {
    let pairs: Vec<String> = parameters
        .iter()
        .filter_map(|(key, value)| Some(format!("{key}={}", segment(value.as_ref()?))))
        .collect();
    if pairs.is_empty() {
        route
    } else {
        format!("{route}?{}", pairs.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ref_is_one_segment_and_a_path_is_several() {
        let name = "acme/model".parse().unwrap();
        let file = "a b/50%+ü?#.bin".parse().unwrap();
        assert_eq!(
            resolve(&name, "refs/pr/1", &file),
            "/acme/model/resolve/refs%2Fpr%2F1/a%20b/50%25%2B%C3%BC%3F%23.bin"
        );
    }

    #[test]
    fn absent_parameters_leave_no_trace() {
        let none = [("cursor", None), ("limit", None)];
        assert_eq!(query("/x".into(), &none), "/x");
        let some = [("cursor", None), ("search", Some("a&b=c".into()))];
        assert_eq!(query("/x".into(), &some), "/x?search=a%26b%3Dc");
    }
}
