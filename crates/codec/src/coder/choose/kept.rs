//! How the planes of the frame before were coded. Those of the next one are like them as a rule, which a small
//! sample shows, and are coded in the same way without another look.

use crate::coder::histogram::{self, weight};
use crate::coder::{Coding, Scratch, levels, split};
use crate::cpu::at_best;

/// Shorter planes are decided on alone.
pub(super) const LEAST: usize = 512;

/// Ways by the place of their plane in a frame.
#[derive(Default)]
pub(crate) struct Kept {
    ways: Vec<Option<Way>>,
    /// Whether no frame follows that could use them.
    pub is_last: bool,
}

impl Kept {
    /// What was found for one chunk is of no use for the next.
    pub(crate) fn forget(&mut self) {
        self.ways.clear();
        self.is_last = false;
    }

    /// Whether there is no way for a place, and none is of use later.
    pub(super) fn is_alone(&self, slot: usize) -> bool {
        self.is_last && self.ways.get(slot).is_none_or(Option::is_none)
    }

    pub(crate) fn take(&mut self, slot: usize) -> Option<Way> {
        self.ways.get_mut(slot)?.take()
    }

    /// The code in levels of a plane, if it has one.
    pub(crate) fn levels(&self, slot: usize) -> Option<&levels::Code> {
        self.ways.get(slot)?.as_ref()?.levels()
    }

    pub(crate) fn keep(&mut self, slot: usize, way: Option<Way>) {
        if slot >= self.ways.len() {
            self.ways.resize_with(slot + 1, || None);
        }
        self.ways[slot] = way;
    }
}

/// How a plane was coded, and how good that was for a sample of it.
pub(crate) struct Way {
    how: How,
    /// The bits a byte beyond the entropy.
    excess: f32,
    /// The share of bytes that are equal to the next.
    equal: f32,
}

/// What can be used again.
pub(crate) enum How {
    Raw,
    /// A byte, but for the bits of a mask.
    Bits(u8, u8),
    Levels(Box<levels::Code>),
}

impl How {
    /// The bits that a byte takes, about: more than any has where it cannot be coded.
    fn bits(&self) -> [f32; 256] {
        match self {
            How::Raw => [8.0; 256],
            How::Bits(mask, byte) => std::array::from_fn(|of| match of as u8 & !mask == *byte {
                true => mask.count_ones() as f32,
                false => f32::from(u16::MAX),
            }),
            How::Levels(code) => *code.bits(),
        }
    }
}

impl Way {
    /// With a sample of the plane that it was found for.
    pub(crate) fn new(how: How, sample: &Sample) -> Way {
        Way {
            excess: sample.excess(&how.bits()),
            equal: sample.equal(),
            how,
        }
    }

    /// Whether it is as good for another plane, by a sample of that: at a loss of at most such a share.
    pub(crate) fn fits(&self, sample: &Sample, loss: f32) -> bool {
        let by_chance = 3.0 * (self.equal / sample.total()).sqrt();
        // What samples of one plane differ by.
        let noise = 0.25 / sample.total().sqrt();
        let most = self.excess + loss * sample.entropy() + noise;
        sample.equal() <= self.equal + by_chance + 0.004 && sample.excess(&self.how.bits()) <= most
    }

    /// Encodes a plane to the end of `out`, if that can be.
    pub(super) fn encode(
        &self,
        plane: &[u8],
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Option<Coding> {
        match &self.how {
            How::Raw => {
                out.extend_from_slice(plane);
                Some(Coding::Raw)
            }
            How::Bits(mask, byte) => {
                if others(plane, *mask, *byte) {
                    return None;
                }
                split::encode_constant(plane, *byte, *mask, out);
                Some(Coding::Bits)
            }
            How::Levels(code) => {
                levels::encode(plane, code, &mut scratch.levels, out);
                Some(Coding::Levels)
            }
        }
    }

    /// The code in levels, if it is one.
    pub(crate) fn levels(&self) -> Option<&levels::Code> {
        match &self.how {
            How::Levels(code) => Some(code),
            _ => None,
        }
    }
}

at_best! {
    /// Whether any byte is another one, but for the bits of a mask.
    fn others(plane: &[u8], mask: u8, byte: u8) -> bool = others_any
}

#[inline(always)]
fn others_any(plane: &[u8], mask: u8, byte: u8) -> bool {
    let other = |part: &[u8]| part.iter().fold(0, |any, own| any | ((own & !mask) ^ byte)) != 0;
    plane.chunks(4096).any(other)
}

/// Bytes of a sample that lie together.
const RUN: usize = 32;

/// A small sample of a plane.
pub(crate) struct Sample {
    counts: [u32; 256],
    /// How many bytes are equal to the next of their run, and how many are not the last of one.
    equal: u32,
    pairs: u32,
    /// The bits that all take by the entropy, and how many there are.
    weight: f32,
    total: u32,
}

impl Sample {
    pub(super) fn of(plane: &[u8]) -> Sample {
        let runs = (plane.len() / 1024).clamp(64, 128);
        // An odd step, so that all columns have their turn.
        let step = (plane.len().saturating_sub(RUN) / runs).saturating_sub(1) | 1;
        let starts = (0..runs).map(|run| run * step);
        Sample::of_runs(starts.filter_map(|start| plane.get(start..)?.first_chunk::<RUN>()))
    }

    /// Of runs of an even length.
    pub(crate) fn of_runs<'a, const N: usize>(runs: impl Iterator<Item = &'a [u8; N]>) -> Sample {
        let (mut equal, mut pairs) = (0, 0);
        let counts = histogram::of_runs(runs.inspect(|run| {
            let next = run[1..].iter().zip(*run);
            equal += next.map(|(a, b)| u32::from(a == b)).sum::<u32>();
            pairs += N as u32 - 1;
        }));
        Sample {
            weight: weight(&counts),
            total: counts.iter().sum(),
            counts,
            equal,
            pairs,
        }
    }

    /// How often each byte occurs in it.
    pub(super) fn counts(&self) -> &[u32; 256] {
        &self.counts
    }

    /// Whether it has so many bytes of each kind that a code for it is one for all.
    pub(super) fn is_enough(&self) -> bool {
        histogram::kinds(&self.counts) as u32 * 32 <= self.total
    }

    /// How many bytes it has, or 1 for none.
    pub(super) fn total(&self) -> f32 {
        self.total.max(1) as f32
    }

    fn equal(&self) -> f32 {
        self.equal as f32 / self.pairs.max(1) as f32
    }

    /// Bits a byte.
    fn entropy(&self) -> f32 {
        self.weight / self.total()
    }

    /// The bits a byte that codes of some lengths take beyond the entropy: about those of the whole plane, where a
    /// sample's entropy is less than the plane's by half a bit (to base e) for each value that it has.
    fn excess(&self, bits: &[f32; 256]) -> f32 {
        let unseen =
            (histogram::kinds(&self.counts).max(1) - 1) as f32 * 0.5 * std::f32::consts::LOG2_E;
        (product(&self.counts, bits) - self.weight - unseen) / self.total()
    }
}

at_best! {
    fn product(counts: &[u32; 256], bits: &[f32; 256]) -> f32 = product_any
}

#[inline(always)]
fn product_any(counts: &[u32; 256], bits: &[f32; 256]) -> f32 {
    let mut sums = [0.0; 16];
    let parts = counts
        .as_chunks::<16>()
        .0
        .iter()
        .zip(bits.as_chunks::<16>().0);
    for (counts, bits) in parts {
        for ((sum, count), bits) in sums.iter_mut().zip(counts).zip(bits) {
            *sum += *count as f32 * bits;
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::super::{encode, encode_next};
    use super::*;
    use crate::{Level, coder};

    /// Bytes of a bell curve about a place.
    fn bell(len: usize, seed: u8, place: u8) -> Vec<u8> {
        let mut noise = vec![0; len + 7];
        blake3::Hasher::new()
            .update(&[seed])
            .finalize_xof()
            .fill(&mut noise);
        let sum = |bytes: &[u8]| bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>();
        let bells = noise.windows(8).map(|bytes| (sum(bytes) / 64) as u8);
        bells.map(|bell| bell.wrapping_add(place)).collect()
    }

    #[test]
    fn what_is_alike_is_coded_alike_and_what_is_not_gets_its_own_way() {
        let len = 100_000;
        let mut noise = vec![0; len];
        blake3::Hasher::new().finalize_xof().fill(&mut noise);
        let bits = |byte: u8| {
            noise
                .iter()
                .map(|own| own & 0x11 | byte)
                .collect::<Vec<u8>>()
        };
        let mut odd = bits(2);
        odd[77_777] = 0xff;
        let mut rows = noise.clone();
        rows.chunks_mut(500).step_by(8).for_each(|row| row.fill(0));
        let planes = [
            bell(len, 1, 60),
            bell(len, 2, 60),
            bell(len, 3, 90),
            noise.clone(),
            noise.clone(),
            rows,
            bits(2),
            bits(2),
            odd,
            vec![9; len],
            bell(len, 4, 90),
        ];
        for level in [Level::Fast, Level::Default] {
            let mut scratch = Scratch::default();
            for (i, plane) in planes.iter().enumerate() {
                let (mut stored, mut alone) = (Vec::new(), Vec::new());
                let coding = encode_next(plane, 0, level, &mut scratch, &mut stored);
                let mut back = vec![0; len];
                coder::decode(coding, &stored, &mut back).unwrap();
                assert!(back == *plane, "{i}");
                encode(plane, level, &mut Scratch::default(), &mut alone);
                assert!(stored.len() <= alone.len() + alone.len() / 200, "{i}");
            }
        }
    }
}
