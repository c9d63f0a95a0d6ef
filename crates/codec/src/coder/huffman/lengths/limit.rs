//! Code lengths within a limit that the best code would exceed: nearly the best of those.

use super::MAX_BITS;

/// Cuts the depths of symbols, rarest first, to at most so many bits, which all have room in, and makes them those of
/// a complete code again.
///
/// What is cut takes more than there is. Until all have room, the symbol is made longer that costs least for what it
/// gives back; with what is left over then, the one shorter that gains most for what it takes.
pub(super) fn limit(symbols: &[u64], depths: &mut [u32], most: u32) {
    let mut cut = Cut::of(symbols, depths, most);
    while let Some(len) = cut.to_lengthen() {
        cut.change(len, len + 1);
    }
    while let Some(len) = cut.to_shorten() {
        cut.change(len, len - 1);
    }
    cut.put(depths);
}

/// How many symbols have each length, rarest first, and what their codes take: one of the longest takes 1.
struct Cut<'a> {
    symbols: &'a [u64],
    most: u32,
    numbers: [usize; MAX_BITS as usize + 1],
    taken: u64,
}

impl<'a> Cut<'a> {
    fn of(symbols: &'a [u64], depths: &[u32], most: u32) -> Cut<'a> {
        let mut numbers = [0; MAX_BITS as usize + 1];
        for depth in depths {
            numbers[*depth.min(&most) as usize] += 1;
        }
        let mut cut = Cut {
            symbols,
            most,
            numbers,
            taken: 0,
        };
        cut.taken = (1..=most)
            .map(|len| cut.share(len) * cut.numbers[len as usize] as u64)
            .sum();
        cut
    }

    /// What a code takes.
    fn share(&self, len: u32) -> u64 {
        1 << (self.most - len)
    }

    /// What all codes have.
    fn room(&self) -> u64 {
        1 << self.most
    }

    /// The lengths that some symbols have, with where those symbols begin and end.
    fn groups(&self) -> impl Iterator<Item = (u32, usize, usize)> {
        let mut end = 0;
        (1..=self.most).rev().filter_map(move |len| {
            let start = end;
            end += self.numbers[len as usize];
            (end > start).then_some((len, start, end))
        })
    }

    fn count(&self, at: usize) -> u64 {
        self.symbols[at] >> 8
    }

    /// The length whose rarest symbol is to be one bit longer; none if all have room.
    fn to_lengthen(&self) -> Option<u32> {
        let lacking = self.taken.checked_sub(self.room() + 1)? + 1;
        let cost = |len, first| {
            let given = (self.share(len) / 2).min(lacking);
            self.count(first) * self.room() / given
        };
        let longer = self.groups().filter(|(len, ..)| *len < self.most);
        let cheapest = longer.min_by_key(|(len, first, _)| cost(*len, *first));
        cheapest.map(|(len, ..)| len)
    }

    /// The length whose most frequent symbol is to be one bit shorter; none if nothing is left over.
    fn to_shorten(&self) -> Option<u32> {
        let left = self.room() - self.taken;
        let fits = |len: &u32| *len > 1 && self.share(*len) <= left;
        let gain = |len, end: usize| self.count(end - 1) * self.room() / self.share(len);
        let shorter = self.groups().filter(|(len, ..)| fits(len));
        let best = shorter.max_by_key(|(len, _, end)| gain(*len, *end));
        best.map(|(len, ..)| len)
    }

    /// Gives a symbol next to those of another length that.
    fn change(&mut self, from: u32, to: u32) {
        self.numbers[from as usize] -= 1;
        self.numbers[to as usize] += 1;
        self.taken = self.taken + self.share(to) - self.share(from);
    }

    fn put(&self, depths: &mut [u32]) {
        for (len, start, end) in self.groups() {
            depths[start..end].fill(len);
        }
    }
}
