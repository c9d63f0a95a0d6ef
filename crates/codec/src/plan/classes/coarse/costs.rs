//! What symbols cost in classes, and so which class is cheapest for a row or a column.

#[cfg(target_arch = "x86_64")]
use super::wide;
use super::{BINS, MAX_CLASSES, bin, least};
#[cfg(target_arch = "x86_64")]
use crate::coder::vectors::Wide;
use crate::cpu::at_best;

/// What a cost of one bit is.
const BIT: f32 = 16.0;
/// Rows by which a column is put into a class: as many as a sum of 16 bits has room for.
pub(super) const MOST_ROWS: usize = 256;

/// Sums of costs, by class.
type Sums<T> = [T; MAX_CLASSES];

/// What each bin costs in each class.
pub(super) struct Costs {
    by_bin: [Sums<u8>; BINS],
    #[cfg(target_arch = "x86_64")]
    pub(super) by_class: [[u8; BINS]; MAX_CLASSES],
}

impl Costs {
    /// Costs in bits; none is told that is above 16.
    pub(super) fn new(bits: &[[f32; MAX_CLASSES]; BINS]) -> Costs {
        let by_bin = bits.map(|bits| bits.map(|bits| (bits * BIT + 0.5) as u8));
        Costs {
            by_bin,
            #[cfg(target_arch = "x86_64")]
            by_class: std::array::from_fn(|class| by_bin.map(|costs| costs[class])),
        }
    }

    /// The class that is cheapest for a row's symbols.
    pub(super) fn of_row(&self, symbols: &[u8]) -> u8 {
        let mut sums = [0; MAX_CLASSES];
        self.add_row(symbols, &mut sums);
        least(&sums)
    }

    fn add_row(&self, symbols: &[u8], sums: &mut Sums<u32>) {
        #[cfg(target_arch = "x86_64")]
        if let Some(machine) = Wide::here() {
            return wide::add_row_costs(machine, &self.by_class, symbols, sums);
        }
        add_row(&self.by_bin, symbols, sums);
    }

    /// Sums for columns.
    pub(super) fn sums(&self, columns: usize) -> ColumnSums<'_> {
        #[cfg(target_arch = "x86_64")]
        if let Some(machine) = Wide::here() {
            return ColumnSums::Wide(wide::Sums::new(machine, &self.by_class, columns));
        }
        ColumnSums::Plain(&self.by_bin, vec![[0; MAX_CLASSES]; columns])
    }
}

/// What the columns of some rows, at most [`MOST_ROWS`], cost.
pub(super) enum ColumnSums<'a> {
    Plain(&'a [Sums<u8>; BINS], Vec<Sums<u16>>),
    #[cfg(target_arch = "x86_64")]
    Wide(wide::Sums<'a>),
}

impl ColumnSums<'_> {
    /// Adds a row's symbols, from a column on.
    pub(super) fn add(&mut self, first: usize, symbols: &[u8]) {
        match self {
            ColumnSums::Plain(costs, sums) => add_columns(costs, symbols, &mut sums[first..]),
            #[cfg(target_arch = "x86_64")]
            ColumnSums::Wide(sums) => sums.add(first, symbols),
        }
    }

    /// The class that is cheapest for each column.
    pub(super) fn cheapest(&self) -> Vec<u8> {
        match self {
            ColumnSums::Plain(_, sums) => sums.iter().map(least).collect(),
            #[cfg(target_arch = "x86_64")]
            ColumnSums::Wide(sums) => sums.cheapest(),
        }
    }
}

at_best! {
    fn add_row(costs: &[Sums<u8>; BINS], symbols: &[u8], sums: &mut Sums<u32>) = add_row_any
}

#[inline(always)]
fn add_row_any(costs: &[Sums<u8>; BINS], symbols: &[u8], sums: &mut Sums<u32>) {
    let costs = costs.map(|costs| costs.map(u32::from));
    let mut own = *sums;
    for symbol in symbols {
        let costs = &costs[bin(*symbol)];
        for class in 0..MAX_CLASSES {
            own[class] += costs[class];
        }
    }
    *sums = own;
}

at_best! {
    fn add_columns(costs: &[Sums<u8>; BINS], symbols: &[u8], sums: &mut [Sums<u16>]) = add_columns_any
}

#[inline(always)]
fn add_columns_any(costs: &[Sums<u8>; BINS], symbols: &[u8], sums: &mut [Sums<u16>]) {
    for (symbol, sums) in symbols.iter().zip(sums) {
        let costs = &costs[bin(*symbol)];
        for class in 0..MAX_CLASSES {
            sums[class] += u16::from(costs[class]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn costs() -> Costs {
        Costs::new(&std::array::from_fn(|bin| {
            std::array::from_fn(|class| ((bin * 7 + class * 29) % 64) as f32 * 0.3)
        }))
    }

    fn symbols(count: usize, seed: u32) -> Vec<u8> {
        let symbol = |i: u32| (i.wrapping_mul(0x9e37_79b9).wrapping_mul(seed) >> 21) as u8;
        (1..=count as u32).map(symbol).collect()
    }

    #[test]
    fn every_machine_finds_the_same_rows() {
        for count in [0, 1, 63, 64, 65, 700] {
            let (mut best, mut plain) = ([3; MAX_CLASSES], [3; MAX_CLASSES]);
            let symbols = symbols(count, 1);
            costs().add_row(&symbols, &mut best);
            add_row_any(&costs().by_bin, &symbols, &mut plain);
            assert_eq!(best, plain, "{count}");
        }
    }

    #[test]
    fn every_machine_finds_the_same_columns() {
        let costs = costs();
        for columns in [1, 64, 100, 700] {
            let mut best = costs.sums(columns);
            let plain = vec![[0; MAX_CLASSES]; columns];
            let mut plain = ColumnSums::Plain(&costs.by_bin, plain);
            for row in 0..MOST_ROWS {
                let first = if row == 0 { columns / 3 } else { 0 };
                let end = if row == 9 { columns / 2 } else { columns };
                let symbols = symbols(end.saturating_sub(first), row as u32);
                best.add(first, &symbols);
                plain.add(first, &symbols);
            }
            assert_eq!(best.cheapest(), plain.cheapest(), "{columns}");
        }
    }

    #[test]
    fn no_sum_overflows() {
        let most = [[99.0; MAX_CLASSES]; BINS];
        let costs = Costs::new(&most);
        let mut sums = costs.sums(70);
        (0..MOST_ROWS).for_each(|_| sums.add(0, &[255; 70]));
        assert_eq!(sums.cheapest(), [0; 70]);
    }
}
