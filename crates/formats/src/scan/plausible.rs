//! What looks like a pickle, and like names in one.

/// Whether Python could have something of this name.
pub(super) fn is_plausible(name: &[u8]) -> bool {
    let Ok(name) = std::str::from_utf8(name) else {
        return false;
    };
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || "_. ".contains(c))
}

/// Whether a text begins as pickles and files with pickles do.
pub(super) fn looks_like_pickle(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0x80, 0..=5, ..] | [b'P', b'K', 3, 4, ..] | [0x93, b'N', b'U', b'M', ..]
    ) || matches!(bytes, [b'c', rest @ ..] if has_two_lines(rest))
}

fn has_two_lines(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|&byte| byte == b'\n');
    let (module, name, rest) = (lines.next(), lines.next(), lines.next());
    rest.is_some() && module.is_some_and(is_plausible) && name.is_some_and(is_plausible)
}
