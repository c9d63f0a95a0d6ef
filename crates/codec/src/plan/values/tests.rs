use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::{Header, Hint, Parsed, decode, encode};

/// Bytes of units out of `count` values, which a formula spreads.
fn listed(count: u64, units: u64, width: usize) -> Vec<u8> {
    let value = |place: u64| (place + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let units = (0..units).map(|i| value(i.wrapping_mul(i / 3 + 7919) % count));
    units
        .flat_map(|value| value.to_le_bytes()[8 - width..].to_vec())
        .collect()
}

fn blob(raw: &[u8], dtype: Dtype, level: Level) -> (Vec<u8>, Code) {
    let hint = Hint {
        dtype,
        row: 0,
        offset: 0,
    };
    let blob = encode(raw, *blake3::hash(raw).as_bytes(), &hint, None, level).bytes;
    assert!(decode(&blob, None).unwrap() == raw);
    let Parsed::Header(header, _) = Header::parse(&blob).unwrap() else {
        panic!("no header");
    };
    let code = header.plan.code();
    (blob, code)
}

#[test]
fn units_take_the_bits_of_their_places() {
    for (dtype, width) in [(Dtype::F32, 4), (Dtype::Bf16, 2), (Dtype::I64, 8)] {
        for (count, bits) in [(16, 4.0), (200, 8.0), (700, 10.0)] {
            let raw = listed(count, 300_000, width);
            for level in [Level::Default, Level::Max] {
                let (blob, code) = blob(&raw, dtype, level);
                assert_eq!(code, Code::Values, "{dtype:?} {count}");
                let least = 300_000.0 * bits / 8.0 + count as f64 * 8.0;
                assert!(
                    (blob.len() as f64) < least * 1.02 + 300.0,
                    "{dtype:?} {count}"
                );
            }
        }
    }
}

#[test]
fn many_values_are_no_list() {
    let raw = listed(70_000, 300_000, 4);
    let plan_of = |raw: &[u8]| blob(raw, Dtype::F32, Level::Default).1;
    assert_ne!(plan_of(&raw), Code::Values);
    // Few in what is looked at, many in between.
    let mut raw = vec![0; 1 << 20];
    for (at, unit) in raw
        .as_chunks_mut::<4>()
        .0
        .iter_mut()
        .enumerate()
        .skip(1000)
        .take(5000)
    {
        *unit = (at as u32).to_le_bytes();
    }
    assert_ne!(plan_of(&raw), Code::Values);
}

#[test]
fn floats_are_in_their_order() {
    let values = [1.5f32, -2.0, 0.0, -0.25, 7.0].map(|x| u64::from(x.to_bits()));
    let ordered = ordered(values.to_vec(), Dtype::F32, 4);
    let floats: Vec<f32> = ordered
        .iter()
        .map(|bits| f32::from_bits(*bits as u32))
        .collect();
    assert_eq!(floats, [-2.0, -0.25, 0.0, 1.5, 7.0]);
}

proptest! {
    #[test]
    fn any_units_out_of_a_list_come_back(
        count in 1u64..3000, units in 0u64..4000, width in select(vec![2usize, 4, 8]),
        damaged in 0usize..4000, byte in any::<u8>(),
    ) {
        let raw = listed(count, units, width);
        let mut values: Vec<u64> = raw.chunks(width).map(number).collect();
        values.sort_unstable();
        values.dedup();
        values.push(3);
        let plan = Values::new(width, values);
        let (mut scratch, mut stored) = (Scratch::default(), vec![]);
        plan.encode(Core { first: 0, bytes: &raw, base: &[] }, Level::Default, &mut scratch, &mut stored);
        let mut back = vec![1; raw.len()];
        let mut decode = |stored: &[u8], back: &mut [u8]| {
            plan.decode(stored, Decoded { first: 0, bytes: back, base: &[], check: None, far: false }, &mut scratch)
        };
        decode(&stored, &mut back).unwrap();
        prop_assert_eq!(&back, &raw);
        let at = damaged % stored.len();
        stored[at] = byte;
        let _ = decode(&stored, &mut back);
        stored.truncate(at);
        let _ = decode(&stored, &mut back);
        let _ = plan.parts(&stored, raw.len());
    }
}
