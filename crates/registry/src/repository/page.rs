use sheaf_types::repositories::Page;

/// The most items on a page.
const MAX: u32 = 1000;

/// Which page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// The `next` of the page before; empty for the first.
    pub cursor: String,
    /// At most so many items, from 1 to 1000.
    pub limit: u32,
}

impl PageRequest {
    /// How many rows to ask for: one more than fit tells whether there is another page.
    pub(crate) fn rows(&self) -> u32 {
        self.limit() + 1
    }

    fn limit(&self) -> u32 {
        self.limit.clamp(1, MAX)
    }

    /// Makes a page of the rows that were found; `cursor` names an item.
    pub(crate) fn page<T>(&self, mut items: Vec<T>, cursor: impl Fn(&T) -> String) -> Page<T> {
        let limit = self.limit() as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = more.then(|| items.last().map(cursor)).flatten();
        Page { items, next }
    }
}
