use super::super::buckets::Buckets;
use super::reader::ERROR;
use super::*;
use crate::Error;
use crate::cpu::narrowly;
use proptest::prelude::*;

/// Numbers as bytes, and those back as numbers.
fn bytes(numbers: &[u32], width: usize) -> Vec<u8> {
    let each = numbers.iter();
    each.flat_map(|number| number.to_le_bytes()[..width].to_vec())
        .collect()
}

fn write(buckets: &Buckets, width: usize, numbers: &[u32]) -> (Vec<u8>, Vec<u8>) {
    let mut bits = Vec::new();
    let mut writer = Writer::new(&mut bits);
    let mut symbols = vec![0; numbers.len()];
    let (one, other) = numbers.split_at(numbers.len() / 3);
    let (one_out, other_out) = symbols.split_at_mut(one.len());
    writer.symbols(buckets, width, &bytes(one, width), one_out);
    writer.symbols(buckets, width, &bytes(other, width), other_out);
    writer.finish();
    (symbols, bits)
}

fn read(
    buckets: &Buckets,
    width: usize,
    symbols: &[u8],
    bits: &[u8],
) -> (Vec<u8>, Result<(), Error>) {
    let mut out = vec![0; width * symbols.len()];
    let mut reader = Reader::new(bits);
    let (one, other) = symbols.split_at(symbols.len() / 2);
    let (one_out, other_out) = out.split_at_mut(width * one.len());
    reader.numbers(buckets, width, one, one_out);
    reader.numbers(buckets, width, other, other_out);
    (out, reader.finish())
}

proptest! {
    #[test]
    fn numbers_come_back(
        numbers in prop::collection::vec((any::<u32>(), 0..32u32), 0..600),
        rare: bool,
        narrow: bool,
        by_sign: bool,
    ) {
        let (width, least) = if narrow { (2, 16) } else { (4, 0) };
        let numbers: Vec<u32> = numbers
            .iter()
            .map(|(number, shift)| if rare && number % 8 > 0 { 3 } else { number >> shift.max(&least) })
            .collect();
        let buckets = Buckets::new(by_sign);
        let (symbols, mut bits) = write(&buckets, width, &numbers);
        prop_assert!(narrowly(|| write(&buckets, width, &numbers)) == (symbols.clone(), bits.clone()));
        let own = numbers.iter().map(|number| buckets.symbol(*number).0);
        prop_assert!(own.eq(symbols.iter().copied()));
        let mut alone = vec![0; symbols.len()];
        symbols_only(by_sign, width, &bytes(&numbers, width), &mut alone);
        prop_assert_eq!(&alone, &symbols);
        let raw = bytes(&numbers, width);
        prop_assert_eq!(&read(&buckets, width, &symbols, &bits), &(raw.clone(), Ok(())));
        prop_assert_eq!(narrowly(|| read(&buckets, width, &symbols, &bits)), (raw.clone(), Ok(())));
        bits.push(0);
        prop_assert_eq!(read(&buckets, width, &symbols, &bits), (raw, Err(ERROR)));
    }

    #[test]
    fn any_symbols_do_no_harm(
        symbols in prop::collection::vec(any::<u8>(), 0..600),
        bits in prop::collection::vec(any::<u8>(), 0..1500),
        by_sign: bool,
        narrow: bool,
    ) {
        let buckets = Buckets::new(by_sign);
        let width = if narrow { 2 } else { 4 };
        let best = read(&buckets, width, &symbols, &bits);
        prop_assert_eq!(best, narrowly(|| read(&buckets, width, &symbols, &bits)));
    }
}
