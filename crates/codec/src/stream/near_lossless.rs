//! The record that says that a file was changed before it was stored.

use super::{Error, KIND_NEAR_LOSSLESS};

/// The most bytes of the record after its kind and length.
pub const MAX_LEN: usize = 32 << 20;

/// Weights of the file were rounded down to multiples of 2^-`bits` before it was hashed.
#[derive(Debug, Clone, PartialEq)]
pub struct NearLossless {
    /// From 1 to 52.
    pub bits: u8,
    /// The SHA-256 of the file as it was.
    pub original_sha256: [u8; 32],
    /// The tensors that were changed, in the order of the file.
    pub tensors: Vec<RoundedTensor>,
}

/// What rounding did to a tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct RoundedTensor {
    /// Its name.
    pub name: String,
    /// The most that a number was made less by.
    pub max_error: f64,
    /// The same on average.
    pub mean_error: f64,
}

impl NearLossless {
    /// The record, to be put after the last blob. Names are cut to 65,535 bytes; tensors for which
    /// there is no room are left away.
    pub fn record(&self) -> Vec<u8> {
        let mut body = vec![self.bits];
        body.extend(self.original_sha256);
        for tensor in &self.tensors {
            let name = &tensor.name;
            let name = &name[..name.floor_char_boundary(usize::from(u16::MAX))];
            if body.len() + 2 + name.len() + 16 > MAX_LEN {
                break;
            }
            body.extend((name.len() as u16).to_le_bytes());
            body.extend(name.as_bytes());
            body.extend(tensor.max_error.to_le_bytes());
            body.extend(tensor.mean_error.to_le_bytes());
        }
        let len = (body.len() as u32).to_le_bytes();
        [&[KIND_NEAR_LOSSLESS], &len[..], &body].concat()
    }

    /// Reads what follows the record's kind and length.
    pub(super) fn read(body: &[u8]) -> Result<NearLossless, Error> {
        let (&[bits], rest) = body.split_first_chunk().ok_or(Error::NearLossless)?;
        let (sha256, mut rest) = rest.split_first_chunk().ok_or(Error::NearLossless)?;
        let mut tensors = Vec::new();
        while !rest.is_empty() {
            let (tensor, after) = tensor(rest).ok_or(Error::NearLossless)?;
            tensors.push(tensor);
            rest = after;
        }
        if !(1..=52).contains(&bits) {
            return Err(Error::NearLossless);
        }
        Ok(NearLossless {
            bits,
            original_sha256: *sha256,
            tensors,
        })
    }
}

fn tensor(bytes: &[u8]) -> Option<(RoundedTensor, &[u8])> {
    let (len, rest) = bytes.split_first_chunk()?;
    let (name, rest) = rest.split_at_checked(u16::from_le_bytes(*len).into())?;
    let (max, rest) = error(rest)?;
    let (mean, rest) = error(rest)?;
    let tensor = RoundedTensor {
        name: String::from_utf8(name.to_vec()).ok()?,
        max_error: max,
        mean_error: mean,
    };
    Some((tensor, rest))
}

/// No number below 1 is made less by 1 or more.
fn error(bytes: &[u8]) -> Option<(f64, &[u8])> {
    let (error, rest) = bytes.split_first_chunk()?;
    let error = f64::from_le_bytes(*error);
    (0.0..=1.0).contains(&error).then_some((error, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> NearLossless {
        let tensor = |name: &str, max_error| RoundedTensor {
            name: name.into(),
            max_error,
            mean_error: 0.25,
        };
        NearLossless {
            bits: 7,
            original_sha256: [3; 32],
            tensors: vec![tensor("", 0.0), tensor("größe", 1.0)],
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let record = example().record();
        assert_eq!(record[0], KIND_NEAR_LOSSLESS);
        assert_eq!(record[1..5], (record.len() as u32 - 5).to_le_bytes());
        assert_eq!(NearLossless::read(&record[5..]), Ok(example()));
    }

    #[test]
    fn nothing_else_is_read() {
        let record = example().record();
        // 38 bytes are a head without tensors, 56 one with the first.
        for len in (0..record.len() - 5).filter(|len| ![33, 51].contains(len)) {
            let read = NearLossless::read(&record[5..5 + len]);
            assert_eq!(read, Err(Error::NearLossless), "{len}");
        }
        for (at, byte) in [(0, 0), (0, 53), (35 + 7, 0x40), (35 + 7, 0xbf), (53, 0xff)] {
            let mut body = record[5..].to_vec();
            body[at] = byte;
            assert_eq!(NearLossless::read(&body), Err(Error::NearLossless), "{at}");
        }
    }
}
