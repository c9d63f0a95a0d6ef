use proptest::prelude::*;

use super::*;

fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; len];
    let mut hasher = blake3::Hasher::new();
    let mut from = hasher.update(&seed.to_le_bytes()).finalize_xof();
    from.fill(&mut bytes);
    bytes
}

/// Symbols that get rarer, by the context more or less so.
fn symbols(bits: u32, len: usize, contexts: &[u8]) -> Vec<u8> {
    let bytes = noise(2 * len, 7);
    let alphabet = alphabet(bits) as u8;
    (0..len)
        .map(|i| {
            let context = contexts.get(i).copied().unwrap_or(3);
            let high = bytes[2 * i] & (1 << (context % 8)).max(1);
            (high.leading_zeros() as u8 + bytes[2 * i + 1] % (1 + context % 5))
                .min(alphabet.wrapping_sub(1))
        })
        .collect()
}

fn round_trip(bits: u32, number: usize, len: usize) {
    let contexts: Vec<u8> = match number {
        1 => Vec::new(),
        number => noise(len, 1).iter().map(|c| c % number as u8).collect(),
    };
    let symbols = symbols(bits, len, &contexts);
    let counts = count(&symbols, &contexts, number);
    let tables = Tables::new(bits, &counts);
    let mut payload = Vec::new();
    assert!(encode(&symbols, &contexts, &tables.encoder(), &mut payload));
    assert!(payload.len() <= tables.encoded_len(&counts) + LANES_LEN + 64 + len / 1000);
    let mut back = vec![0; len];
    decode(&payload, &contexts, &tables.decoder(), &mut back).unwrap();
    assert_eq!(back, symbols);
}

#[test]
fn symbols_come_back() {
    for bits in BITS {
        for number in [1, 2, 16, 64] {
            for len in [0, 1, 31, 32, 33, 1000, 20_001] {
                round_trip(bits, number, len);
            }
        }
    }
}

#[test]
fn segments_share_the_lanes() {
    let first = symbols(12, 777, &[]);
    let contexts: Vec<u8> = first.iter().map(|symbol| symbol % 5).collect();
    let second = symbols(10, 777, &contexts);
    let tables = [
        Tables::new(12, &count(&first, &[], 1)),
        Tables::new(10, &count(&second, &contexts, 5)),
    ];
    let encoders = [tables[0].encoder(), tables[1].encoder()];
    let segments = [
        Segment {
            symbols: &first,
            contexts: &[],
            tables: &encoders[0],
        },
        Segment {
            symbols: &second,
            contexts: &contexts,
            tables: &encoders[1],
        },
    ];
    let mut payload = Vec::new();
    assert!(encode_segments(&segments, &mut payload));
    let mut decoder = Decoder::new(&payload).unwrap();
    let mut back = [vec![0; 777], vec![0; 777]];
    decoder
        .decode(&[], &tables[0].decoder(), &mut back[0])
        .unwrap();
    let contexts: Vec<u8> = back[0].iter().map(|symbol| symbol % 5).collect();
    decoder
        .decode(&contexts, &tables[1].decoder(), &mut back[1])
        .unwrap();
    decoder.finish().unwrap();
    assert_eq!(back, [first, second]);
}

/// What two payloads decode to side by side, each with the contexts it is given; and the same on
/// machines that have less.
fn both(payloads: [&[u8]; 2], contexts: [&[u8]; 2], tables: &DecodeTables) -> [Vec<u8>; 2] {
    let decode = || {
        let mut outs = contexts.map(|contexts| vec![0; contexts.len()]);
        let [mut a, mut b] = payloads.map(|payload| Decoder::new(payload).unwrap());
        let [out_a, out_b] = &mut outs;
        let decoders = [&mut a, &mut b];
        let done = Decoder::decode_two(decoders, contexts, tables, [out_a, out_b]);
        let done = done.and_then(|()| a.finish()).and_then(|()| b.finish());
        done.map(|()| outs)
    };
    let best = decode();
    assert_eq!(crate::cpu::ungathered(decode), best);
    assert_eq!(crate::cpu::narrowly(decode), best);
    assert_eq!(crate::cpu::plainly(decode), best);
    best.unwrap_or_default()
}

#[test]
fn two_payloads_come_back_side_by_side() {
    for bits in BITS {
        for lens in [[1000, 3000], [20_001, 20_000], [31, 0], [0, 0]] {
            let all: Vec<u8> = noise(23_000, 1).iter().map(|c| c % 7).collect();
            let contexts = [&all[..lens[0]], &all[2000..2000 + lens[1]]];
            let symbols = contexts.map(|contexts| symbols(bits, contexts.len(), contexts));
            let counts = count(&symbols.concat(), &contexts.concat(), 7);
            let tables = Tables::new(bits, &counts);
            let mut payloads = [Vec::new(), Vec::new()];
            for i in 0..2 {
                let encoder = tables.encoder();
                assert!(encode(&symbols[i], contexts[i], &encoder, &mut payloads[i]));
            }
            let payloads = payloads.each_ref().map(Vec::as_slice);
            assert_eq!(both(payloads, contexts, &tables.decoder()), symbols);
        }
    }
}

#[test]
fn two_payloads_without_contexts() {
    let symbols = symbols(12, 5000, &[]);
    let tables = Tables::new(12, &count(&symbols, &[], 1));
    let mut payload = Vec::new();
    assert!(encode(&symbols, &[], &tables.encoder(), &mut payload));
    for contexts in [[&[][..], &[]], [&[], &[0; 5000]]] {
        let mut outs = [vec![0; 5000], vec![0; 5000]];
        let [mut a, mut b] = [&payload, &payload].map(|payload| Decoder::new(payload).unwrap());
        let [out_a, out_b] = &mut outs;
        let decoders = [&mut a, &mut b];
        Decoder::decode_two(decoders, contexts, &tables.decoder(), [out_a, out_b]).unwrap();
        assert_eq!(outs, [symbols.clone(), symbols.clone()]);
    }
}

#[test]
fn a_symbol_that_is_missing() {
    let tables = Tables::new(12, &count(&[1, 2, 3], &[], 1)).encoder();
    for at in [0, 40, 99] {
        let mut symbols = vec![1; 100];
        symbols[at] = 9;
        let fails = || {
            let mut out = vec![5];
            assert!(!encode(&symbols, &[], &tables, &mut out));
            assert_eq!(out, [5]);
        };
        fails();
        crate::cpu::narrowly(fails);
        crate::cpu::plainly(fails);
    }
}

#[test]
fn contexts_that_are_missing() {
    let tables = Tables::new(12, &count(&[1, 2, 3], &[], 1)).decoder();
    let payload = [0; 1000];
    let mut out = [0; 64];
    assert!(decode(&payload, &[1; 64], &tables, &mut out).is_err());
    assert!(decode(&payload, &[0; 63], &tables, &mut out).is_err());
}

proptest! {
    #[test]
    fn any_payload_decodes_or_fails(
        mut payload in proptest::collection::vec(any::<u8>(), 0..3000),
        small in any::<bool>(),
        bits in BITS,
        contexts in proptest::collection::vec(0..5u8, 0..1500),
    ) {
        if small {
            for byte in payload.iter_mut().skip(1).step_by(2) {
                *byte = 0;
            }
        }
        let symbols = symbols(bits, contexts.len(), &contexts);
        let tables = Tables::new(bits, &count(&symbols, &contexts, 5)).decoder();
        let mut out = vec![0; contexts.len()];
        let decoded = decode(&payload, &contexts, &tables, &mut out);
        // The plain way finds the same.
        let mut plain = vec![0; contexts.len()];
        let plainly = Decoder::new(&payload).and_then(|mut decoder| {
            decode::plainly(&mut decoder, &contexts, &tables, &mut plain)?;
            decoder.finish()
        });
        prop_assert_eq!(&decoded, &plainly);
        if decoded.is_ok() {
            prop_assert_eq!(out, plain);
        }
    }

    #[test]
    fn any_tables_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..600), bits in BITS, number in 1..=64u8) {
        let mut bytes = bytes;
        if bytes.len() > 2 {
            bytes[0] = bits as u8;
            bytes[1] = number;
        }
        if let Ok((tables, len)) = Tables::read(&bytes) {
            prop_assert!(len <= bytes.len());
            let decoder = tables.decoder();
            let mut out = [0; 100];
            let _ = decode(&bytes, &[], &decoder, &mut out);
        }
    }

    #[test]
    fn all_encoders_agree(
        bits in BITS,
        contexts in proptest::collection::vec(0..64u8, 0..1500),
    ) {
        let symbols = symbols(bits, contexts.len(), &contexts);
        for (contexts, number) in [(contexts.as_slice(), 64), (&[], 1)] {
            let tables = Tables::new(bits, &count(&symbols, contexts, number)).encoder();
            let encode = || {
                let mut out = Vec::new();
                encode(&symbols, contexts, &tables, &mut out).then_some(out)
            };
            let plain = Some(encode::plainly(&symbols, contexts, &tables));
            prop_assert_eq!(encode(), plain.clone());
            prop_assert_eq!(crate::cpu::narrowly(encode), plain);
        }
    }
}

proptest! {
    #[test]
    fn any_two_payloads_do_no_harm(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 128..2000), 2),
        contexts in prop::collection::vec(prop::collection::vec(0..3u8, 0..600), 2),
    ) {
        let symbols = symbols(11, 600, &[]);
        let counts = count(&symbols, &noise(600, 3).iter().map(|c| c % 3).collect::<Vec<u8>>(), 3);
        let tables = Tables::new(11, &counts).decoder();
        both([&payloads[0], &payloads[1]], [&contexts[0], &contexts[1]], &tables);
    }
}
