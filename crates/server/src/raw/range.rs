//! `Range: bytes=…` (RFC 9110, section 14).

use std::ops::Range;

/// What a `Range` header asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Everything: no range, one that makes no sense, or several.
    Whole,
    /// These bytes.
    Part(Range<u64>),
    /// Bytes that the file does not have.
    Unsatisfiable,
}

/// Reads a `Range` header for a file of `size` bytes. Several ranges may be answered with the whole.
pub(crate) fn parse(header: &str, size: u64) -> Asked {
    let Some((unit, spec)) = header.split_once('=') else {
        return Asked::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") || spec.contains(',') {
        return Asked::Whole;
    }
    let Some((first, last)) = spec.trim().split_once('-') else {
        return Asked::Whole;
    };
    match (number(first), number(last)) {
        (Some(first), None) if last.is_empty() => part(first, size, size),
        (Some(first), Some(last)) if first <= last => part(first, last.saturating_add(1), size),
        (None, Some(suffix)) if first.is_empty() => part(size.saturating_sub(suffix), size, size),
        _ => Asked::Whole,
    }
}

/// Digits alone; more of them than fit stand for the largest number.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

fn part(start: u64, end: u64, size: u64) -> Asked {
    let range = start..end.min(size);
    if range.is_empty() {
        return Asked::Unsatisfiable;
    }
    Asked::Part(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_open_and_suffix_ranges_are_parts() {
        for (header, expected) in [
            ("bytes=0-0", 0..1),
            ("bytes=2-5", 2..6),
            ("bytes=2-", 2..10),
            ("bytes=-3", 7..10),
            ("bytes=-300", 0..10),
            ("bytes=8-99999999999999999999999", 8..10),
            ("Bytes=0-9", 0..10),
        ] {
            assert_eq!(parse(header, 10), Asked::Part(expected), "{header}");
        }
    }

    #[test]
    fn what_the_file_does_not_have_is_unsatisfiable() {
        for header in ["bytes=10-", "bytes=10-11", "bytes=-0"] {
            assert_eq!(parse(header, 10), Asked::Unsatisfiable, "{header}");
        }
        assert_eq!(parse("bytes=0-", 0), Asked::Unsatisfiable);
    }

    #[test]
    fn what_makes_no_sense_is_passed_over() {
        for header in [
            "",
            "bytes",
            "bytes=",
            "bytes=-",
            "bytes=5-2",
            "bytes=a-b",
            "bytes=+1-2",
            "items=0-1",
            "bytes=0-1,3-4",
        ] {
            assert_eq!(parse(header, 10), Asked::Whole, "{header}");
        }
    }
}
