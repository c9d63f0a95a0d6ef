//! From an element's place to its context.

use super::{Classes, MAX_CLASSES};

impl Classes {
    /// By class of the row, the contexts along a row; none where all elements have the same.
    pub(super) fn lines(&self) -> Vec<Vec<u8>> {
        let one = self.map.iter().all(|context| *context == 0);
        if one {
            return Vec::new();
        }
        let contexts = self.map.chunks(self.column_classes);
        contexts
            .map(|contexts| line(contexts, &self.columns))
            .collect()
    }

    /// The contexts of some elements, where `first` of the chunk come before; none where all have the
    /// same.
    pub(super) fn fill_contexts(&self, first: usize, count: usize, rows: &[u8], out: &mut Vec<u8>) {
        out.clear();
        let lines = &self.made().lines;
        if lines.is_empty() {
            return;
        }
        for (i, run) in self.rows.runs(first, count).enumerate() {
            let class = rows.get(i).map_or(0, |row| usize::from(*row) % MAX_CLASSES);
            match lines.get(class).map_or(&[] as &[u8], Vec::as_slice) {
                &[context] => out.resize(out.len() + run.len, context),
                line => {
                    let own = line.get(run.column..run.column + run.len);
                    out.extend_from_slice(own.unwrap_or_default());
                }
            }
        }
    }
}

/// The contexts along a row, of which those of the columns' classes are given; a single one where
/// columns have no classes.
fn line(contexts: &[u8], columns: &[u8]) -> Vec<u8> {
    if columns.is_empty() {
        return contexts[..1].to_vec();
    }
    let context = |class: &u8| contexts.get(usize::from(*class)).copied().unwrap_or(0);
    columns.iter().map(context).collect()
}
