//! What the commands say: results on standard output, one line for an error on standard error.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind, Write};

use serde::Serialize;

/// Standard output, on which a reader that went away can be told from every other broken pipe.
#[derive(Debug)]
pub struct Stdout(io::Stdout);

/// Standard output, buffered by line: flush it after anything else.
pub fn stdout() -> Stdout {
    Stdout(io::stdout())
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(mark_closed)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(mark_closed)
    }
}

#[derive(Debug)]
struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("standard output was closed")
    }
}

impl Error for Closed {}

fn mark_closed(error: io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::BrokenPipe => io::Error::new(ErrorKind::BrokenPipe, Closed),
        _ => error,
    }
}

/// Whether this error says only that whoever read standard output (`sheaf ls | head`) has enough.
pub fn reader_gone(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>()?.get_ref())
        .any(|inner| inner.is::<Closed>())
}

/// Prints a warning in one line on standard error. That nobody can read it is no error.
pub fn warning(text: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "warning: {}", one_line(&text.to_string()));
}

/// Prints one line on standard output and flushes it.
pub fn line(text: impl fmt::Display) -> io::Result<()> {
    let mut out = stdout();
    writeln!(out, "{text}")?;
    out.flush()
}

/// Prints a value as indented JSON on standard output.
pub fn json(value: &impl Serialize) -> anyhow::Result<()> {
    Ok(line(serde_json::to_string_pretty(value)?)?)
}

/// Prints one line on standard error. That nobody reads it is no error.
pub fn note(text: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Prints an error and its causes as one line on standard error.
pub fn error(error: &anyhow::Error) {
    note(format_args!("error: {}", one_line(&format!("{error:#}"))));
}

/// A text as one line that is safe to show: a server's words could steer the terminal.
pub fn one_line(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A number of bytes for people: three digits and a decimal unit (1 GB is 10^9 bytes).
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    // What would be rounded up to 1000 belongs to the next unit.
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let decimals = match value {
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_three_digits_and_decimal_units() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.00 kB"),
            (9_994, "9.99 kB"),
            (9_996, "10.0 kB"),
            (99_960, "100 kB"),
            (999_400, "999 kB"),
            (999_600, "1.00 MB"),
            (1_500_000_000, "1.50 GB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn an_error_is_one_line_without_control_characters() {
        assert_eq!(one_line("a\n  b\u{1b}[31mc\r\n"), "a b [31mc");
    }

    #[test]
    fn only_standard_output_may_break_quietly() {
        let network = anyhow::Error::from(io::Error::from(ErrorKind::BrokenPipe));
        assert!(!reader_gone(&network.context("cannot send")));

        let closed = mark_closed(io::Error::from(ErrorKind::BrokenPipe));
        assert!(reader_gone(
            &anyhow::Error::from(closed).context("cannot print")
        ));
    }
}
