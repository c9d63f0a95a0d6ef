//! Whatever is encoded comes back: every dtype, level, row length, offset, alignment and base, with
//! ordinary bytes and adversarial ones.

// Helpers outside of a test function are held to the library's rule otherwise.
#![allow(clippy::unwrap_used)]

#[path = "common/patterns.rs"]
mod patterns;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use sheaf_codec::{
    Base, Blob, Dtype, Header, Hint, Level, Parsed, decode, encode, encode_unsealed, inspect,
    max_blob_len,
};

fn id(raw: &[u8]) -> [u8; 32] {
    *blake3::hash(raw).as_bytes()
}

fn dtype() -> impl Strategy<Value = Dtype> {
    // Those with the most ways to be encoded come up more often.
    let floats = vec![Dtype::Bf16, Dtype::F16, Dtype::F32, Dtype::F64];
    prop_oneof![select(floats), select(Dtype::ALL)]
}

fn hint() -> impl Strategy<Value = Hint> {
    let offset = prop_oneof![Just(0), 0u64..1 << 24, any::<u64>()];
    (dtype(), patterns::row(), offset).prop_map(|(dtype, row, offset)| Hint { dtype, row, offset })
}

fn level() -> impl Strategy<Value = Level> {
    select(vec![Level::Fast, Level::Default, Level::Max])
}

fn header(blob: &Blob) -> Header {
    let Parsed::Header(header, len) = Header::parse(&blob.bytes).unwrap() else {
        panic!("no whole header");
    };
    assert_eq!(len, blob.header_len);
    *header
}

/// All that must hold of a blob.
fn check(raw: &[u8], blob: &Blob, base: Option<&[u8]>) {
    assert!(blob.bytes.len() <= max_blob_len(raw.len()));
    let base = base.filter(|_| blob.base.is_some());
    assert!(decode(&blob.bytes, base).unwrap() == raw);
    let header = header(blob);
    assert_eq!(header.blob_id(), blob.id);
    assert_eq!(header.blob_len(), blob.bytes.len() as u64);
    inspect::describe(&blob.bytes).unwrap();
    // The last frame first: none needs another.
    for frame in (0..header.frames()).rev() {
        let stored = header.stored_range(frame..frame + 1);
        let stored = &blob.bytes[stored.start as usize..stored.end as usize];
        let range = header.raw_range(frame..frame + 1);
        let mut out = vec![0xa5; (range.end - range.start) as usize];
        header
            .decode_into(frame..frame + 1, stored, base, &mut out)
            .unwrap();
        assert!(out == raw[range.start as usize..range.end as usize]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn any_bytes_come_back(raw in patterns::bytes(9000), hint in hint(), level in level()) {
        let blob = encode(&raw, id(&raw), &hint, None, level);
        check(&raw, &blob, None);
        let unsealed = encode_unsealed(&raw, id(&raw), &hint, None, level);
        prop_assert!(unsealed.seal() == blob, "encoding is not repeatable");
    }

    #[test]
    fn a_base_of_any_kind(
        raw in patterns::bytes(6000), base in patterns::bytes(6000),
        hint in hint(), base_dtype in dtype(), level in level(),
    ) {
        let given = Base { id: id(&base), raw: &base, dtype: base_dtype };
        let blob = encode(&raw, id(&raw), &hint, Some(&given), level);
        check(&raw, &blob, Some(&base));
    }

    #[test]
    fn a_base_that_is_near(
        raw in patterns::bytes(9000), hint in hint(), level in level(),
        by in any::<i8>(), every in 1usize..40,
    ) {
        let mut base = raw.clone();
        for word in base.as_chunks_mut::<2>().0.iter_mut().step_by(every) {
            *word = u16::from_le_bytes(*word).wrapping_add_signed(by.into()).to_le_bytes();
        }
        let given = Base { id: id(&base), raw: &base, dtype: hint.dtype };
        let blob = encode(&raw, id(&raw), &hint, Some(&given), level);
        check(&raw, &blob, Some(&base));
        let alone = encode(&raw, id(&raw), &hint, None, level);
        prop_assert!(blob.bytes.len() <= alone.bytes.len() + alone.bytes.len() / 64 + 64);
    }

    #[test]
    fn a_base_of_another_width(
        wide in patterns::bytes(9000), row in patterns::row(), level in level(), up in any::<bool>(),
    ) {
        let wide = &wide[..wide.len() / 4 * 4];
        let halves: Vec<u8> = wide.chunks_exact(4).flat_map(|word| word[2..].to_vec()).collect();
        let (raw, base) = if up {
            ((wide, Dtype::F32), (halves.as_slice(), Dtype::Bf16))
        } else {
            ((halves.as_slice(), Dtype::Bf16), (wide, Dtype::F32))
        };
        let hint = Hint { dtype: raw.1, row, offset: 0 };
        let given = Base { id: id(base.0), raw: base.0, dtype: base.1 };
        let blob = encode(raw.0, id(raw.0), &hint, Some(&given), level);
        check(raw.0, &blob, Some(base.0));
    }

    #[test]
    fn changed_blobs_are_errors_or_harmless(
        raw in patterns::bytes(3000), hint in hint(), level in level(),
        edits in proptest::collection::vec((any::<Index>(), any::<u8>()), 1..4),
    ) {
        let blob = encode(&raw, id(&raw), &hint, None, level);
        let mut bytes = blob.bytes;
        for (at, value) in &edits {
            let at = at.index(bytes.len());
            bytes[at] = *value;
        }
        if let Ok(back) = decode(&bytes, None) {
            prop_assert!(back == raw, "a hint may change, the bytes not");
        }
        // What is past the hashes meets changed bytes too.
        if let Ok(Parsed::Header(header, len)) = Header::parse(&bytes) {
            let mut out = Vec::new();
            let _ = header.decode_verified(0..header.frames(), &bytes[len..], None, &mut out);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn several_frames(
        raw in patterns::bytes(900_000), hint in hint(), level in level(), near in any::<bool>(),
    ) {
        let mut base = raw.clone();
        base.iter_mut().step_by(50).for_each(|byte| *byte ^= 1);
        let given = Base { id: id(&base), raw: &base, dtype: hint.dtype };
        let blob = encode(&raw, id(&raw), &hint, near.then_some(&given), level);
        check(&raw, &blob, Some(&base));
    }
}

/// Few values where samples are taken, any elsewhere.
#[test]
fn what_samples_do_not_show() {
    let mut noise = vec![0; 1_200_000];
    blake3::Hasher::new().finalize_xof().fill(&mut noise);
    for (layout, dtype) in [(2, Dtype::Bf16), (2, Dtype::F16), (4, Dtype::F32)] {
        let frame = (256 << 10) / layout;
        let mut raw = noise.clone();
        for (i, unit) in raw.chunks_exact_mut(layout).enumerate() {
            if i % 9 == 0 || i % frame % (frame / 128) < 16 {
                unit[layout - 2] &= 0x7f;
                unit[layout - 1] = 0x3d;
            }
        }
        for level in [Level::Fast, Level::Default, Level::Max] {
            let hint = Hint {
                dtype,
                row: 0,
                offset: 0,
            };
            let blob = encode(&raw, id(&raw), &hint, None, level);
            check(&raw, &blob, None);
        }
    }
}
