//! `Accept-Encoding` (RFC 9110, section 12.5.3): whether the client takes `sheaf`.

/// Whether the coding `sheaf` is named, and not with a weight of zero. A `*` does not name it: who
/// says so knows the codings of browsers.
pub(crate) fn takes_sheaf(header: &str) -> bool {
    header.split(',').any(|listed| {
        let mut parts = listed.split(';').map(str::trim);
        let named = parts
            .next()
            .is_some_and(|coding| coding.eq_ignore_ascii_case("sheaf"));
        named && !parts.any(is_zero_weight)
    })
}

fn is_zero_weight(parameter: &str) -> bool {
    parameter.split_once('=').is_some_and(|(name, value)| {
        name.trim().eq_ignore_ascii_case("q") && value.trim().parse() == Ok(0.0f32)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sheaf_must_be_named_and_wanted() {
        for header in ["sheaf", "gzip, sheaf", "Sheaf;q=0.5", "sheaf ; q=1"] {
            assert!(takes_sheaf(header), "{header}");
        }
        for header in ["", "gzip", "*", "sheaf;q=0", "sheaf; q=0.000", "sheaves"] {
            assert!(!takes_sheaf(header), "{header}");
        }
    }
}
