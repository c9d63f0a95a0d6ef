//! Whole files: cut into chunks as the registry cuts them, and these coded on several threads.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use sheaf_formats::{Chunker, ReadAt};

use crate::chunk::Chunk;
use crate::codec::Job;
use crate::names;
use crate::threads::map;

/// Bytes per read.
const READ_LEN: u64 = 1 << 20;

/// The chunks of a file, in order, in memory.
#[pyfunction]
pub fn chunks(py: Python<'_>, path: PathBuf) -> PyResult<Vec<Chunk>> {
    let chunks = py.detach(|| cut(&File::open(path)?))?;
    Ok(chunks.iter().map(|chunk| Chunk::new(py, chunk)).collect())
}

fn cut(file: &dyn ReadAt) -> io::Result<Vec<sheaf_formats::Chunk>> {
    let mut chunker = Chunker::for_file(file)?;
    let mut chunks = Vec::new();
    let mut buffer = vec![0; READ_LEN as usize];
    let mut at = 0;
    while at < file.size() {
        let bytes = &mut buffer[..READ_LEN.min(file.size() - at) as usize];
        file.read_exact_at(at, bytes)?;
        chunker.push(bytes, &mut |chunk| chunks.push(chunk));
        at += bytes.len() as u64;
    }
    chunker.finish(&mut |chunk| chunks.push(chunk));
    Ok(chunks)
}

/// The blobs of chunks, in order. `bases`, where given, are the base chunks, each `None` or a
/// chunk.
#[pyfunction]
#[pyo3(signature = (chunks, level="default", threads=1, bases=None))]
pub fn encode_all<'py>(
    py: Python<'py>,
    chunks: Vec<PyRef<'py, Chunk>>,
    level: &str,
    threads: usize,
    bases: Option<Vec<Option<PyRef<'py, Chunk>>>>,
) -> PyResult<Vec<Bound<'py, PyBytes>>> {
    let jobs = jobs(py, &chunks, level, bases.as_deref())?;
    let blobs = py.detach(|| map(&jobs, threads, Job::blob));
    Ok(blobs.iter().map(|blob| PyBytes::new(py, blob)).collect())
}

fn jobs(
    py: Python<'_>,
    chunks: &[PyRef<'_, Chunk>],
    level: &str,
    bases: Option<&[Option<PyRef<'_, Chunk>>]>,
) -> PyResult<Vec<Job>> {
    if bases.is_some_and(|bases| bases.len() != chunks.len()) {
        return Err(PyValueError::new_err("as many bases as chunks are needed"));
    }
    let base_of = |at: usize| bases.and_then(|bases| bases[at].as_ref());
    let job = |(at, chunk): (usize, &PyRef<'_, Chunk>)| {
        let base = base_of(at).map(|base| (base.raw(py), base.hint().dtype));
        Job::new(chunk.raw(py), *chunk.hint(), level, base)
    };
    chunks.iter().enumerate().map(job).collect()
}

/// The raw bytes of blobs, in order, decoded and verified.
#[pyfunction]
#[pyo3(signature = (blobs, threads=1, bases=None))]
pub fn decode_all<'py>(
    py: Python<'py>,
    blobs: Vec<PyBackedBytes>,
    threads: usize,
    bases: Option<Vec<Option<PyBackedBytes>>>,
) -> PyResult<Vec<Bound<'py, PyBytes>>> {
    let bases = bases.unwrap_or_else(|| (0..blobs.len()).map(|_| None).collect());
    if bases.len() != blobs.len() {
        return Err(PyValueError::new_err("as many bases as blobs are needed"));
    }
    let jobs: Vec<_> = blobs.into_iter().zip(bases).collect();
    let raw = py.detach(|| {
        map(&jobs, threads, |(blob, base)| {
            sheaf_codec::decode(blob, base.as_deref())
        })
    });
    raw.into_iter()
        .map(|raw| Ok(PyBytes::new(py, &raw.map_err(names::bad_blob)?)))
        .collect()
}
