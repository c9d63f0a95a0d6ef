//! What an answer says of itself.

use std::ops::Range;

use reqwest::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap, HeaderName,
    HeaderValue, LAST_MODIFIED,
};

/// What tells one state of a file from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version {
    pub size: u64,
    etag: Option<HeaderValue>,
    modified: Option<HeaderValue>,
}

impl Version {
    pub fn of(headers: &HeaderMap, size: u64) -> Self {
        Self {
            size,
            etag: headers.get(ETAG).cloned(),
            modified: headers.get(LAST_MODIFIED).cloned(),
        }
    }

    /// Whether another may be the same file: what only one of them says tells nothing.
    pub fn agrees(&self, other: &Self) -> bool {
        let tell_apart = |a: &Option<HeaderValue>, b: &Option<HeaderValue>| match (a, b) {
            (Some(a), Some(b)) => Some(a != b),
            _ => None,
        };
        let differs = tell_apart(&self.etag, &other.etag)
            .or_else(|| tell_apart(&self.modified, &other.modified));
        self.size == other.size && differs != Some(true)
    }

    /// What a server may compare before it answers with a part.
    pub fn strong_etag(&self) -> Option<&HeaderValue> {
        let is_strong = |etag: &&HeaderValue| etag.as_bytes().starts_with(b"\"");
        self.etag.as_ref().filter(is_strong)
    }
}

/// What part of the file it is, and the file's size.
pub(super) fn content_range(headers: &HeaderMap) -> Result<(Range<u64>, u64), String> {
    let text = text(headers, CONTENT_RANGE).ok_or("a part without its place")?;
    parse_range(&text).ok_or_else(|| format!("a part at '{text}'"))
}

/// The file's size in what says that a part lies outside.
pub(super) fn unsatisfied_size(headers: &HeaderMap) -> Option<u64> {
    let text = text(headers, CONTENT_RANGE)?;
    text.strip_prefix("bytes */")?.parse().ok()
}

fn parse_range(text: &str) -> Option<(Range<u64>, u64)> {
    let (range, size) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    let size = size.parse().ok()?;
    (first <= last && last < size).then(|| (first..last + 1, size))
}

pub(super) fn content_length(headers: &HeaderMap) -> Option<u64> {
    text(headers, CONTENT_LENGTH)?.parse().ok()
}

/// What keeps its bytes from being those of the file.
pub(super) fn misleads(headers: &HeaderMap) -> Option<String> {
    let coding = text(headers, CONTENT_ENCODING).filter(|coding| coding != "identity");
    if let Some(coding) = coding {
        return Some(format!(
            "bytes compressed with {coding}, where the file's were asked for"
        ));
    }
    let kind = text(headers, CONTENT_TYPE)?;
    let is_page = kind
        .trim_start()
        .to_ascii_lowercase()
        .starts_with("text/html");
    is_page.then(|| "a web page; give the address of the file itself".into())
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_strictly() {
        assert_eq!(parse_range("bytes 0-9/100"), Some((0..10, 100)));
        assert_eq!(parse_range("bytes 99-99/100"), Some((99..100, 100)));
        for wrong in [
            "bytes 0-9/*",
            "bytes */100",
            "bytes 9-0/100",
            "bytes 0-100/100",
            "bytes 0-18446744073709551615/18446744073709551615",
            "items 0-9/100",
            "bytes -9/100",
            "",
        ] {
            assert_eq!(parse_range(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn versions_are_told_apart_by_what_both_say() {
        let version = |etag: Option<&'static str>, modified: Option<&'static str>| Version {
            size: 1,
            etag: etag.map(HeaderValue::from_static),
            modified: modified.map(HeaderValue::from_static),
        };
        let one = version(Some("\"a\""), Some("monday"));
        assert!(one.agrees(&version(Some("\"a\""), Some("tuesday"))));
        assert!(one.agrees(&version(None, Some("monday"))));
        assert!(one.agrees(&version(None, None)));
        assert!(!one.agrees(&version(Some("\"b\""), Some("monday"))));
        assert!(!one.agrees(&version(None, Some("tuesday"))));
        assert!(!one.agrees(&Version {
            size: 2,
            ..one.clone()
        }));
        assert!(one.strong_etag().is_some());
        assert!(version(Some("W/\"a\""), None).strong_etag().is_none());
    }
}
