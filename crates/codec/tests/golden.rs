//! Blobs of every released version stay readable: each file under `golden/` must decode to the
//! bytes that its case makes. The encoder is free to do better; the files are never made anew.

#![allow(clippy::unwrap_used)]

mod common;

use std::path::PathBuf;

use common::*;
use sheaf_codec::{Base, Blob, Dtype, Header, Hint, Level, Parsed, decode};

/// The version that is written now.
const CURRENT: u8 = 2;

/// What a file holds, and how it was made.
struct Case {
    name: &'static str,
    raw: Vec<u8>,
    dtype: Dtype,
    row: u32,
    base: Option<(Dtype, Vec<u8>)>,
    level: Level,
}

/// What there is of every version.
fn first_cases() -> Vec<Case> {
    let bf16 = bf16_bytes(&weights(1, 1500));
    let f32 = f32_bytes(&weights(2, 700));
    let f64: Vec<u8> = weights(3, 400)
        .iter()
        .flat_map(|x| f64::from(*x).to_le_bytes())
        .collect();
    let blocks: Vec<u8> = noise(4, 144 * 20).iter().map(|byte| byte & 0x77).collect();
    let text = b"a weight, a weight, a weight of one's own; ".repeat(40);
    let mut tuned = bf16.clone();
    tuned.iter_mut().step_by(10).for_each(|byte| *byte ^= 1);
    let mut requantised = blocks.clone();
    requantised
        .iter_mut()
        .step_by(100)
        .for_each(|byte| *byte ^= 2);
    let mut long = vec![0x3f; 600_000];
    long[..2000].copy_from_slice(&bf16[..2000]);
    let case = |name, raw, dtype, base: Option<Vec<u8>>| Case {
        name,
        raw,
        dtype,
        row: 0,
        base: base.map(|raw| (dtype, raw)),
        level: Level::Default,
    };
    let halves = noise(5, 999).iter().map(|byte| byte & 0x3e).collect();
    let misaligned = f32_bytes(&weights(7, 5000))[3..].to_vec();
    vec![
        case("empty", vec![], Dtype::F32, None),
        case("one-byte", vec![42], Dtype::Bf16, None),
        case("bf16", bf16.clone(), Dtype::Bf16, None),
        case("f16", halves, Dtype::F16, None),
        case("f32", f32, Dtype::F32, None),
        case("f64", f64, Dtype::F64, None),
        case("noise", noise(6, 500), Dtype::U8, None),
        case("text", text, Dtype::Bytes, None),
        case("q4_k", blocks.clone(), Dtype::GgmlQ4K, None),
        case("guessed-misaligned", misaligned, Dtype::Unknown, None),
        case("frames", long, Dtype::Bf16, None),
        case("delta-bf16", tuned, Dtype::Bf16, Some(bf16)),
        case("delta-q4_k", requantised, Dtype::GgmlQ4K, Some(blocks)),
    ]
}

/// Elements of a row in the cases of plans.
const ROW: usize = 128;

/// What came with version 2: plans, and codings that need more bytes to pay.
fn plan_cases() -> Vec<(u8, Case)> {
    let case = |name, (dtype, raw): (Dtype, Vec<u8>), base, level| Case {
        name,
        raw,
        dtype,
        row: ROW as u32,
        base,
        level,
    };
    let scaled = scaled(8, 160 * ROW);
    let tuned = tuned(&scaled);
    let bf16 = (Dtype::Bf16, bf16_bytes(&scaled));
    let f32 = (Dtype::F32, f32_bytes(&scaled));
    let f16 = (Dtype::F16, f16_bytes(&scaled));
    let tuned_bf16 = (Dtype::Bf16, bf16_bytes(&tuned));
    let from_bf16: Vec<u8> = bf16
        .1
        .chunks(2)
        .flat_map(|two| [0, 0, two[0], two[1]])
        .collect();
    let fixed: Vec<f32> = scaled
        .iter()
        .map(|w| (w * 4096.0).floor() / 4096.0)
        .collect();
    let steps = self::scaled(11, scaled.len());
    let like = scaled.iter().zip(&steps);
    let like: Vec<f32> = like.map(|(w, step)| 0.6 * w + 0.8 * step).collect();
    let like = f32_bytes(&like);
    let bells = bell(13, 160 * ROW);
    let mean = |i: usize| ((i % ROW * 97 % 83) as f32 - 41.0) / 1000.0;
    let about = bells.iter().enumerate().map(|(i, w)| w + mean(i));
    let about: Vec<f32> = about.collect();
    let bell = bell(10, 24_000);
    let far: Vec<f32> = self::scaled(12, 160 * ROW)
        .iter()
        .map(|w| w * 0.7331)
        .collect();
    let far_f32 = (Dtype::F32, f32_bytes(&far));
    let far_bf16 = (Dtype::Bf16, bf16_bytes(&far));
    vec![
        (
            0,
            case(
                "tiered-bf16",
                (Dtype::Bf16, bf16_bytes(&bell)),
                None,
                Level::Fast,
            ),
        ),
        (
            0,
            case(
                "tiered-f16",
                (Dtype::F16, f16_bytes(&bell)),
                None,
                Level::Fast,
            ),
        ),
        (
            0,
            case(
                "levels-bf16",
                (Dtype::Bf16, bf16_bytes(&bell)),
                None,
                Level::Default,
            ),
        ),
        (
            0,
            case(
                "levels-f16",
                (Dtype::F16, f16_bytes(&bell)),
                None,
                Level::Default,
            ),
        ),
        (
            0,
            case(
                "levels-twice-f16",
                (Dtype::F16, f16_bytes(&self::bell(11, 20_000))),
                None,
                Level::Default,
            ),
        ),
        (0, case("fast-bf16", bf16.clone(), None, Level::Fast)),
        (0, case("fast-f32", f32.clone(), None, Level::Fast)),
        (0, case("fast-f16", f16.clone(), None, Level::Fast)),
        (
            0,
            case("bf16-in-f32", (Dtype::F32, from_bf16), None, Level::Default),
        ),
        (1, case("classes-bf16", bf16.clone(), None, Level::Max)),
        (1, case("classes-f32", f32.clone(), None, Level::Max)),
        (1, case("classes-f16", f16, None, Level::Max)),
        (
            2,
            case(
                "blocks-q4_1",
                (Dtype::GgmlQ4_1, q4_1(&scaled)),
                None,
                Level::Max,
            ),
        ),
        (
            2,
            case(
                "blocks-marks-q4_1",
                (Dtype::GgmlQ4_1, q4_1(&scaled)),
                None,
                Level::Max,
            ),
        ),
        (
            2,
            case(
                "blocks-marks-q8_0",
                (Dtype::GgmlQ8_0, q8_0(&scaled, f32::trunc)),
                None,
                Level::Max,
            ),
        ),
        (
            2,
            case(
                "blocks-twos-q4_1",
                (Dtype::GgmlQ4_1, q4_1(&scaled)),
                None,
                Level::Max,
            ),
        ),
        (
            2,
            case(
                "blocks-twos-q5_0",
                (Dtype::GgmlQ5_0, q5_0(&bells)),
                None,
                Level::Max,
            ),
        ),
        (
            2,
            case(
                "blocks-shifted-q8_0",
                (Dtype::GgmlQ8_0, q8_0(&about, f32::round)),
                None,
                Level::Max,
            ),
        ),
        (
            2,
            case(
                "blocks-pairs-q4_1",
                (Dtype::GgmlQ4_1, q4_1(&scaled)),
                None,
                Level::Default,
            ),
        ),
        (
            2,
            case(
                "blocks-upper-q5_0",
                (Dtype::GgmlQ5_0, q5_0(&scaled)),
                None,
                Level::Default,
            ),
        ),
        (
            5,
            case(
                "fields-q4_1",
                (Dtype::GgmlQ4_1, q4_1(&scaled)),
                None,
                Level::Default,
            ),
        ),
        (
            5,
            case(
                "fields-q5_0",
                (Dtype::GgmlQ5_0, q5_0(&scaled)),
                None,
                Level::Default,
            ),
        ),
        (
            5,
            case(
                "fields-q8_0",
                (Dtype::GgmlQ8_0, q8_0(&bell.repeat(4), f32::trunc)),
                None,
                Level::Default,
            ),
        ),
        (
            5,
            case(
                "fields-fours-q8_0",
                (Dtype::GgmlQ8_0, q8_0(&bell.repeat(4), f32::trunc)),
                None,
                Level::Fast,
            ),
        ),
        (
            5,
            case(
                "fields-quarters-q8_0",
                (Dtype::GgmlQ8_0, q8_0(&bell.repeat(4), f32::trunc)),
                None,
                Level::Default,
            ),
        ),
        (
            3,
            case(
                "tuned-bf16",
                tuned_bf16.clone(),
                Some(bf16.clone()),
                Level::Default,
            ),
        ),
        (
            3,
            case("tuned-bf16-max", tuned_bf16, Some(bf16.clone()), Level::Max),
        ),
        (
            3,
            case(
                "f32-beside-bf16",
                f32.clone(),
                Some(bf16.clone()),
                Level::Default,
            ),
        ),
        (
            3,
            case(
                "like-f32",
                (Dtype::F32, like),
                Some(f32.clone()),
                Level::Default,
            ),
        ),
        (3, case("bf16-beside-f32", bf16, Some(f32), Level::Default)),
        (6, case("centred-f32", far_f32, None, Level::Default)),
        (6, case("centred-bf16", far_bf16, None, Level::Default)),
        (
            7,
            case(
                "stored-f32",
                (Dtype::F32, noise(12, 40_001)),
                None,
                Level::Default,
            ),
        ),
        (
            4,
            case(
                "fixed-f32",
                (Dtype::F32, f32_bytes(&fixed)),
                None,
                Level::Default,
            ),
        ),
        (8, case("values-f32", listed(60), None, Level::Default)),
        (
            8,
            case("values-two-planes-f32", listed(700), None, Level::Default),
        ),
        (9, case("steps-i64", growing(), None, Level::Default)),
        (10, case("strings", texts(), None, Level::Default)),
    ]
}

/// Texts with their lengths, and others.
fn texts() -> (Dtype, Vec<u8>) {
    let words = noise(15, 30_000);
    let words = words.as_chunks::<3>().0.iter();
    let texts = words.flat_map(|[a, b, c]| {
        let word = format!("{:x}", u32::from_le_bytes([*a, *b, *c, 0]) >> (a % 20));
        [&(word.len() as u64).to_le_bytes(), word.as_bytes()].concat()
    });
    let texts: Vec<u8> = texts.collect();
    let header = b"a header of no texts".as_slice();
    (
        Dtype::Bytes,
        [header, &texts, header, &texts[..1000]].concat(),
    )
}

/// Floats out of a list of so many values.
fn listed(count: u16) -> (Dtype, Vec<u8>) {
    let values = f32_bytes(&weights(12, count.into()));
    let values = values.as_chunks::<4>().0;
    let places = noise(13, 2 * 160 * ROW);
    let places = places.as_chunks::<2>().0.iter();
    let units = places.map(|two| values[usize::from(u16::from_le_bytes(*two) % count)]);
    (Dtype::F32, units.flatten().collect())
}

/// Integers that grow.
fn growing() -> (Dtype, Vec<u8>) {
    let steps = noise(14, 160 * ROW).into_iter();
    let units = steps.scan(0u64, |at, step| {
        *at += u64::from(step & 31);
        Some(at.to_le_bytes())
    });
    (Dtype::I64, units.flatten().collect())
}

/// Weights whose rows and columns have scales of their own.
fn scaled(seed: u64, count: usize) -> Vec<f32> {
    let scale = |i: usize| 1.0 / (1 << (i % 5)) as f32;
    let each = weights(seed, count).into_iter().enumerate();
    each.map(|(i, w)| w * scale(i / ROW) * scale(i % ROW / 3))
        .collect()
}

/// What a little training makes of weights.
fn tuned(weights: &[f32]) -> Vec<f32> {
    let steps = noise(9, weights.len());
    let each = weights.iter().zip(steps);
    each.map(|(w, step)| w + f32::from(step & 15) * 2e-5)
        .collect()
}

/// Weights as most layers have them: near 0 more often than far from it.
fn bell(seed: u64, count: usize) -> Vec<f32> {
    let noise = noise(seed, count * 16);
    let unit = |four: &[u8; 4]| u32::from_le_bytes(*four) as f32 / u32::MAX as f32;
    let sums = noise
        .as_chunks::<16>()
        .0
        .iter()
        .map(|bytes| bytes.as_chunks::<4>().0.iter().map(unit).sum::<f32>());
    sums.map(|sum| (sum - 2.0) * 0.05).collect()
}

fn f16_bytes(weights: &[f32]) -> Vec<u8> {
    let half = |w: &f32| {
        let bits = w.abs().to_bits();
        // Small ones are cut to zero, which is near enough for a test.
        let magnitude = (bits >> 13).saturating_sub(112 << 10) as u16;
        magnitude | if w.is_sign_negative() { 0x8000 } else { 0 }
    };
    weights.iter().flat_map(|w| half(w).to_le_bytes()).collect()
}

/// Weights in blocks of 32: scale, minimum, nibbles.
fn q4_1(weights: &[f32]) -> Vec<u8> {
    let block = |block: &[f32]| {
        let low = block.iter().fold(f32::MAX, |a, b| a.min(*b));
        let high = block.iter().fold(f32::MIN, |a, b| a.max(*b));
        let step = (high - low) / 15.0;
        let quant = |w: f32| ((w - low) / step + 0.5) as u8;
        let mut bytes = f16_bytes(&[step, low]);
        bytes.extend((0..16).map(|i| quant(block[i]) | quant(block[16 + i]) << 4));
        bytes
    };
    weights.chunks_exact(32).flat_map(block).collect()
}

/// Weights in blocks of 32: scale, high bits, nibbles.
fn q5_0(weights: &[f32]) -> Vec<u8> {
    let block = |block: &[f32]| {
        let step = block.iter().fold(0f32, |a, b| a.max(b.abs())) / 16.0;
        let quant = |w: f32| ((w / step + 16.5) as u8).min(31);
        let mut bytes = f16_bytes(&[step]);
        let high = (0..32).fold(0, |bits, i| bits | u32::from(quant(block[i]) >> 4) << i);
        bytes.extend(high.to_le_bytes());
        bytes.extend((0..16).map(|i| quant(block[i]) & 15 | quant(block[16 + i]) << 4));
        bytes
    };
    weights.chunks_exact(32).flat_map(block).collect()
}

/// Weights in blocks of 32: scale, signed bytes.
fn q8_0(weights: &[f32], whole: fn(f32) -> f32) -> Vec<u8> {
    let block = |block: &[f32]| {
        let step = block.iter().fold(0f32, |a, b| a.max(b.abs())) / 127.0;
        let quant = |w: &f32| whole(w / step) as i8 as u8;
        let mut bytes = f16_bytes(&[step]);
        bytes.extend(block.iter().map(quant));
        bytes
    };
    weights.chunks_exact(32).flat_map(block).collect()
}

/// Blocks with few bits that are set: so many that no other plan is tried.
fn sparse(dtype: Dtype) -> Vec<u8> {
    let len = (66 << 10) / dtype.block_bytes() * dtype.block_bytes();
    let noise = noise(u64::from(dtype as u8), 4 * len);
    let bytes = noise.as_chunks::<4>().0.iter();
    bytes.map(|[a, b, c, d]| a & b & c & d).collect()
}

/// Blocks of which each dtype has its own fields.
fn field_cases() -> Vec<(u8, Case)> {
    let dtypes = [
        ("fields-q2_k", Dtype::GgmlQ2K),
        ("fields-q3_k", Dtype::GgmlQ3K),
        ("fields-iq4_xs", Dtype::GgmlIq4Xs),
        ("fields-iq2_xxs", Dtype::GgmlIq2Xxs),
        ("fields-iq2_xs", Dtype::GgmlIq2Xs),
        ("fields-iq3_xxs", Dtype::GgmlIq3Xxs),
        ("fields-iq1_s", Dtype::GgmlIq1S),
        ("fields-iq1_m", Dtype::GgmlIq1M),
    ];
    let case = |(name, dtype)| Case {
        name,
        raw: sparse(dtype),
        dtype,
        row: 0,
        base: None,
        level: Level::Default,
    };
    dtypes.map(|each| (5, case(each))).into()
}

fn path(version: u8, name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    folder.join(format!("v{version}-{name}.blob"))
}

fn blob(case: &Case) -> Blob {
    let base = case.base.as_ref().map(|(dtype, raw)| Base {
        id: id(raw),
        raw,
        dtype: *dtype,
    });
    let hint = Hint {
        row: case.row,
        ..hint(case.dtype)
    };
    sheaf_codec::encode(&case.raw, id(&case.raw), &hint, base.as_ref(), case.level)
}

/// Reads a file, which must be what the case says, and returns its bytes.
fn read(version: u8, case: &Case) -> Vec<u8> {
    let name = case.name;
    let golden = std::fs::read(path(version, name)).unwrap();
    let base = case.base.as_ref().map(|(_, raw)| raw.as_slice());
    assert!(decode(&golden, base).unwrap() == case.raw, "{name}");
    let Parsed::Header(header, _) = Header::parse(&golden).unwrap() else {
        panic!("{name}")
    };
    assert_eq!(header.chunk_id(), id(&case.raw), "{name}");
    assert_eq!(header.base(), base.map(id), "{name}");
    assert_eq!(golden[4], version, "{name}");
    golden
}

#[test]
fn every_version_is_read() {
    for case in first_cases() {
        for version in 1..=CURRENT {
            read(version, &case);
        }
    }
}

#[test]
fn every_plan_is_read() {
    for (plan, case) in plan_cases().into_iter().chain(field_cases()) {
        let golden = read(2, &case);
        // Where the header names the plan: see docs/format.md.
        assert_eq!(golden[60], plan, "{}", case.name);
    }
}

/// Run once for each version, when it is released.
#[test]
#[ignore = "writes the golden files of the current version"]
fn write_golden_files() {
    let plans = plan_cases().into_iter().chain(field_cases());
    let plans = plans.map(|(_, case)| case);
    for case in first_cases().into_iter().chain(plans) {
        let path = path(CURRENT, case.name);
        if !path.exists() {
            std::fs::write(path, blob(&case).bytes).unwrap();
        }
    }
}
