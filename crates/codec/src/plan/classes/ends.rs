//! With how many zero bits the elements of rows end.

use super::MAX_CLASSES;
use super::low;
use super::split::Split;
use crate::plan::rows::Rows;

/// Bits for each row that another number of zeros must save to be worth telling.
const ROW_BITS: usize = 2;
/// Bits that it must save in all.
const LEAST: usize = 500;

/// The numbers of zeros that are told apart, and which of them each row has; none where they all
/// have the same.
pub(super) fn choose(split: Split, rows: Rows, raw: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut rest = raw;
    let runs = rows.runs(0, raw.len() / split.width);
    let of_rows: Vec<u8> = runs
        .map(|run| {
            let (own, after) = rest.split_at(run.len * split.width);
            rest = after;
            low::zeros(split.width, own).min(split.low) as u8
        })
        .collect();
    let told = told(split, rows, &of_rows);
    let which = match told.len() {
        1 => Vec::new(),
        _ => of_rows.iter().map(|zeros| which(&told, *zeros)).collect(),
    };
    (told, which)
}

/// The last of some numbers, in order, that is not above a row's.
fn which(told: &[u8], zeros: u8) -> u8 {
    (told.partition_point(|told| *told <= zeros) - 1) as u8
}

fn told(split: Split, rows: Rows, of_rows: &[u8]) -> Vec<u8> {
    let mut counts = vec![0usize; split.low as usize + 1];
    for zeros in of_rows {
        counts[usize::from(*zeros)] += 1;
    }
    let least = counts.iter().position(|count| *count > 0).unwrap_or(0);
    let mut told = vec![least as u8];
    while told.len() < MAX_CLASSES {
        let saved = |zeros: usize| saved(&counts, &told, zeros) * rows.len();
        let Some(best) = (0..counts.len()).max_by_key(|zeros| saved(*zeros)) else {
            break;
        };
        if saved(best) <= LEAST + ROW_BITS * of_rows.len() {
            break;
        }
        told.push(best as u8);
        told.sort_unstable();
    }
    // A number that no row is left with would have no place in the rows' table.
    let used: Vec<u8> = told
        .iter()
        .enumerate()
        .filter(|(i, _)| {
            of_rows
                .iter()
                .any(|zeros| usize::from(which(&told, *zeros)) == *i)
        })
        .map(|(_, zeros)| *zeros)
        .collect();
    used
}

/// What telling another number apart saves, in bits, were all rows of one element.
fn saved(counts: &[usize], told: &[u8], zeros: usize) -> usize {
    let next = told
        .iter()
        .map(|told| usize::from(*told))
        .find(|told| *told >= zeros);
    let below = told
        .iter()
        .map(|told| usize::from(*told))
        .filter(|told| *told < zeros);
    let below = below.max().unwrap_or(zeros);
    let end = next.unwrap_or(counts.len());
    let rows: usize = counts.get(zeros..end).unwrap_or_default().iter().sum();
    rows * (zeros - below)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dtype;

    #[test]
    fn rows_that_end_with_zeros_are_told() {
        let split = Split::new(Dtype::F32, 2, 0).unwrap();
        let rows = Rows::new(64, 0);
        let raw: Vec<u8> = (0..64 * 50u32)
            .flat_map(|i| {
                let word = i.wrapping_mul(0x9e37_79b9) | 1;
                if i / 64 % 3 == 0 {
                    word << 13
                } else {
                    word << 4
                }
                .to_le_bytes()
            })
            .collect();
        let (told, which) = choose(split, rows, &raw);
        assert_eq!(told, [4, 13]);
        assert_eq!(which[..4], [1, 0, 0, 1]);
        let (told, which) = choose(split, rows, &vec![0; 64 * 50 * 4]);
        assert_eq!((told, which), (vec![21], vec![]));
    }
}
