//! Sizes and durations as people write them: a whole number and a unit.

use std::time::Duration;

use anyhow::Context;

const SIZES: [(&str, u64); 9] = [
    ("B", 1),
    ("kB", 1000),
    ("MB", 1000 * 1000),
    ("GB", 1000 * 1000 * 1000),
    ("TB", 1000 * 1000 * 1000 * 1000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];

const SECONDS: [(&str, u64); 4] = [("s", 1), ("m", 60), ("h", 60 * 60), ("d", 24 * 60 * 60)];

/// A size in bytes, such as `192MiB`.
pub fn size(text: &str) -> anyhow::Result<u64> {
    parse(text, &SIZES).with_context(|| {
        format!(
            "'{text}' is no size, such as 192MiB or 2GB (units: {})",
            names(&SIZES)
        )
    })
}

/// A duration, such as `24h`.
pub fn duration(text: &str) -> anyhow::Result<Duration> {
    let seconds = parse(text, &SECONDS).with_context(|| {
        format!(
            "'{text}' is no duration, such as 24h or 90s (units: {})",
            names(&SECONDS)
        )
    })?;
    Ok(Duration::from_secs(seconds))
}

fn parse(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}

fn names(units: &[(&str, u64)]) -> String {
    units
        .iter()
        .map(|(name, _)| *name)
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_decimal_and_binary_units() {
        for (text, bytes) in [
            ("0B", 0),
            ("7 B", 7),
            ("192MiB", 192 << 20),
            ("256 GiB", 256 << 30),
            ("2GB", 2_000_000_000),
            ("3kB", 3000),
        ] {
            assert_eq!(size(text).unwrap(), bytes, "{text}");
        }
    }

    #[test]
    fn durations_have_units_of_time() {
        for (text, seconds) in [("90s", 90), ("5m", 300), ("24h", 86_400), ("2 d", 172_800)] {
            assert_eq!(duration(text).unwrap().as_secs(), seconds, "{text}");
        }
    }

    #[test]
    fn what_has_no_unit_no_number_or_is_too_large_is_refused() {
        for bad in [
            "",
            "1",
            "MiB",
            "-1MiB",
            "1.5GiB",
            "1mib",
            "1 M",
            "99999999TiB",
            "9h",
        ] {
            let error = size(bad).unwrap_err().to_string();
            assert!(error.contains(&format!("'{bad}' is no size")), "{error}");
        }
        for bad in ["", "1", "h", "-1h", "1ms", "999999999999999999d", "9MiB"] {
            let error = duration(bad).unwrap_err().to_string();
            assert!(
                error.contains(&format!("'{bad}' is no duration")),
                "{error}"
            );
        }
    }
}
