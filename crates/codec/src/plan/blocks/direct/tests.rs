use super::*;
use crate::plan::blocks::kind::Form;
use crate::plan::blocks::pack::unpack;

/// Symbols and lower bits a quant at a time, as the format has them.
fn by_quants(kind: &Kind, quants: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let bits = kind.plain_bits as usize;
    let part = kind.part_bits() as usize;
    let below = bits - part;
    let (mut symbols, mut low) = (Vec::new(), Vec::new());
    for run in quants.chunks(8 * (8 / part)) {
        let all = |i: usize, from: usize, bits: usize| {
            let each = run.iter().skip(i).step_by(8).enumerate();
            each.fold(0, |sum, (k, quant)| {
                sum | (quant >> from & ((1 << bits) - 1)) << (k * bits)
            })
        };
        symbols.extend((0..8).map(|i| all(i, below, part)));
        let halves =
            |from, bits| (0..4).map(move |i| all(i, from, bits) | all(i + 4, from, bits) << 4);
        match bits {
            4 | 8 => low.extend((0..8).map(|i| all(i, 0, part))),
            5 => {
                low.extend((0..8).map(|i| all(i, 0, 2)));
                low.extend(halves(2, 1));
            }
            _ => low.extend(halves(0, 2)),
        }
    }
    (symbols, low)
}

#[test]
fn the_same_as_quant_by_quant() {
    for kind in Dtype::ALL.iter().filter_map(|dtype| Kind::of(*dtype)) {
        let mut blocks = vec![0; 21 * kind.unit];
        let mut hasher = blake3::Hasher::new();
        hasher.update(kind.dtype.name().as_bytes());
        hasher.finalize_xof().fill(&mut blocks);
        let mut quants = Vec::new();
        unpack(&kind, &blocks, &mut quants);
        let upper = kind.upper();
        assert_eq!(upper.form, Form::Upper);
        let (symbols, low) = by_quants(&upper, &quants);
        let mut back = vec![0; blocks.len()];
        merge(&upper, &symbols, &low, &mut back);
        let before = std::mem::take(&mut quants);
        unpack(&kind, &back, &mut quants);
        assert!(before == quants, "{}", kind.dtype.name());
    }
}
