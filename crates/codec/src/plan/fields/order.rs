//! Blocks by the magnitude of their scale: where it is large beside others' its largest quant stands apart, and
//! the others are nearer to zero.

use crate::Error;
use crate::cpu::at_best;

/// The most classes of blocks.
const CLASSES: usize = 3;
/// Fewer blocks are all of one class.
const WORTH_CLASSES: usize = 2048;
/// The scales that are looked at.
const SAMPLE: usize = 512;

/// The bounds between the classes of a frame's blocks, and by class how many blocks there are.
#[derive(Debug, Default)]
pub(super) struct Order {
    bounds: Vec<u16>,
    /// Where each block goes; nothing where all are of one class.
    pub places: Vec<u32>,
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

    /// Finds the places of all blocks.
    pub(super) fn place(&mut self, scales: &[u16]) {
        self.places.clear();
        self.ends.clear();
        let bounds = match *self.bounds {
            [] => return self.ends.push(scales.len()),
            [first] => [first, u16::MAX],
            [first, second, ..] => [first, second],
        };
        let from = |bound: u16| scales.iter().filter(move |scale| *scale & 0x7fff >= bound);
        let [second, third] = bounds.map(|bound| scales.len() - from(bound).count());
        self.ends.extend([second, third, scales.len()]);
        self.ends.truncate(self.classes());
        if let Some(last) = self.ends.last_mut() {
            *last = scales.len();
        }
        self.places.resize(scales.len(), 0);
        place_all(
            scales,
            bounds,
            [0, second as u32, third as u32],
            &mut self.places,
        );
    }
}

at_best! {
    fn place_all(scales: &[u16], bounds: [u16; 2], starts: [u32; 3], places: &mut [u32]) = place_any
}

/// Where each block goes, by where classes start. In registers all the time, none of which waits for memory.
#[inline(always)]
fn place_any(scales: &[u16], bounds: [u16; 2], starts: [u32; 3], places: &mut [u32]) {
    let [mut first, mut second, mut third] = starts;
    for (scale, place) in scales.iter().zip(places) {
        let magnitude = scale & 0x7fff;
        let [above, high] = bounds.map(|bound| u32::from(magnitude >= bound));
        let low = if above == 1 { second } else { first };
        *place = if high == 1 { third } else { low };
        first += 1 - above;
        second += above - high;
        third += high;
    }
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
        let mut sorted = vec![None; scales.len()];
        for (scale, place) in scales.iter().zip(&order.places) {
            assert_eq!(sorted[*place as usize].replace(*scale), None);
        }
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
        assert_eq!(read.places, order.places);
        assert!(read.read(&mut [3, 0, 0, 0, 0, 0, 0].as_slice()).is_err());
        assert!(read.read(&mut [2, 1, 0, 0, 0].as_slice()).is_err());
        order.fit(&scales[..100], true);
        assert_eq!((order.places.len(), order.ends[..].len()), (0, 1));
    }
}
