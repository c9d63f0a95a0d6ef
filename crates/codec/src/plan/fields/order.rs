//! Blocks by the magnitude of their scale: where it is large beside others' its largest quant stands apart, and
//! the others are nearer to zero.

#[cfg(target_arch = "x86_64")]
mod wide;

use crate::Error;
#[cfg(target_arch = "x86_64")]
use crate::coder::vectors::Wide;
use crate::cpu::at_best;

/// The most classes of blocks.
const CLASSES: usize = 3;
/// Fewer blocks are all of one class.
const WORTH_CLASSES: usize = 2048;
/// The scales that are looked at.
const SAMPLE: usize = 512;
/// Numbers that a kernel writes at once.
const SPARE: usize = 32;

/// The bounds between the classes of a frame's blocks, and by class how many blocks there are.
#[derive(Debug, Default)]
pub(super) struct Order {
    bounds: Vec<u16>,
    /// The numbers of the blocks, class by class; nothing where all are of one.
    pub blocks: Vec<u16>,
    /// Where each class ends, in blocks.
    pub ends: Vec<usize>,
}

impl Order {
    /// Finds bounds anew for the next blocks.
    pub(super) fn forget(&mut self) {
        self.bounds.clear();
    }

    /// About as many blocks in each class, or all in one. Bounds that there are stay as long as they are good for that.
    pub(super) fn fit(&mut self, scales: &[u16], several: bool) {
        if several && scales.len() >= WORTH_CLASSES && self.bounds.len() + 1 == CLASSES {
            self.place(scales);
            if self.ends.is_sorted_by(|a, b| b - a >= scales.len() / 5)
                && self.ends[0] >= scales.len() / 5
            {
                return;
            }
        }
        self.bounds.clear();
        if !several || scales.len() < WORTH_CLASSES {
            return self.place(scales);
        }
        let step = scales.len() / SAMPLE;
        let mut sample: Vec<u16> = scales.iter().step_by(step).map(|s| s & 0x7fff).collect();
        sample.sort_unstable();
        let bounds = (1..CLASSES).map(|class| sample[class * sample.len() / CLASSES]);
        self.bounds.extend(bounds);
        self.place(scales);
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.bounds.len() as u8);
        out.extend(self.bounds.iter().flat_map(|bound| bound.to_le_bytes()));
    }

    /// Takes bounds, which [`Order::place`] then uses.
    pub(super) fn read(&mut self, bytes: &mut &[u8]) -> Result<(), Error> {
        const ERROR: Error = Error::Malformed("classes of blocks");
        let (&number, rest) = bytes.split_first().ok_or(ERROR)?;
        let number = usize::from(number);
        if number >= CLASSES {
            return Err(ERROR);
        }
        let (bounds, rest) = rest.split_at_checked(2 * number).ok_or(ERROR)?;
        *bytes = rest;
        let bounds = bounds.as_chunks().0.iter();
        self.bounds.clear();
        self.bounds
            .extend(bounds.map(|bound| u16::from_le_bytes(*bound)));
        if !self.bounds.is_sorted() {
            return Err(ERROR);
        }
        Ok(())
    }

    /// How many classes there are.
    pub(super) fn classes(&self) -> usize {
        self.bounds.len() + 1
    }

    /// Puts the numbers of all blocks in order.
    pub(super) fn place(&mut self, scales: &[u16]) {
        self.blocks.clear();
        self.ends.clear();
        if self.bounds.is_empty() {
            return self.ends.push(scales.len());
        }
        self.blocks.resize(scales.len() + SPARE, 0);
        let beyond = self.bounds.iter().copied().chain([u16::MAX]);
        let (mut least, mut at) = (0, 0);
        for beyond in beyond {
            at = append(scales, [least, beyond], &mut self.blocks, at);
            self.ends.push(at);
            least = beyond;
        }
        self.blocks.truncate(scales.len());
    }
}

/// Puts the numbers of the blocks whose scales are within bounds behind those there are; how many there are then.
fn append(scales: &[u16], bounds: [u16; 2], blocks: &mut [u16], at: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    if let Some(machine) = Wide::here() {
        let [done, at] = wide::append(machine, scales, bounds, blocks, at);
        return append_best(&scales[done..], done, bounds, blocks, at);
    }
    append_best(scales, 0, bounds, blocks, at)
}

at_best! {
    fn append_best(
        scales: &[u16], first: usize, bounds: [u16; 2], blocks: &mut [u16], at: usize,
    ) -> usize = append_any
}

/// Without a branch: which class a block is of is as a die falls.
#[inline(always)]
fn append_any(
    scales: &[u16],
    first: usize,
    [least, beyond]: [u16; 2],
    blocks: &mut [u16],
    mut at: usize,
) -> usize {
    for (number, scale) in (first as u16..).zip(scales) {
        let magnitude = scale & 0x7fff;
        if let Some(to) = blocks.get_mut(at) {
            *to = number;
        }
        at += usize::from(magnitude >= least) & usize::from(magnitude < beyond);
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_in_order() {
        let scales: Vec<u16> = (0..5000u32)
            .map(|i| (i * i % 7919) as u16 | 0x1000)
            .collect();
        let mut order = Order::default();
        order.fit(&scales, true);
        let mut all = order.blocks.clone();
        all.sort_unstable();
        assert!(all.iter().copied().eq(0..scales.len() as u16));
        let sorted: Vec<u16> = order
            .blocks
            .iter()
            .map(|i| scales[usize::from(*i)])
            .collect();
        let [first, second, third] = order.ends[..] else {
            panic!()
        };
        assert_eq!(third, scales.len());
        assert!(sorted[..first].iter().max() < sorted[first..second].iter().min());
        assert!(sorted[first..second].iter().max() < sorted[second..].iter().min());
        let mut written = Vec::new();
        order.write(&mut written);
        let mut read = Order::default();
        read.read(&mut written.as_slice()).unwrap();
        read.place(&scales);
        assert_eq!(read.blocks, order.blocks);
        crate::cpu::narrowly(|| read.place(&scales));
        assert_eq!((&read.blocks, &read.ends), (&order.blocks, &order.ends));
        assert!(read.read(&mut [3, 0, 0, 0, 0, 0, 0].as_slice()).is_err());
        assert!(read.read(&mut [2, 1, 0, 0, 0].as_slice()).is_err());
        order.fit(&scales[..100], true);
        assert_eq!((order.blocks.len(), order.ends[..].len()), (0, 1));
    }
}
