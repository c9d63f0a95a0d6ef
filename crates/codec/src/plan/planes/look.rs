//! Whether units can be coded in one pass: all planes are noise, or all but the last one, of which only
//! its values' frequencies are of use. Found by samples, and by what was found for the frame before.

use super::{MAX_PLANES, tiles};
use crate::coder::{How, Kept, Sample, Way, entropy, levels};
use crate::layout::Layout;
use crate::{Dtype, Level, noise, planes};

/// Units of the sample that shows noise: runs spread over the frame.
const RUNS: usize = 128;
const RUN: usize = 16;
/// How often two bytes of that sample are equal, if they are noise, and what more is taken for it.
const PAIRS: u64 = (RUNS * RUN) as u64 * (RUNS * RUN - 1) as u64 / 2 / 256;
const MORE_PAIRS: u64 = PAIRS / 8;
/// From one unit that is counted to the next: no divisor of rows' usual lengths, so that all columns
/// have their turn.
const STEP: usize = 9;
/// The share by which the last plane may be larger than with a code of its own, where it gets the one before's.
const DRIFT: f32 = 0.002;
/// How many times more often than by chance a byte of the last plane is equal to the next where there may be
/// more to find, and what more a sample may show.
const ALIKE: f64 = 1.2;
const MORE_ALIKE: f64 = 0.01;

/// What units can be made of in one pass.
pub(super) enum Look {
    /// All planes as they are.
    Noise,
    /// The last plane coded, in levels by what is kept for it, and the others as they are.
    Last,
}

/// How units are coded in one pass, if that will do.
pub(super) fn look(
    layout: Layout,
    dtype: Dtype,
    level: Level,
    units: &[u8],
    kept: &mut Kept,
) -> Option<Look> {
    // Those who code a single plane look at it anyway.
    if level != Level::Max && layout.planes() == 1 {
        return None;
    }
    if level == Level::Max || !tiles::fits(layout) {
        return noise::is_noise(units).then_some(Look::Noise);
    }
    if units.len() < 2 * RUNS * RUN * layout.unit() {
        return None;
    }
    let mut sample = [0; RUNS * RUN * MAX_PLANES];
    let sample = sampled_planes(layout, units, &mut sample);
    let noise = sample
        .chunks(RUNS * RUN)
        .take_while(|p| is_noise(p))
        .count();
    if noise == layout.planes() {
        return Some(Look::Noise);
    }
    if noise + 1 < layout.planes() {
        return None;
    }
    let last_sample = &sample[noise * RUNS * RUN..];
    let counted = Sample::of_runs(last_sample.as_chunks::<RUN>().0.iter());
    let way = kept.take(noise);
    let way = way.filter(|way| way.levels().is_some() && way.fits(&counted, DRIFT));
    let way = match way {
        Some(way) => way,
        None => {
            let code = last(layout, dtype, level, units, alike(last_sample))?;
            Way::new(How::Levels(Box::new(code)), &counted)
        }
    };
    kept.keep(noise, Some(way));
    Some(Look::Last)
}

/// How the last plane is coded where the others are noise.
fn last(
    layout: Layout,
    dtype: Dtype,
    level: Level,
    units: &[u8],
    alike: f64,
) -> Option<levels::Code> {
    let raw = raw_bits(layout, dtype, level)?;
    let counts = count_last(layout, units);
    let mut coded = [0; 256];
    for (value, count) in counts.iter().enumerate() {
        coded[value & usize::from(!raw)] += count;
    }
    let total = f64::from(counts.iter().sum::<u32>());
    let by_chance: f64 = counts.iter().map(|&n| (f64::from(n) / total).powi(2)).sum();
    if alike > by_chance * ALIKE + MORE_ALIKE {
        return None;
    }
    let fit = levels::fit(&coded, raw)?;
    let others = 8.0 * (layout.planes() - 1) as f64;
    let most = (entropy(&counts) + others) * (1.0 + for_speed(level)) - others;
    (fit.bits <= most).then(|| fit.code())
}

/// The share by which what is stored may be larger than by the entropy of the last plane.
fn for_speed(level: Level) -> f64 {
    if level == Level::Fast { 0.01 } else { 0.005 }
}

/// The bits of the last plane that are as good as noise, for floats whose other planes are likely to be.
fn raw_bits(layout: Layout, dtype: Dtype, level: Level) -> Option<u8> {
    match (layout, dtype) {
        (Layout::Bf16 | Layout::F32, _) => Some(0),
        // The sign, and the two bits of mantissa, which say little.
        (Layout::Bytes(2), Dtype::F16 | Dtype::C32) if level == Level::Fast => Some(0x83),
        (Layout::Bytes(2), Dtype::F16 | Dtype::C32) => Some(0x80),
        _ => None,
    }
}

/// A sample of the units, as planes that follow each other.
fn sampled_planes<'a>(
    layout: Layout,
    units: &[u8],
    planes: &'a mut [u8; RUNS * RUN * MAX_PLANES],
) -> &'a [u8] {
    let unit = layout.unit();
    let step = units.len() / unit / RUNS * unit;
    let mut sample = [0; RUNS * RUN * MAX_PLANES];
    let sample = &mut sample[..RUNS * RUN * unit];
    for (to, from) in sample.chunks_mut(RUN * unit).zip(units.chunks(step)) {
        to.copy_from_slice(&from[..RUN * unit]);
    }
    let planes = &mut planes[..RUNS * RUN * unit];
    planes::split(layout, sample, planes);
    planes
}

/// The share of bytes of a sampled plane that are equal to the next of their run.
fn alike(plane: &[u8]) -> f64 {
    let pairs = plane.chunks(RUN).flat_map(|run| run.windows(2));
    let equal = pairs.filter(|pair| pair[0] == pair[1]).count();
    equal as f64 / (RUNS * (RUN - 1)) as f64
}

fn is_noise(plane: &[u8]) -> bool {
    let mut counts = [0u32; 256];
    for byte in plane {
        counts[usize::from(*byte)] += 1;
    }
    noise::equal_pairs(counts.into_iter()) <= PAIRS + MORE_PAIRS
}

/// Counts of the last plane's bytes, of one unit in some.
fn count_last(layout: Layout, units: &[u8]) -> [u32; 256] {
    const TABLES: usize = 4;
    let shift = if layout == Layout::Bytes(2) { 8 } else { 7 };
    let unit = layout.unit();
    // Several tables, so that a value that comes again does not wait for its own counter.
    let mut tables = [[0; 256]; TABLES];
    for run in units.chunks_exact(TABLES * STEP * unit) {
        for (i, table) in tables.iter_mut().enumerate() {
            let at = i * STEP * unit + unit - 2;
            let top = u16::from_le_bytes([run[at], run[at + 1]]);
            table[usize::from((top >> shift) as u8)] += 1;
        }
    }
    std::array::from_fn(|value| tables.iter().map(|table| table[value]).sum())
}
