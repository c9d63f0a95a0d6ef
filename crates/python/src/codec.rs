//! One chunk to one blob, and back.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use sheaf_codec::{Base, Hint, Level, MAX_CHUNK_LEN, Unsealed};

use crate::names;

/// What `encode` is given, with names resolved and lengths checked.
pub struct Job {
    raw: PyBackedBytes,
    hint: Hint,
    level: Level,
    base: Option<(PyBackedBytes, sheaf_codec::Dtype)>,
}

impl Job {
    /// Checks what Python gave.
    pub fn new(
        raw: PyBackedBytes,
        hint: Hint,
        level: &str,
        base: Option<(PyBackedBytes, sheaf_codec::Dtype)>,
    ) -> PyResult<Job> {
        if raw.len() > MAX_CHUNK_LEN {
            return Err(PyValueError::new_err(format!(
                "a chunk has at most {MAX_CHUNK_LEN} bytes, not {}: see chunks()",
                raw.len()
            )));
        }
        let level = names::level(level)?;
        Ok(Job {
            raw,
            hint,
            level,
            base,
        })
    }

    /// The blob.
    pub fn blob(&self) -> Vec<u8> {
        let chunk_id = *blake3::hash(&self.raw).as_bytes();
        let base_id = |raw: &[u8]| *blake3::hash(raw).as_bytes();
        self.encode(chunk_id, base_id).seal().bytes
    }

    /// What is a blob but for all hashes, those of the chunk and its base too.
    pub fn unsealed(&self) -> Unsealed {
        self.encode([0; 32], |_| [0; 32])
    }

    fn encode(&self, chunk_id: [u8; 32], base_id: impl Fn(&[u8]) -> [u8; 32]) -> Unsealed {
        let base = self.base.as_ref().map(|(raw, dtype)| Base {
            id: base_id(raw),
            raw,
            dtype: *dtype,
        });
        sheaf_codec::encode_unsealed(&self.raw, chunk_id, &self.hint, base.as_ref(), self.level)
    }
}

/// A hint and a base from what Python gave.
pub fn hint_and_base(
    dtype: &str,
    row: u32,
    offset: u64,
    base: Option<PyBackedBytes>,
    base_dtype: Option<&str>,
) -> PyResult<(Hint, Option<(PyBackedBytes, sheaf_codec::Dtype)>)> {
    let hint = Hint {
        dtype: names::dtype(dtype)?,
        row,
        offset,
    };
    let base_dtype = base_dtype.map_or(Ok(hint.dtype), names::dtype)?;
    Ok((hint, base.map(|raw| (raw, base_dtype))))
}

/// Encodes a chunk of at most 16 MiB.
///
/// `dtype` is one of `dtypes()`; "unknown" has it guessed. `row` is how many elements a row of the
/// tensor has (0: not known), `offset` where in the tensor the chunk begins, in elements. With a
/// `base`, the bytes at the same place of another tensor, of dtype `base_dtype`, the blob may be a
/// delta, which only decodes with that base: it is one where that is smaller.
#[pyfunction]
#[pyo3(signature = (data, dtype="unknown", level="default", row=0, offset=0, base=None, base_dtype=None))]
#[expect(clippy::too_many_arguments, reason = "Python's are named")]
pub fn encode<'py>(
    py: Python<'py>,
    data: PyBackedBytes,
    dtype: &str,
    level: &str,
    row: u32,
    offset: u64,
    base: Option<PyBackedBytes>,
    base_dtype: Option<&str>,
) -> PyResult<Bound<'py, PyBytes>> {
    let (hint, base) = hint_and_base(dtype, row, offset, base, base_dtype)?;
    let job = Job::new(data, hint, level, base)?;
    let blob = py.detach(|| job.blob());
    Ok(PyBytes::new(py, &blob))
}

/// Decodes and verifies a blob. A delta needs its base's bytes; others take no notice of it.
#[pyfunction]
#[pyo3(signature = (blob, base=None))]
pub fn decode<'py>(
    py: Python<'py>,
    blob: PyBackedBytes,
    base: Option<PyBackedBytes>,
) -> PyResult<Bound<'py, PyBytes>> {
    let raw = py.detach(|| sheaf_codec::decode(&blob, base.as_deref()));
    Ok(PyBytes::new(py, &raw.map_err(names::bad_blob)?))
}
