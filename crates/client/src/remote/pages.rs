//! What was received of a file, by pages, as long as there is room.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;

/// Bytes of a page.
const PAGE: u64 = 4 << 10;

/// The most pages that are kept: 64 MiB.
const MAX_PAGES: usize = 16 << 10;

pub(super) struct Pages {
    size: u64,
    held: BTreeMap<u64, Box<[u8]>>,
    /// In the order in which they came.
    order: VecDeque<u64>,
}

impl Pages {
    /// Of a file of this size.
    pub fn new(size: u64) -> Self {
        Self {
            size,
            held: BTreeMap::new(),
            order: VecDeque::new(),
        }
    }

    /// Keeps the whole pages of some bytes, and the last of the file.
    pub fn insert(&mut self, start: u64, bytes: &[u8]) {
        let skipped = start.next_multiple_of(PAGE) - start;
        let bytes = bytes.get(skipped as usize..).unwrap_or_default();
        for (at, page) in bytes.chunks(PAGE as usize).enumerate() {
            let number = (start + skipped) / PAGE + at as u64;
            let is_whole =
                page.len() as u64 == PAGE || number * PAGE + page.len() as u64 == self.size;
            if is_whole && self.held.insert(number, page.into()).is_none() {
                self.order.push_back(number);
            }
        }
        while self.order.len() > MAX_PAGES {
            if let Some(number) = self.order.pop_front() {
                self.held.remove(&number);
            }
        }
    }

    /// What of a range is not held, in runs of whole pages.
    pub fn missing(&self, range: Range<u64>) -> Vec<Range<u64>> {
        self.missing_of(&[range], 0, u64::MAX)
    }

    /// The same of several ranges; runs with less than `near` between them are one, as long as that is
    /// not above `most` bytes.
    pub fn missing_of(&self, ranges: &[Range<u64>], near: u64, most: u64) -> Vec<Range<u64>> {
        let mut runs: Vec<Range<u64>> = vec![];
        for page in self.missing_pages(ranges) {
            let end = (page + 1).saturating_mul(PAGE).min(self.size);
            match runs.last_mut() {
                Some(run) if page * PAGE - run.end <= near && end - run.start <= most => {
                    run.end = end;
                }
                _ => runs.push(page * PAGE..end),
            }
        }
        runs
    }

    /// In order, each once.
    fn missing_pages(&self, ranges: &[Range<u64>]) -> Vec<u64> {
        let pages_of = |range: &Range<u64>| {
            let end = range.end.min(self.size).div_ceil(PAGE);
            range.start / PAGE..end
        };
        let mut pages: Vec<u64> = ranges
            .iter()
            .flat_map(pages_of)
            .filter(|page| !self.held.contains_key(page))
            .take(MAX_PAGES / 2)
            .collect();
        pages.sort_unstable();
        pages.dedup();
        pages
    }

    /// The first byte from a place on that is held already.
    pub fn next_held(&self, place: u64) -> u64 {
        let next = self.held.range(place / PAGE..).next();
        next.map_or(u64::MAX, |(page, _)| page * PAGE)
    }

    /// Copies bytes that are held: what is not is left out.
    pub fn copy(&self, start: u64, out: &mut [u8]) {
        let end = start + out.len() as u64;
        for (number, page) in self.held.range(start / PAGE..end.div_ceil(PAGE)) {
            let page_start = number * PAGE;
            let from = start.max(page_start);
            let to = end.min(page_start + page.len() as u64);
            let bytes = &page[(from - page_start) as usize..(to - page_start) as usize];
            out[(from - start) as usize..(to - start) as usize].copy_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(range: Range<u64>) -> Vec<Range<u64>> {
        std::iter::once(range).collect()
    }

    fn bytes(range: Range<u64>) -> Vec<u8> {
        range.map(|at| (at % 251) as u8).collect()
    }

    #[test]
    fn what_came_is_not_missing() {
        let mut pages = Pages::new(10_000);
        assert_eq!(pages.missing(5000..5001), one(4096..8192));
        pages.insert(4096, &bytes(4096..8192));
        assert_eq!(pages.missing(5000..5001), []);
        assert_eq!(pages.missing(0..10_000), [0..4096, 8192..10_000]);
        pages.insert(0, &bytes(0..4096));
        // The last page is shorter.
        pages.insert(8192, &bytes(8192..10_000));
        assert_eq!(pages.missing(0..10_000), []);
        let mut out = vec![0; 7000];
        pages.copy(2500, &mut out);
        assert_eq!(out, bytes(2500..9500));
    }

    #[test]
    fn parts_of_pages_are_not_kept() {
        let mut pages = Pages::new(20_000);
        pages.insert(100, &bytes(100..9000));
        assert_eq!(pages.missing(0..20_000), [0..4096, 8192..20_000]);
        assert_eq!(pages.next_held(0), 4096);
        assert_eq!(pages.next_held(9000), u64::MAX);
    }

    #[test]
    fn near_parts_are_one() {
        let pages = Pages::new(1 << 30);
        let ranges = [50_000..50_001, 0..10, 5_000_000..5_000_010, 9000..9001];
        let runs = pages.missing_of(&ranges, 16 << 10, 4 << 20);
        assert_eq!(runs, [0..12_288, 49_152..53_248, 4_997_120..5_001_216]);
    }

    #[test]
    fn room_is_bounded() {
        let mut pages = Pages::new(u64::MAX);
        for page in 0..MAX_PAGES as u64 + 5 {
            pages.insert(page * PAGE, &[7; PAGE as usize]);
        }
        assert_eq!(pages.held.len(), MAX_PAGES);
        assert_eq!(pages.missing(0..6 * PAGE), one(0..5 * PAGE));
    }
}
