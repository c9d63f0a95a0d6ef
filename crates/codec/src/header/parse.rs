//! A header's bytes, of which nothing is believed before it is checked.

use super::facts::{
    BaseRef, FIRST_VERSION, FIXED_LEN, Facts, FrameEntry, MAGIC, PREFIX_LEN, Residual, VERSION,
};
use crate::layout::Layout;
use crate::plan::{self, Code};
use crate::{Dtype, Error, Hint, MAX_CHUNK_LEN, MAX_HEADER_LEN};

/// The header's length by its own claim, if that much is there: checked against magic, version
/// and bound.
pub(super) fn claimed_len(prefix: &[u8]) -> Result<Option<usize>, Error> {
    let known = prefix.len().min(MAGIC.len());
    if prefix[..known] != MAGIC[..known] {
        return Err(Error::Malformed("magic"));
    }
    match prefix.get(MAGIC.len()) {
        Some(&(FIRST_VERSION..=VERSION)) | None => {}
        Some(&version) => return Err(Error::Version(version)),
    }
    let Some(bytes) = prefix.get(MAGIC.len() + 1..PREFIX_LEN) else {
        return Ok(None);
    };
    let len = bytes
        .iter()
        .rev()
        .fold(0usize, |len, byte| len << 8 | usize::from(*byte));
    if !(FIXED_LEN..=MAX_HEADER_LEN).contains(&len) {
        return Err(Error::Malformed("header length"));
    }
    Ok(Some(len))
}

/// Reads what a header of a known version says, up to what the frames share.
pub(super) fn read_facts(version: u8, reader: &mut Reader<'_>) -> Result<Facts, Error> {
    let raw_len = reader.u32()?;
    if raw_len as usize > MAX_CHUNK_LEN {
        return Err(Error::Malformed("chunk too long"));
    }
    let chunk_id = reader.take()?;
    let [residual] = reader.take()?;
    let dtype = reader.dtype()?;
    let hint = Hint {
        dtype,
        row: reader.u32()?,
        offset: u64::from_le_bytes(reader.take()?),
    };
    let [lead] = reader.take()?;
    if usize::from(lead) >= Layout::of(dtype).unit() {
        return Err(Error::Malformed("lead"));
    }
    let (plan, shared_len) = match version {
        FIRST_VERSION => (Code::Planes, 0),
        _ => read_plan(reader)?,
    };
    let residual = match residual {
        0 => None,
        1 => Some(Residual::Difference),
        2 => Some(Residual::Xor),
        3 if plan == Code::Delta => Some(Residual::Planned),
        _ => return Err(Error::Malformed("residual")),
    };
    let base = residual
        .map(|residual| read_base(reader, residual))
        .transpose()?;
    if base.is_some_and(|base| !is_usable(&base, dtype, raw_len)) {
        return Err(Error::Malformed("base of another kind"));
    }
    Ok(Facts {
        version,
        raw_len,
        chunk_id,
        hint,
        lead,
        plan,
        shared_len,
        base,
    })
}

/// Whether a base has an element for each of the chunk's, from which that can be told.
fn is_usable(base: &BaseRef, dtype: Dtype, raw_len: u32) -> bool {
    let elements = |len: u32, dtype| len as usize / Layout::of(dtype).unit();
    if base.dtype == dtype {
        return base.raw_len == raw_len;
    }
    base.residual == Residual::Planned
        && plan::delta::can(base.dtype, dtype)
        && base.raw_len as usize <= MAX_CHUNK_LEN
        && elements(base.raw_len, base.dtype) == elements(raw_len, dtype)
}

fn read_plan(reader: &mut Reader<'_>) -> Result<(Code, u32), Error> {
    let [code] = reader.take()?;
    let code = Code::from_byte(code).ok_or(Error::Malformed("plan"))?;
    Ok((code, reader.u32()?))
}

fn read_base(reader: &mut Reader<'_>, residual: Residual) -> Result<BaseRef, Error> {
    Ok(BaseRef {
        id: reader.take()?,
        dtype: reader.dtype()?,
        raw_len: reader.u32()?,
        residual,
    })
}

pub(super) fn read_index(reader: &mut Reader<'_>, facts: &Facts) -> Result<Vec<FrameEntry>, Error> {
    (0..facts.frames())
        .map(|frame| {
            let stored_len = reader.u32()?;
            if stored_len as usize > facts.frame_range(frame).len() + plan::MAX_OVERHEAD {
                return Err(Error::Malformed("frame too long"));
            }
            let hash = reader.take()?;
            Ok(FrameEntry {
                stored_len,
                hash,
                check: u64::from_le_bytes(reader.take()?),
            })
        })
        .collect()
}

/// Takes fields from bytes.
pub(super) struct Reader<'a> {
    pub bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    /// The next `len` bytes.
    pub(super) fn slice(&mut self, len: usize) -> Result<&'a [u8], Error> {
        let (slice, rest) = self
            .bytes
            .split_at_checked(len)
            .ok_or(Error::Malformed("header ends early"))?;
        self.bytes = rest;
        Ok(slice)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (field, rest) = self
            .bytes
            .split_first_chunk::<N>()
            .ok_or(Error::Malformed("header ends early"))?;
        self.bytes = rest;
        Ok(*field)
    }

    fn u32(&mut self) -> Result<u32, Error> {
        self.take().map(u32::from_le_bytes)
    }

    fn dtype(&mut self) -> Result<Dtype, Error> {
        let [code] = self.take()?;
        match Dtype::from_code(code) {
            Some(Dtype::Unknown) | None => Err(Error::Malformed("dtype")),
            Some(dtype) => Ok(dtype),
        }
    }
}
