//! Texts as Python reads them from lines.

/// Undoes what a line of the opcodes STRING and UNICODE may be written with: `\x41`, `\101`, `A`,
/// `\U00000041` and the like. What is no escape stays.
pub(super) fn unescaped(line: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(line.len());
    let mut rest = line;
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'\\' {
            out.push(*first);
            continue;
        }
        let Some((kind, after)) = rest.split_first() else {
            out.push(b'\\');
            break;
        };
        match escape(*kind, after) {
            Some((value, used)) => {
                push(&mut out, value);
                rest = &after[used..];
            }
            None => {
                out.extend([b'\\', *kind]);
                rest = after;
            }
        }
    }
    out
}

/// The character that an escape stands for, and the bytes that it takes after its kind.
fn escape(kind: u8, after: &[u8]) -> Option<(u32, usize)> {
    let plain = |byte: u8| Some((u32::from(byte), 0));
    match kind {
        b'x' => number(after, 2, 16),
        b'u' => number(after, 4, 16),
        b'U' => number(after, 8, 16),
        b'0'..=b'7' => {
            let digits = after
                .iter()
                .take(2)
                .take_while(|d| (b'0'..=b'7').contains(d));
            let fold = |(value, used), digit: &u8| (value * 8 + u32::from(digit - b'0'), used + 1);
            Some(digits.fold((u32::from(kind - b'0'), 0), fold))
        }
        b'n' => plain(b'\n'),
        b't' => plain(b'\t'),
        b'r' => plain(b'\r'),
        b'\\' | b'\'' | b'"' => plain(kind),
        _ => None,
    }
}

fn number(bytes: &[u8], len: usize, base: u32) -> Option<(u32, usize)> {
    let digits = std::str::from_utf8(bytes.get(..len)?).ok()?;
    Some((u32::from_str_radix(digits, base).ok()?, len))
}

fn push(out: &mut Vec<u8>, value: u32) {
    let c = char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER);
    out.extend(c.encode_utf8(&mut [0; 4]).bytes());
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn escapes() {
        for (line, expected) in [
            (&b"os"[..], &b"os"[..]),
            (br"\x6f\163", b"os"),
            (br"\u006fs\U00000041", b"osA"),
            (br"\\x6f\q\", br"\x6f\q\"),
            (br"\x6", br"\x6"),
        ] {
            assert_eq!(unescaped(line), expected);
        }
    }
}
