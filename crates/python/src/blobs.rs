//! The codec without hashes and in buffers that are used again: for who has verified already, and
//! for who measures.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use sheaf_codec::{Header, Parsed};

use crate::codec::{Job, hint_and_base};
use crate::names::bad_blob;

/// An encoded chunk without any hash: what `encode_unsealed` gives.
#[pyclass(frozen)]
pub struct Unsealed(sheaf_codec::Unsealed);

#[pymethods]
impl Unsealed {
    /// The blob, with the hashes of its frames. It decodes into a `Buffer`; `decode` refuses it,
    /// since it has no chunk's hash.
    fn seal<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let blob = py.detach(|| self.0.clone().seal());
        PyBytes::new(py, &blob.bytes)
    }
}

/// As `encode`, but makes no hash.
#[pyfunction]
#[pyo3(signature = (data, dtype="unknown", level="default", row=0, offset=0, base=None, base_dtype=None))]
#[expect(clippy::too_many_arguments, reason = "Python's are named")]
pub fn encode_unsealed(
    py: Python<'_>,
    data: PyBackedBytes,
    dtype: &str,
    level: &str,
    row: u32,
    offset: u64,
    base: Option<PyBackedBytes>,
    base_dtype: Option<&str>,
) -> PyResult<Unsealed> {
    let (hint, base) = hint_and_base(dtype, row, offset, base, base_dtype)?;
    let job = Job::new(data, hint, level, base)?;
    Ok(Unsealed(py.detach(|| job.unsealed())))
}

/// Memory to decode into, again and again.
#[pyclass]
#[derive(Default)]
pub struct Buffer {
    room: Vec<u8>,
    /// How much of it was decoded last.
    len: usize,
}

#[pymethods]
impl Buffer {
    #[new]
    fn new() -> Buffer {
        Buffer::default()
    }

    /// Decodes a blob, in place of what is there, and gives its raw length. Each frame's 64-bit check
    /// is verified; its hash is too unless `verify` is false, the chunk's never is.
    #[pyo3(signature = (blob, base=None, verify=true))]
    fn decode(
        &mut self,
        py: Python<'_>,
        blob: PyBackedBytes,
        base: Option<PyBackedBytes>,
        verify: bool,
    ) -> PyResult<usize> {
        let room = &mut self.room;
        self.len = 0;
        self.len = py.detach(|| decode_into(&blob, base.as_deref(), verify, room))?;
        Ok(self.len)
    }

    fn __len__(&self) -> usize {
        self.len
    }

    /// A copy of what was decoded last.
    fn __bytes__<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.room[..self.len])
    }
}

/// Decodes a blob to the beginning of some room, which grows if it has to, and gives its raw length.
fn decode_into(
    blob: &[u8],
    base: Option<&[u8]>,
    verify: bool,
    room: &mut Vec<u8>,
) -> PyResult<usize> {
    let Parsed::Header(header, len) = Header::parse(blob).map_err(bad_blob)? else {
        return Err(PyValueError::new_err("the blob's header ends early"));
    };
    let (all, stored) = (0..header.frames(), &blob[len..]);
    if verify {
        header
            .verify_frames(all.clone(), stored)
            .map_err(bad_blob)?;
    }
    let len = header.raw_len() as usize;
    // What is there already is overwritten.
    if room.len() < len {
        room.resize(len, 0);
    }
    let raw = &mut room[..len];
    header
        .decode_into(all, stored, base, raw)
        .map_err(bad_blob)?;
    Ok(len)
}
