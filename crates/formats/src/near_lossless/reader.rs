//! A file's bytes, rounded as they stream by.

use std::io::{self, ErrorKind, Read};

use sheaf_codec::stream::RoundedTensor;

use super::float;
use super::parts::Rounding;

/// Bytes that are rounded at once.
const BUFFER_LEN: usize = 1 << 20;

/// Reads a file from its first byte to its last, with its tensors rounded.
pub struct Rounded<R> {
    inner: R,
    rounding: Rounding,
    /// By part.
    errors: Vec<float::Error>,
    /// The first part that is not done.
    part: usize,
    /// The first patch that is not done.
    patch: usize,
    /// The file's bytes from `start` on. The first `ready` of them are rounded, and handed out up to
    /// `given`; after them come fewer than an element takes.
    buffer: Vec<u8>,
    start: u64,
    ready: usize,
    given: usize,
    ended: bool,
}

impl<R: Read> Rounded<R> {
    /// The bytes of the file of which the plan is.
    pub fn new(inner: R, rounding: Rounding) -> Self {
        Self {
            inner,
            errors: vec![float::Error::default(); rounding.parts.len()],
            rounding,
            part: 0,
            patch: 0,
            buffer: Vec::new(),
            start: 0,
            ready: 0,
            given: 0,
            ended: false,
        }
    }

    /// What was read from, and the tensors of which any byte was changed, in the order of the file. Tensors that share bytes
    /// have the errors of all that they make up together.
    pub fn finish(self) -> (R, Vec<RoundedTensor>) {
        let parts = self.rounding.parts.into_iter().zip(self.errors);
        let changed = parts.filter(|(_, error)| error.changed);
        let tensors = changed.flat_map(|(part, error)| {
            part.names.into_iter().map(move |name| RoundedTensor {
                name,
                max_error: error.max,
                mean_error: error.mean(),
            })
        });
        (self.inner, tensors.collect())
    }

    /// Reads on, and rounds what came.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.ready);
        self.start += self.ready as u64;
        (self.ready, self.given) = (0, 0);
        while self.ready == 0 && !self.ended {
            let kept = self.buffer.len();
            self.buffer.resize(BUFFER_LEN, 0);
            let read = self.inner.read(&mut self.buffer[kept..]);
            self.buffer.truncate(kept + *read.as_ref().unwrap_or(&0));
            match read {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => self.ended = read? == 0,
            }
            self.ready = self.round()?;
        }
        self.apply_patches();
        Ok(())
    }

    /// Patches what is rounded, as far as that goes.
    fn apply_patches(&mut self) {
        while let Some(patch) = self.rounding.patches.get(self.patch) {
            for (at, byte) in (patch.at..).zip(patch.bytes) {
                if let Some(at) = at.checked_sub(self.start)
                    && at < self.ready as u64
                {
                    self.buffer[at as usize] = byte;
                }
            }
            if self.start + (self.ready as u64) < patch.at + 4 {
                return;
            }
            self.patch += 1;
        }
    }

    /// Rounds the buffer, and says how much of it is done.
    fn round(&mut self) -> io::Result<usize> {
        let end = self.start + self.buffer.len() as u64;
        while let Some(part) = self.rounding.parts.get(self.part)
            && part.range.start < end
        {
            let from = part.range.start.saturating_sub(self.start) as usize;
            let to = (part.range.end.min(end) - self.start) as usize;
            // A buffer that begins in a part begins with an element.
            let whole = to - (to - from) % part.float.width;
            let places = self.rounding.bits.get().into();
            let error = &mut self.errors[self.part];
            part.float
                .round(&mut self.buffer[from..whole], places, error)
                .ok_or_else(changed_meanwhile)?;
            if self.start + (whole as u64) < part.range.end {
                return match self.ended {
                    true => Err(changed_meanwhile()),
                    false => Ok(whole),
                };
            }
            self.part += 1;
        }
        if self.ended && self.part < self.rounding.parts.len() {
            return Err(changed_meanwhile());
        }
        Ok(self.buffer.len())
    }
}

impl<R: Read> Read for Rounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.given == self.ready {
            self.fill()?;
        }
        let len = out.len().min(self.ready - self.given);
        out[..len].copy_from_slice(&self.buffer[self.given..][..len]);
        self.given += len;
        Ok(len)
    }
}

fn changed_meanwhile() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "it was changed while it was read")
}

#[cfg(test)]
mod tests {
    use sheaf_codec::Dtype;

    use super::*;
    use crate::near_lossless::Bits;
    use crate::near_lossless::float::Float;
    use crate::near_lossless::parts::Part;
    use crate::near_lossless::sums::Patch;

    fn numbers() -> Vec<f32> {
        (0..1000).map(|i| (i as f32 * 0.7).sin()).collect()
    }

    /// A byte, floats, and a byte.
    fn file() -> (Vec<u8>, Rounding) {
        let floats = numbers().into_iter().flat_map(f32::to_le_bytes);
        let file: Vec<u8> = [7].into_iter().chain(floats).chain([9]).collect();
        let part = Part {
            range: 1..4001,
            float: Float::of(Dtype::F32).unwrap(),
            names: vec!["w".into()],
        };
        let bits = Bits::new(8).unwrap();
        let rounding = Rounding {
            bits,
            parts: vec![part],
            patches: vec![],
        };
        (file, rounding)
    }

    /// Gives few bytes at a time.
    struct Drops<'a>(&'a [u8], usize);

    impl Read for Drops<'_> {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            let len = self.1.min(out.len());
            self.0.read(&mut out[..len])
        }
    }

    #[test]
    fn elements_are_whole_however_bytes_come() {
        let (file, rounding) = file();
        let floor = |x: &f32| ((x * 256.0).floor() / 256.0).to_le_bytes();
        let expected: Vec<u8> = numbers().iter().flat_map(floor).collect();
        for len in [1, 2, 3, 5, 1000, 5000] {
            let mut rounded = Rounded::new(Drops(&file, len), rounding.clone());
            let mut found = vec![];
            rounded.read_to_end(&mut found).unwrap();
            let [tensor] = rounded.finish().1.try_into().unwrap();
            assert_eq!((found[0], found[4001]), (7, 9));
            assert!(found[1..4001] == expected);
            assert_eq!(tensor.name, "w");
            assert!(tensor.max_error < 1.0 / 256.0 && tensor.max_error > 0.9 / 256.0);
            assert!((tensor.mean_error - 0.5 / 256.0).abs() < 0.02 / 256.0);
            let mut again = Rounded::new(found.as_slice(), rounding.clone());
            let mut same = vec![];
            again.read_to_end(&mut same).unwrap();
            assert!(same == found && again.finish().1.is_empty());
        }
    }

    #[test]
    fn a_file_that_is_another_now_is_an_error() {
        let (mut file, rounding) = file();
        let read = |file: &[u8]| {
            let mut rounded = Rounded::new(file, rounding.clone());
            io::copy(&mut rounded, &mut io::sink())
        };
        for len in [0, 1, 2, 3999, 4000] {
            assert!(read(&file[..len]).is_err(), "{len}");
        }
        assert_eq!(read(&file[..4001]).unwrap(), 4001);
        file[1001..1005].copy_from_slice(&1.5_f32.to_le_bytes());
        assert!(read(&file).is_err());
    }

    #[test]
    fn patches_may_lie_over_an_edge() {
        let file: Vec<u8> = (0..100).collect();
        let bits = Bits::new(8).unwrap();
        let patch = |at, byte| Patch {
            at,
            bytes: [byte; 4],
        };
        let patches = vec![patch(3, 200), patch(50, 201), patch(96, 202)];
        let parts = vec![];
        let rounding = Rounding {
            bits,
            parts,
            patches,
        };
        let mut expected = file.clone();
        expected[3..7].fill(200);
        expected[50..54].fill(201);
        expected[96..].fill(202);
        for len in [1, 3, 52, 1000] {
            let mut found = vec![];
            let mut rounded = Rounded::new(Drops(&file, len), rounding.clone());
            rounded.read_to_end(&mut found).unwrap();
            assert_eq!(found, expected);
        }
    }
}
