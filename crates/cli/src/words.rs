//! Small things in words, the same in every command.

use jiff::Timestamp;
use sheaf_types::pickles::PickleState;

use crate::output;

/// `1 file`, `2 files`.
pub fn count(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

/// Who may see a repository.
pub fn visibility(private: bool) -> &'static str {
    if private { "private" } else { "public" }
}

/// What a verdict on pickles comes to.
pub fn pickles(state: PickleState) -> &'static str {
    match state {
        PickleState::Clean => "clean",
        PickleState::NotScanned => "not scanned",
        PickleState::Unknown => "unknown",
        PickleState::Suspicious => "suspicious",
    }
}

/// A time to the minute, in UTC.
pub fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M").to_string()
}

/// A number of bytes that may be below zero.
pub fn signed_size(bytes: i64) -> String {
    let sign = if bytes < 0 { "-" } else { "" };
    format!("{sign}{}", output::size(bytes.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_in_words() {
        assert_eq!(count(1, "file"), "1 file");
        assert_eq!(count(0, "file"), "0 files");
        assert_eq!(signed_size(-1500), "-1.50 kB");
        let at = "2026-01-02T03:04:05.678Z".parse().unwrap();
        assert_eq!(time(at), "2026-01-02 03:04");
    }
}
