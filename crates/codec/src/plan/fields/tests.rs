use proptest::prelude::*;
use proptest::sample::select;

use super::shape::Shape;
use super::*;
use crate::check::Check;
use crate::cpu::{narrowly, plainly};
use crate::{Dtype, Hint};

fn facts(dtype: Dtype, raw: &[u8]) -> Facts {
    Facts {
        version: crate::header::VERSION,
        raw_len: raw.len() as u32,
        chunk_id: [0; 32],
        hint: Hint {
            dtype,
            row: 0,
            offset: 0,
        },
        lead: 0,
        plan: Code::Fields,
        shared_len: 0,
        base: None,
    }
}

fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; len];
    let mut hasher = blake3::Hasher::new();
    hasher.update(&seed.to_le_bytes());
    hasher.finalize_xof().fill(&mut bytes);
    bytes
}

fn encoded(plan: &Fields, raw: &[u8], level: Level) -> Vec<u8> {
    let core = Core {
        first: 0,
        bytes: raw,
        base: &[],
    };
    let mut stored = Vec::new();
    plan.encode(core, level, &mut Scratch::default(), &mut stored);
    stored
}

fn decoded(plan: &Fields, stored: &[u8], len: usize) -> Result<Vec<u8>, Error> {
    let mut back = vec![0; len];
    let mut check = Check::new();
    let core = Decoded {
        first: 0,
        bytes: &mut back,
        base: &[],
        check: Some(&mut check),
        far: false,
    };
    plan.decode(stored, core, &mut Scratch::default())?;
    assert_eq!(check.finish(&back), crate::check::check(&back));
    Ok(back)
}

fn dtypes() -> Vec<Dtype> {
    let all = Dtype::ALL.iter().copied();
    all.filter(|dtype| Kind::of(*dtype).is_some()).collect()
}

fn round_trip(dtype: Dtype, raw: &[u8], level: Level) -> usize {
    let plan = Fields::of(&facts(dtype, raw)).unwrap();
    let stored = encoded(&plan, raw, level);
    assert_eq!(plainly(|| encoded(&plan, raw, level)), stored);
    assert_eq!(narrowly(|| encoded(&plan, raw, level)), stored);
    for back in [
        decoded(&plan, &stored, raw.len()),
        plainly(|| decoded(&plan, &stored, raw.len())),
        narrowly(|| decoded(&plan, &stored, raw.len())),
    ] {
        assert!(back.unwrap() == raw, "{}", dtype.name());
    }
    assert!(!plan.parts(&stored, raw.len()).unwrap().is_empty());
    stored.len()
}

/// Blocks whose bytes are all alike, but for some.
fn plain_blocks(dtype: Dtype, number: usize) -> Vec<u8> {
    let mut blocks = noise(number * dtype.block_bytes(), 3);
    for byte in &mut blocks {
        *byte = 0x21 + (byte.leading_zeros() as u8) * 0x11;
    }
    blocks
}

#[test]
fn every_kind_comes_back() {
    for dtype in dtypes() {
        let unit = dtype.block_bytes();
        for level in [Level::Fast, Level::Default] {
            for number in [0, 1, 40, 3000] {
                round_trip(dtype, &noise(number * unit, 1), level);
                round_trip(dtype, &vec![0; number * unit], level);
                round_trip(dtype, &plain_blocks(dtype, number), level);
            }
            let len = round_trip(dtype, &plain_blocks(dtype, 3000), level);
            assert!(len < 3000 * unit / 8 * 7, "{}: {len}", dtype.name());
        }
    }
}

/// Blocks of quants that are near the middle more often than not: signed bytes, or nibbles at the end of a block.
fn bell_blocks(dtype: Dtype, number: usize) -> Vec<u8> {
    let unit = dtype.block_bytes();
    let mut blocks = noise(number * unit, 5);
    let more = noise(number * unit, 6);
    let nibble = |a: u8, b: u8| (a % 8 + 4 + if b.is_multiple_of(4) { 8 } else { 0 }) % 16;
    for (block, more) in blocks.chunks_exact_mut(unit).zip(more.chunks_exact(unit)) {
        for (byte, other) in block.iter_mut().zip(more) {
            *byte = match dtype {
                Dtype::GgmlQ8_0 => (*byte as i8).midpoint(*other as i8) as u8,
                _ => nibble(*byte, *other) | nibble(*byte >> 4, other >> 4) << 4,
            };
        }
        // The scale, and a minimum of -7 times that.
        block[..2].copy_from_slice(&[0, 0x1c]);
        if dtype == Dtype::GgmlQ4_1 {
            block[2..4].copy_from_slice(&[0, 0xa7]);
        }
    }
    blocks
}

#[test]
fn whole_tiles_come_back() {
    let cases = [
        (Dtype::GgmlQ8_0, Level::Fast, Shape::Quarters),
        (Dtype::GgmlQ8_0, Level::Default, Shape::Quarters),
        (Dtype::GgmlQ4_0, Level::Default, Shape::TopOfNibbles),
        (Dtype::GgmlQ4_1, Level::Default, Shape::TopOfNibbles),
        (Dtype::GgmlQ5_0, Level::Default, Shape::Nibbles),
    ];
    for (dtype, level, shape) in cases {
        for number in [511, 512, 1600, 2049] {
            let raw = bell_blocks(dtype, number);
            let len = round_trip(dtype, &raw, level);
            assert!(len < raw.len() / 100 * 99, "{}: {len}", dtype.name());
            let plan = Fields::of(&facts(dtype, &raw)).unwrap();
            assert_eq!(encoded(&plan, &raw, level)[3], shape as u8);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(
        dtype in select(dtypes()),
        number in select(vec![1usize, 9, 3000]),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        near in any::<bool>(),
        bell in any::<bool>(),
        level in select(vec![Level::Fast, Level::Default]),
        cut in any::<prop::sample::Index>(),
    ) {
        let raw = match bell {
            true => bell_blocks(dtype, number),
            false => plain_blocks(dtype, number),
        };
        let plan = Fields::of(&facts(dtype, &raw)).unwrap();
        let mut stored = encoded(&plan, &raw, level);
        let within = if near { stored.len().min(60) } else { stored.len() };
        for (at, byte) in changes {
            stored[at.index(within)] = byte;
        }
        let _ = decoded(&plan, &stored, raw.len());
        let _ = plan.parts(&stored, raw.len());
        stored.truncate(cut.index(stored.len()));
        let _ = decoded(&plan, &stored, raw.len());
    }
}
