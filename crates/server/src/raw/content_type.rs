//! What a browser is told of a file.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What RFC 8187 lets stand as it is in `filename*`.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The media type of a file, by its name. Nothing that a browser would run.
pub(crate) fn content_type(file_name: &str) -> &'static str {
    let extension = file_name.rsplit_once('.').map_or("", |(_, end)| end);
    match extension.to_ascii_lowercase().as_str() {
        "json" => "application/json",
        "txt" | "md" | "py" | "yaml" | "yml" | "toml" | "jinja" | "html" => {
            "text/plain; charset=utf-8"
        }
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        _ => "application/octet-stream",
    }
}

/// `Content-Disposition` for a file to be saved under its name.
pub(crate) fn disposition(file_name: &str) -> String {
    let plain: String = file_name
        .chars()
        .map(|c| match c {
            '"' | '\\' => '_',
            c if c.is_ascii_graphic() || c == ' ' => c,
            _ => '_',
        })
        .collect();
    let escaped = utf8_percent_encode(file_name, ESCAPED);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{escaped}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_quotes() {
        assert_eq!(
            disposition("a\"; x=\u{fc}.bin"),
            "attachment; filename=\"a_; x=_.bin\"; filename*=UTF-8''a%22%3B%20x%3D%C3%BC.bin"
        );
    }

    #[test]
    fn nothing_is_run_by_a_browser() {
        assert_eq!(content_type("x.html"), "text/plain; charset=utf-8");
        assert_eq!(content_type("x.svg"), "application/octet-stream");
        assert_eq!(content_type("config.JSON"), "application/json");
    }
}
