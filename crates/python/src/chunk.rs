//! A file's chunk as Python sees it.

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use sheaf_codec::Hint;

/// A run of a file's bytes that is stored as one, and what the codec should know of it.
#[pyclass(frozen)]
pub struct Chunk {
    /// Where in the file it begins.
    #[pyo3(get)]
    start: u64,
    data: Py<PyBytes>,
    hint: Hint,
}

impl Chunk {
    /// A chunk for Python.
    pub fn new(py: Python<'_>, chunk: &sheaf_formats::Chunk) -> Chunk {
        Chunk {
            start: chunk.offset,
            data: PyBytes::new(py, &chunk.raw).unbind(),
            hint: chunk.hint,
        }
    }

    /// Its bytes, for as long as they are needed.
    pub fn raw(&self, py: Python<'_>) -> PyBackedBytes {
        self.data.clone_ref(py).into_bound(py).into()
    }

    /// What the codec should know of it.
    pub fn hint(&self) -> &Hint {
        &self.hint
    }
}

#[pymethods]
impl Chunk {
    /// Its bytes.
    #[getter]
    fn data(&self, py: Python<'_>) -> Py<PyBytes> {
        self.data.clone_ref(py)
    }

    /// The dtype of its elements.
    #[getter]
    fn dtype(&self) -> &'static str {
        self.hint.dtype.name()
    }

    /// Elements in a row of its tensor; 0 where that is not known.
    #[getter]
    fn row(&self) -> u32 {
        self.hint.row
    }

    /// Where in its tensor it begins, in elements.
    #[getter]
    fn offset(&self) -> u64 {
        self.hint.offset
    }
}
