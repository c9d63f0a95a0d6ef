//! What Python says in words: dtypes and levels.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use sheaf_codec::{Dtype, Level};

/// The names of all dtypes that `encode` knows.
#[pyfunction]
pub fn dtypes() -> Vec<&'static str> {
    Dtype::ALL.iter().map(|dtype| dtype.name()).collect()
}

/// A dtype by its name.
pub fn dtype(name: &str) -> PyResult<Dtype> {
    Dtype::from_name(name).ok_or_else(|| PyValueError::new_err(format!("no dtype is named {name}")))
}

/// A level by its name.
pub fn level(name: &str) -> PyResult<Level> {
    match name {
        "fast" => Ok(Level::Fast),
        "default" => Ok(Level::Default),
        "max" => Ok(Level::Max),
        _ => Err(PyValueError::new_err(format!(
            "no level is named {name}: it is fast, default or max"
        ))),
    }
}

/// An error of the codec as Python's.
pub fn bad_blob(error: sheaf_codec::Error) -> PyErr {
    PyValueError::new_err(error.to_string())
}
