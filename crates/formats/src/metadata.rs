//! What a file says of itself, bounded for display.

/// The most pairs that are kept.
const MAX_PAIRS: usize = 256;

/// The most bytes of a key or a value that are kept.
const MAX_LEN: usize = 512;

/// Pairs of key and value, in the file's order.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    pairs: Vec<(String, String)>,
}

impl Metadata {
    /// Keeps a pair, unless there are enough.
    pub fn add(&mut self, key: &str, value: &str) {
        if !self.is_full() {
            self.pairs.push((cut(key), cut(value)));
        }
    }

    /// Keeps a pair that is not there yet.
    pub fn add_new(&mut self, key: &str, value: &str) {
        if !self
            .pairs
            .iter()
            .any(|pair| pair.0 == key && pair.1 == cut(value))
        {
            self.add(key, value);
        }
    }

    /// Whether further pairs would not be kept.
    pub fn is_full(&self) -> bool {
        self.pairs.len() >= MAX_PAIRS
    }

    /// The pairs.
    pub fn into_pairs(self) -> Vec<(String, String)> {
        self.pairs
    }
}

fn cut(text: &str) -> String {
    if text.len() <= MAX_LEN {
        return text.to_owned();
    }
    let mut kept = text[..text.floor_char_boundary(MAX_LEN)].to_owned();
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_between_characters() {
        let mut metadata = Metadata::default();
        metadata.add("k", &"é".repeat(400));
        metadata.add("odd", &format!("a{}", "é".repeat(400)));
        let pairs = metadata.into_pairs();
        assert_eq!(pairs[0].1, format!("{}…", "é".repeat(256)));
        assert_eq!(pairs[1].1, format!("a{}…", "é".repeat(255)));
    }

    #[test]
    fn many_pairs_are_not_kept() {
        let mut metadata = Metadata::default();
        (0..1000).for_each(|i| metadata.add(&i.to_string(), ""));
        assert_eq!(metadata.into_pairs().len(), MAX_PAIRS);
    }
}
