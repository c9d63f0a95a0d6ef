//! The file against which another is compressed: its chunks, found by the place of the other's or by
//! their ids.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Context, bail};
use sheaf_codec::{Base, Dtype};
use sheaf_formats::{Chunk, Layout, ReadAt, Tensor, layout};

use crate::chunks;

/// A base's chunk, whose bytes stay in the file until they are needed.
#[derive(Debug, Clone, Copy)]
struct Place {
    start: u64,
    len: usize,
    dtype: Dtype,
    id: [u8; 32],
}

/// A file whose chunks are bases.
pub struct BaseFile {
    file: File,
    tensors: HashMap<String, Tensor>,
    /// By where they begin.
    chunks: HashMap<u64, Place>,
    /// Where they begin, by their id.
    ids: HashMap<[u8; 32], u64>,
}

/// A base's chunk in memory.
pub struct BaseChunk {
    raw: Vec<u8>,
    id: [u8; 32],
    dtype: Dtype,
}

impl BaseChunk {
    /// As the codec takes it.
    pub fn as_base(&self) -> Base<'_> {
        Base {
            id: self.id,
            raw: &self.raw,
            dtype: self.dtype,
        }
    }
}

impl BaseFile {
    /// Cuts a file and hashes its chunks.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let opened = Self::try_open(path);
        opened.with_context(|| format!("cannot read the base {}", path.display()))
    }

    fn try_open(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path)?;
        if !file.metadata()?.is_file() {
            bail!("it is no file");
        }
        let tensors = layout(&file)?.tensors;
        let mut chunks = HashMap::new();
        chunks::read(&file, None, &mut |chunk| {
            let place = Place {
                start: chunk.offset,
                len: chunk.raw.len(),
                dtype: chunk.hint.dtype,
                id: *blake3::hash(&chunk.raw).as_bytes(),
            };
            chunks.insert(place.start, place);
            ControlFlow::Continue(())
        })?;
        Ok(Self {
            file,
            tensors: tensors
                .into_iter()
                .map(|tensor| (tensor.name.clone(), tensor))
                .collect(),
            ids: chunks
                .values()
                .map(|place| (place.id, place.start))
                .collect(),
            chunks,
        })
    }

    /// The chunk at the place of another file's: in the tensor of the same name, where that begins at
    /// an element, else at the same byte.
    pub fn beside(&self, chunk: &Chunk, of: &Layout) -> io::Result<Option<BaseChunk>> {
        let start = match tensor_at(of, chunk.offset) {
            Some(tensor) => self.same_element(tensor, chunk.offset),
            None => Some(chunk.offset),
        };
        let place = start.and_then(|start| self.chunks.get(&start));
        place.map(|place| self.read(place)).transpose()
    }

    /// Where the element that is at a byte of another file's tensor is in this file.
    fn same_element(&self, tensor: &Tensor, at: u64) -> Option<u64> {
        let own = self.tensors.get(&tensor.name)?;
        let (from, to) = (tensor.dtype, own.dtype);
        let blocks = (at - tensor.range.start) / from.block_bytes() as u64;
        let elements = blocks * u64::from(from.block_elements());
        let blocks = elements / u64::from(to.block_elements());
        Some(own.range.start + blocks * to.block_bytes() as u64)
    }

    /// The chunk of an id.
    pub fn by_id(&self, id: &[u8; 32]) -> anyhow::Result<BaseChunk> {
        let place = self.ids.get(id).and_then(|start| self.chunks.get(start));
        let place = place.context("the base is another file: it lacks a chunk")?;
        Ok(self.read(place)?)
    }

    fn read(&self, place: &Place) -> io::Result<BaseChunk> {
        let mut raw = vec![0; place.len];
        self.file.read_exact_at(place.start, &mut raw)?;
        Ok(BaseChunk {
            raw,
            id: place.id,
            dtype: place.dtype,
        })
    }
}

/// A base, beside the file that is compressed against it.
pub struct Beside {
    base: BaseFile,
    layout: Layout,
}

impl Beside {
    /// Opens a base, and looks at the file for the places of its tensors.
    pub fn open(base: &Path, path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        if !file.metadata()?.is_file() {
            bail!("only a file can be compressed against a base, no pipe");
        }
        Ok(Self {
            base: BaseFile::open(base)?,
            layout: layout(&file)?,
        })
    }

    /// The base's chunk at the place of one of the file's.
    pub fn of(&self, chunk: &Chunk) -> io::Result<Option<BaseChunk>> {
        self.base.beside(chunk, &self.layout)
    }
}

/// The last tensor that holds a byte.
fn tensor_at(layout: &Layout, at: u64) -> Option<&Tensor> {
    let after = layout
        .tensors
        .partition_point(|tensor| tensor.range.start <= at);
    let tensor = layout.tensors[..after].last()?;
    tensor.range.contains(&at).then_some(tensor)
}
