//! The machine's better instructions and plain code give the same blobs and the same bytes.

use proptest::prelude::*;
use proptest::sample::select;

use crate::cpu::{narrowly, plainly};
use crate::patterns;
use crate::{Base, Dtype, Hint, Level, decode, encode};

fn id(raw: &[u8]) -> [u8; 32] {
    *blake3::hash(raw).as_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn on_whole_blobs(
        raw in patterns::bytes(30_000), dtype in select(Dtype::ALL), row in patterns::row(),
        level in select(vec![Level::Fast, Level::Default, Level::Max]), near in any::<bool>(),
    ) {
        let mut base = raw.clone();
        base.iter_mut().step_by(30).for_each(|byte| *byte ^= 1);
        let given = Base { id: id(&base), raw: &base, dtype };
        let given = near.then_some(&given);
        let hint = Hint { dtype, row, offset: 0 };
        let better = encode(&raw, id(&raw), &hint, given, level);
        let plain = plainly(|| encode(&raw, id(&raw), &hint, given, level));
        prop_assert!(better == plain, "the blobs differ");
        let narrow = narrowly(|| encode(&raw, id(&raw), &hint, given, level));
        prop_assert!(better == narrow, "the blobs differ");
        let base = better.base.map(|_| base.as_slice());
        prop_assert!(decode(&better.bytes, base).as_ref() == Ok(&raw));
        let plain = plainly(|| decode(&better.bytes, base));
        prop_assert!(plain.as_ref() == Ok(&raw));
        let narrow = narrowly(|| decode(&better.bytes, base));
        prop_assert!(narrow.as_ref() == Ok(&raw));
    }
}
