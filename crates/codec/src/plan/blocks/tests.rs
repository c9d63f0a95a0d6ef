use proptest::prelude::*;

use super::*;
use crate::header::Facts;
use crate::plan::Plan;
use crate::{Dtype, Hint};

fn facts(dtype: Dtype, row: u32, raw: &[u8]) -> Facts {
    Facts {
        version: crate::header::VERSION,
        raw_len: raw.len() as u32,
        chunk_id: [0; 32],
        hint: Hint {
            dtype,
            row,
            offset: 0,
        },
        lead: 0,
        plan: Code::Blocks,
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

/// Every frame encoded by the plan, decoded by what is read of it.
fn round_trip(dtype: Dtype, row: u32, raw: &[u8]) -> usize {
    let facts = facts(dtype, row, raw);
    let plan = Blocks::fit(raw, &facts).unwrap();
    let mut shared = Vec::new();
    plan.write(&mut shared);
    let read = Blocks::read(&shared, &facts).unwrap();
    let mut again = Vec::new();
    read.write(&mut again);
    assert_eq!(again, shared);
    let mut scratch = Scratch::default();
    let mut len = shared.len();
    for frame in 0..facts.frames() {
        let bytes = &raw[facts.frame_range(frame)][facts.core(frame)];
        let first = facts.first_unit(frame);
        let mut stored = Vec::new();
        let core = Core {
            first,
            bytes,
            base: &[],
        };
        plan.encode(core, Level::Max, &mut scratch, &mut stored);
        let mut back = vec![0; bytes.len()];
        let core = Decoded {
            first,
            bytes: &mut back,
            base: &[],
            check: None,
            far: false,
        };
        read.decode(&stored, core, &mut scratch).unwrap();
        assert!(back == bytes);
        len += stored.len();
    }
    len
}

fn kinds() -> impl Iterator<Item = Kind> {
    Dtype::ALL.iter().filter_map(|dtype| Kind::of(*dtype))
}

/// Blocks of a few different bytes, so that there is something to code.
fn plain_blocks(kind: &Kind, number: usize) -> Vec<u8> {
    let mut blocks = noise(number * kind.unit, 3);
    for byte in &mut blocks {
        *byte = 0x21 + (byte.leading_zeros() as u8) * 0x11;
    }
    blocks
}

#[test]
fn every_kind_comes_back() {
    for kind in kinds() {
        let longest = u32::MAX / 256 * 256;
        for row in [0, 1, kind.quants as u32, 5 * kind.quants as u32, longest] {
            round_trip(kind.dtype, row, &noise(40 * kind.unit, 1));
            round_trip(kind.dtype, row, &vec![0; 40 * kind.unit]);
            let blocks = plain_blocks(&kind, 600_000 / kind.unit);
            let len = round_trip(kind.dtype, row, &blocks);
            assert!(len < blocks.len() / 8 * 6, "{}: {len}", kind.dtype.name());
        }
    }
}

#[test]
fn scales_that_came_from_bfloat16() {
    let mut blocks = noise(34 * 500, 5);
    for (i, block) in blocks.chunks_mut(34).enumerate() {
        let scale = from_single(half::from_brain(0x3c80 + i as u16) / 127.0);
        block[..2].copy_from_slice(&scale.to_le_bytes());
    }
    let facts = facts(Dtype::GgmlQ8_0, 0, &blocks);
    let plan = Blocks::fit(&blocks, &facts).unwrap();
    assert_eq!(plan.mode, Mode::Most(127));
    round_trip(Dtype::GgmlQ8_0, 0, &blocks);
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(
        mut shared in proptest::collection::vec(any::<u8>(), 0..400),
        stored in proptest::collection::vec(any::<u8>(), 0..900),
        kind in 0..8usize,
        row in 0..600u32,
        cut in any::<prop::sample::Index>(),
    ) {
        let kind = kinds().nth(kind).unwrap();
        let blocks = plain_blocks(&kind, 9);
        let facts = facts(kind.dtype, row, &blocks);
        let _ = Blocks::read(&shared, &facts);
        // A good beginning.
        let plan = Blocks::fit(&blocks, &facts).unwrap();
        let mut good = Vec::new();
        plan.write(&mut good);
        let at = cut.index(good.len());
        for (to, from) in good[at..].iter_mut().zip(shared.drain(..).take(3)) {
            *to = from;
        }
        if let Ok(read) = Blocks::read(&good, &facts) {
            let mut stored = stored;
            if let Some(first) = stored.first_mut() {
                *first = CODED;
            }
            let mut back = vec![0; blocks.len()];
            let core = Decoded { first: 0, bytes: &mut back, base: &[], check: None, far: false };
            let _ = read.decode(&stored, core, &mut Scratch::default());
        }
    }
}

/// Blocks of small quants but for one that is as far out as it can be, more often in some columns.
fn with_ends(number: usize) -> Vec<u8> {
    let mut blocks = noise(number * 34, 5);
    for (i, block) in blocks.as_chunks_mut::<34>().0.iter_mut().enumerate() {
        block[..2].copy_from_slice(&[0x66, 0x2e]);
        let place = usize::from(block[2]) % [1, 32, 32][i % 3];
        for byte in &mut block[2..] {
            *byte = byte.leading_zeros() as u8;
        }
        block[2 + place] = 127;
    }
    blocks
}

#[test]
fn where_the_largest_quants_are_is_told_apart() {
    let raw = with_ends(20_000);
    for row in [0, 96, 32 * 100] {
        let plan = Blocks::fit(&raw, &facts(Dtype::GgmlQ8_0, row, &raw)).unwrap();
        assert_eq!(plan.marks.number(), 1);
        assert_eq!(plan.marks.by_column(), row == 96);
        let len = round_trip(Dtype::GgmlQ8_0, row, &raw);
        // Two bits for each of the others, and five for a place, or what columns leave of that.
        let place = if row == 96 { 3.4 } else { 4.7 };
        assert!(
            len < (20_000.0 * (31.0 * 2.0 + place) / 8.0) as usize + 6000,
            "{len}"
        );
    }
}

/// Blocks of quants about what their column has, one of each as far out as it can be, but for a few.
fn about_columns(number: usize, row: usize) -> Vec<u8> {
    let mut blocks = noise(number * 34, 6);
    let sums = noise(number * 34, 7);
    for (i, block) in blocks.as_chunks_mut::<34>().0.iter_mut().enumerate() {
        block[..2].copy_from_slice(&[i as u8, 0x2e]);
        let place = usize::from(block[2]) % 32;
        for (j, (byte, other)) in block[2..].iter_mut().zip(&sums[34 * i..]).enumerate() {
            let mean = ((32 * i + j) % row * 97 % 83) as i32 - 41;
            *byte = ((i32::from(*byte) + i32::from(*other)) / 4 - 64 + mean) as u8;
        }
        if i % 50 > 0 {
            block[2 + place] = [127, 129][i % 2];
        }
    }
    blocks
}

#[test]
fn quants_are_taken_by_twos_and_about_their_columns() {
    let raw = about_columns(20_000, 320);
    let plan = Blocks::fit(&raw, &facts(Dtype::GgmlQ8_0, 320, &raw)).unwrap();
    assert!(plan.twos.is_some() && !plan.grid.columns.means.is_empty());
    let len = round_trip(Dtype::GgmlQ8_0, 320, &raw);
    // Their sums have 6.8 bits by themselves.
    assert!(len < 20_000 * (31 * 69 + 180) / 80, "{len}");
    let plan = Blocks::fit(&raw, &facts(Dtype::GgmlQ8_0, 0, &raw)).unwrap();
    assert!(plan.twos.is_some() && plan.grid.columns.means.is_empty());
    let without = round_trip(Dtype::GgmlQ8_0, 0, &raw);
    assert!(len + len / 20 < without, "{len} {without}");
}

proptest! {
    #[test]
    fn marks_that_were_changed_are_read_or_refused(
        at in any::<prop::sample::Index>(), bytes in any::<[u8; 3]>(), in_shared in any::<bool>(), row in 1..5u32,
        by_twos in any::<bool>(),
    ) {
        let raw = match by_twos {
            true => about_columns(400, 32 * row as usize),
            false => with_ends(400),
        };
        let facts = facts(Dtype::GgmlQ8_0, 32 * row, &raw);
        let plan = Blocks::fit(&raw, &facts).unwrap();
        prop_assert_eq!(plan.marks.number(), 1);
        prop_assert_eq!(plan.twos.is_some(), by_twos);
        let (mut shared, mut stored, mut scratch) = (vec![], vec![], Scratch::default());
        plan.write(&mut shared);
        plan.encode(Core { first: 0, bytes: &raw, base: &[] }, Level::Max, &mut scratch, &mut stored);
        let changed = if in_shared { &mut shared } else { &mut stored };
        let at = at.index(changed.len());
        changed[at..].iter_mut().zip(bytes).for_each(|(to, byte)| *to = byte);
        if let Ok(read) = Blocks::read(&shared, &facts) {
            let mut back = vec![0; raw.len()];
            let core = Decoded { first: 0, bytes: &mut back, base: &[], check: None, far: false };
            let _ = read.decode(&stored, core, &mut scratch);
        }
    }
}
