use proptest::prelude::*;

use super::*;
use crate::{Dtype, Hint};

const FLOATS: [Dtype; 10] = [
    Dtype::Bf16,
    Dtype::F16,
    Dtype::F32,
    Dtype::F64,
    Dtype::F8E4M3,
    Dtype::F8E5M2,
    Dtype::C32,
    Dtype::C64,
    Dtype::C128,
    Dtype::I8,
];

fn facts(dtype: Dtype, row: u32, offset: u64, raw_len: usize) -> Facts {
    Facts {
        version: crate::header::VERSION,
        raw_len: raw_len as u32,
        chunk_id: [0; 32],
        hint: Hint { dtype, row, offset },
        lead: 0,
        plan: Code::Classes,
        shared_len: 0,
        base: None,
    }
}

/// Numbers that get larger by the row and the column, some of which end with zeros.
fn weights(dtype: Dtype, count: usize, row: usize, wild: bool) -> Vec<u8> {
    let unit = crate::layout::Layout::of(dtype).unit();
    let mut out = Vec::new();
    for i in 0..count as u64 {
        let noise = i.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
        let scale = (i as usize / row % 5) as u64 + i % row as u64 % 3;
        let mut word = noise >> (1 + noise % (3 + scale)) | noise << 63;
        if i as usize / row % 4 == 1 {
            word &= !0x1f << (64 - 8 * unit);
        }
        if wild && i % 1001 < 7 {
            word = [0, u64::MAX, 1 << 63, noise][i as usize % 4];
        }
        out.extend(&word.to_le_bytes()[8 - unit..]);
    }
    out
}

/// Frames of a chunk, each with the units before it, by the plan that its header would give.
fn round_trip(raw: &[u8], facts: &Facts) -> Option<usize> {
    let plan = Classes::fit(raw, facts)?;
    let mut shared = Vec::new();
    plan.write(&mut shared);
    let read = Classes::read(&shared, facts).unwrap();
    let mut scratch = Scratch::default();
    let (mut len, mut all) = (shared.len(), Vec::new());
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
        len += stored.len();
        assert!(plan.parts(&stored, bytes.len()).is_ok());
        let mut back = vec![0; bytes.len()];
        decode(&read, &stored, first, &mut back).unwrap();
        assert!(back == bytes);
        all.push((stored.clone(), first, back.clone()));
        stored.push(0);
        assert!(decode(&read, &stored, first, &mut back).is_err());
    }
    all.windows(2).for_each(|two| decode_two(&read, two));
    Some(len)
}

fn decode(plan: &Classes, stored: &[u8], first: usize, out: &mut [u8]) -> Result<(), Error> {
    let core = Decoded {
        first,
        bytes: out,
        base: &[],
        check: None,
        far: false,
    };
    plan.decode(stored, core, &mut Scratch::default())
}

/// Decodes two stored frames, of which the first unit and the bytes are given, side by side.
fn decode_two(plan: &Classes, frames: &[(Vec<u8>, usize, Vec<u8>)]) {
    let mut outs = [frames[0].2.clone(), frames[1].2.clone()];
    outs.iter_mut().for_each(|out| out.fill(7));
    let [out_a, out_b] = &mut outs;
    fn open<'a>(
        frame: &'a (Vec<u8>, usize, Vec<u8>),
        bytes: &'a mut [u8],
    ) -> (&'a [u8], Decoded<'a>) {
        let (stored, first, _) = frame;
        let core = Decoded {
            first: *first,
            bytes,
            base: &[],
            check: None,
            far: false,
        };
        (stored, core)
    }
    let both = [open(&frames[0], out_a), open(&frames[1], out_b)];
    plan.decode_two(both, &mut Scratch::default()).unwrap();
    assert!(outs[0] == frames[0].2 && outs[1] == frames[1].2);
}

#[test]
fn floats_come_back() {
    for dtype in FLOATS {
        for (row, offset) in [(0, 0), (64, 100), (9, 5), (700, 0), (70_000, 3)] {
            for count in [100, 512, 5000, 150_003] {
                let raw = weights(dtype, count, row.max(30) as usize, true);
                let fits = round_trip(&raw, &facts(dtype, row, offset, raw.len()));
                assert_eq!(
                    fits.is_some(),
                    raw.len() >= 512 * crate::layout::Layout::of(dtype).unit()
                );
            }
        }
    }
}

#[test]
fn rows_and_columns_pay() {
    let raw = weights(Dtype::Bf16, 100_000, 100, false);
    let with = round_trip(&raw, &facts(Dtype::Bf16, 100, 0, raw.len())).unwrap();
    let without = round_trip(&raw, &facts(Dtype::Bf16, 0, 0, raw.len())).unwrap();
    assert!(with * 20 < without * 19, "{with} {without}");
}

#[test]
fn one_value_alone() {
    for dtype in FLOATS {
        let raw = vec![0x3c; 80_000];
        let len = round_trip(&raw, &facts(dtype, 100, 0, raw.len())).unwrap();
        assert!(len < raw.len());
    }
}

fn hostile() -> impl Strategy<Value = (Dtype, u32, Vec<(usize, u8)>, Vec<u8>)> {
    let dtype = proptest::sample::select(&FLOATS[..]);
    let changes = proptest::collection::vec((0..400usize, any::<u8>()), 0..4);
    (
        dtype,
        0..300u32,
        changes,
        proptest::collection::vec(any::<u8>(), 0..300),
    )
}

proptest! {
    #[test]
    fn any_bytes_do_no_harm((dtype, row, changes, bytes) in hostile()) {
        let raw = weights(dtype, 3000, 50, true);
        let facts = facts(dtype, row, 7, raw.len());
        let _ = Classes::read(&bytes, &facts);
        let plan = Classes::fit(&raw, &facts).unwrap();
        let mut shared = Vec::new();
        plan.write(&mut shared);
        let mut stored = Vec::new();
        let core = Core { first: 0, bytes: &raw, base: &[] };
        plan.encode(core, Level::Max, &mut Scratch::default(), &mut stored);
        let mut out = vec![0; raw.len()];
        for (at, byte) in &changes {
            let (at, len) = (*at, shared.len());
            shared[at % len] = *byte;
        }
        if let Ok(plan) = Classes::read(&shared, &facts) {
            for stored in [&bytes, &stored] {
                for first in [0, 17, 1 << 23] {
                    let _ = decode(&plan, stored, first, &mut out);
                    let _ = plan.parts(stored, out.len());
                }
            }
        }
        for (at, byte) in changes {
            let len = stored.len();
            stored[at % len] = byte;
        }
        let _ = decode(&plan, &stored, 0, &mut out);
    }
}
