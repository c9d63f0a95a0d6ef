//! A file's bytes, rounded as they stream by.

use std::io::{self, ErrorKind, Read};

use super::float;
use super::parts::Rounding;

/// Bytes that are rounded at once.
const BUFFER_LEN: usize = 1 << 20;

/// What rounding did to a tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct RoundedTensor {
    /// Its name.
    pub name: String,
    /// The most that a number was made less by.
    pub max_error: f64,
    /// The same on average, over all its numbers.
    pub mean_error: f64,
}

/// Reads a file from its first byte to its last, with its tensors rounded.
pub struct Rounded<R, S> {
    inner: R,
    /// Is given the bytes as they were.
    seen: S,
    rounding: Rounding,
    /// By part.
    errors: Vec<float::Error>,
    /// The first part that is not done.
    part: usize,
    /// The file's bytes from `start` on. The first `ready` of them are rounded, and handed out up to
    /// `given`; after them come fewer than an element takes.
    buffer: Vec<u8>,
    start: u64,
    ready: usize,
    given: usize,
    ended: bool,
}

impl<R: Read, S: FnMut(&[u8])> Rounded<R, S> {
    /// The bytes of the file of which the plan is, and where to give them before they are changed.
    pub fn new(inner: R, rounding: Rounding, seen: S) -> Self {
        Self {
            inner,
            seen,
            errors: vec![float::Error::default(); rounding.parts.len()],
            rounding,
            part: 0,
            buffer: Vec::new(),
            start: 0,
            ready: 0,
            given: 0,
            ended: false,
        }
    }

    /// The tensors of which any byte was changed, in the order of the file. Tensors that share bytes
    /// have the errors of all that they make up together.
    pub fn finish(self) -> Vec<RoundedTensor> {
        let parts = self.rounding.parts.into_iter().zip(self.errors);
        let changed = parts.filter(|(_, error)| error.changed);
        let tensors = changed.flat_map(|(part, error)| {
            part.names.into_iter().map(move |name| RoundedTensor {
                name,
                max_error: error.max,
                mean_error: error.mean(),
            })
        });
        tensors.collect()
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
            (self.seen)(&self.buffer[kept..]);
            self.ready = self.round()?;
        }
        Ok(())
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

impl<R: Read, S: FnMut(&[u8])> Read for Rounded<R, S> {
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
        let parts = vec![part];
        (file, Rounding { bits, parts })
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
            let mut seen = vec![];
            let mut rounded =
                Rounded::new(Drops(&file, len), rounding.clone(), |bytes: &[u8]| {
                    seen.extend_from_slice(bytes)
                });
            let mut found = vec![];
            rounded.read_to_end(&mut found).unwrap();
            let [tensor] = rounded.finish().try_into().unwrap();
            assert_eq!((found[0], found[4001]), (7, 9));
            assert!(found[1..4001] == expected);
            assert!(seen == file);
            assert_eq!(tensor.name, "w");
            assert!(tensor.max_error < 1.0 / 256.0 && tensor.max_error > 0.9 / 256.0);
            assert!((tensor.mean_error - 0.5 / 256.0).abs() < 0.02 / 256.0);
            let mut again = Rounded::new(found.as_slice(), rounding.clone(), |_: &[u8]| {});
            let mut same = vec![];
            again.read_to_end(&mut same).unwrap();
            assert!(same == found && again.finish().is_empty());
        }
    }

    #[test]
    fn a_file_that_is_another_now_is_an_error() {
        let (mut file, rounding) = file();
        let read = |file: &[u8]| {
            let mut rounded = Rounded::new(file, rounding.clone(), |_: &[u8]| {});
            io::copy(&mut rounded, &mut io::sink())
        };
        for len in [0, 1, 2, 3999, 4000] {
            assert!(read(&file[..len]).is_err(), "{len}");
        }
        assert_eq!(read(&file[..4001]).unwrap(), 4001);
        file[1001..1005].copy_from_slice(&1.5_f32.to_le_bytes());
        assert!(read(&file).is_err());
    }
}
