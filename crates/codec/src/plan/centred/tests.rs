use super::*;
use crate::cpu::{narrowly, plainly};
use crate::{Dtype, Header, Hint, Parsed, decode, encode};

/// Bell curves whose rows and columns have scales of their own.
fn scaled(count: usize, row: usize, by_row: i32, by_column: i32) -> Vec<f32> {
    let mut state = 1_u64;
    let mut uniform = move || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(99);
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    let scale =
        |i: usize| 2f32.powi((i / row % 7) as i32 * by_row + (i % row % 5) as i32 * by_column);
    (0..count)
        .map(|i| (uniform() + uniform() + uniform()) * 0.7331 * scale(i))
        .collect()
}

fn hint(dtype: Dtype, row: u32, offset: u64) -> Hint {
    Hint { dtype, row, offset }
}

fn blob(raw: &[u8], hint: &Hint, level: Level) -> (Code, Vec<u8>) {
    let id = *blake3::hash(raw).as_bytes();
    let blob = encode(raw, id, hint, None, level).bytes;
    assert!(decode(&blob, None).unwrap() == raw);
    assert!(narrowly(|| decode(&blob, None)).unwrap() == raw);
    assert!(plainly(|| decode(&blob, None)).unwrap() == raw);
    let Parsed::Header(header, _) = Header::parse(&blob).unwrap() else {
        panic!("no header");
    };
    (header.plan.code(), blob)
}

fn f32_bytes(weights: &[f32]) -> Vec<u8> {
    weights.iter().flat_map(|x| x.to_le_bytes()).collect()
}

#[test]
fn rows_and_columns_of_other_sizes_are_free() {
    let plain = f32_bytes(&scaled(150_000, 300, 0, 0));
    let least = blob(&plain, &hint(Dtype::F32, 300, 0), Level::Default)
        .1
        .len();
    for (by_row, by_column) in [(1, 0), (0, 1), (1, 1), (2, -1)] {
        let raw = f32_bytes(&scaled(150_000, 300, by_row, by_column));
        let (code, blob) = blob(&raw, &hint(Dtype::F32, 300, 0), Level::Default);
        assert_eq!(code, Code::Centred);
        assert!(blob.len() < least + least / 20, "{} {least}", blob.len());
    }
}

#[test]
fn every_kind_comes_back_wherever_rows_begin() {
    for (row, offset) in [(300, 0), (300, 77), (7, 3), (4096, 9999)] {
        for level in [Level::Fast, Level::Default, Level::Max] {
            let weights = scaled(200_001, row, 1, 2);
            let single = f32_bytes(&weights);
            let upper = single.as_chunks::<4>().0.iter();
            let bf16: Vec<u8> = upper.flat_map(|x| [x[2], x[3]]).collect();
            let double = weights
                .iter()
                .flat_map(|x| f64::from(*x).to_le_bytes())
                .collect();
            // As halves these are any numbers.
            for (dtype, raw) in [
                (Dtype::F32, single),
                (Dtype::Bf16, bf16.clone()),
                (Dtype::F16, bf16),
                (Dtype::F64, double),
            ] {
                blob(&raw, &hint(dtype, row as u32, offset), level);
            }
        }
    }
}

#[test]
fn strange_floats_come_back() {
    let mut weights = scaled(100_000, 256, 1, 1);
    for (i, x) in weights.iter_mut().enumerate() {
        match i % 97 {
            0 => *x = 0.0,
            1 => *x = -0.0,
            2 => *x = f32::INFINITY,
            3 => *x = f32::NAN,
            4 => *x = f32::from_bits(7),
            _ if i / 256 % 9 == 0 => *x = 0.0,
            _ => {}
        }
    }
    blob(
        &f32_bytes(&weights),
        &hint(Dtype::F32, 256, 100),
        Level::Default,
    );
}

#[test]
fn what_is_alike_everywhere_has_planes() {
    let raw = f32_bytes(&scaled(100_000, 256, 0, 0));
    let (code, _) = blob(&raw, &hint(Dtype::F32, 256, 0), Level::Default);
    assert_eq!(code, Code::Planes);
    // Without rows nothing is looked for.
    let raw = f32_bytes(&scaled(100_000, 256, 1, 1));
    let (code, _) = blob(&raw, &hint(Dtype::F32, 0, 0), Level::Default);
    assert_eq!(code, Code::Planes);
}

#[test]
fn damaged_bytes_do_no_harm() {
    let raw = f32_bytes(&scaled(70_000, 300, 1, 1));
    let (_, blob) = blob(&raw, &hint(Dtype::F32, 300, 0), Level::Default);
    let Parsed::Header(header, len) = Header::parse(&blob).unwrap() else {
        panic!("no header");
    };
    let facts = header.facts;
    let mut shared = Vec::new();
    header.plan.write(&mut shared);
    let mut scratch = Scratch::default();
    let mut back = vec![0; crate::FRAME_LEN];
    for at in 0..shared.len().min(40) {
        for value in [0, 1, 2, 3, 15, 16, 200, 255] {
            let mut damaged = shared.clone();
            damaged[at] = value;
            let _ = Centred::read(&damaged, &facts);
            let _ = Centred::read(&damaged[..at], &facts);
            let mut damaged = blob[len..].to_vec();
            damaged[at] = value;
            let core = Decoded {
                first: 0,
                bytes: &mut back,
                base: &[],
                check: None,
                far: false,
            };
            let _ = header.plan.decode(&damaged, core, &mut scratch);
            let _ = header.plan.parts(&damaged, crate::FRAME_LEN);
        }
    }
}
