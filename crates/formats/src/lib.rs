//! What is in a model file: its tensors, their dtypes, and where to cut it into chunks.
//!
//! Everything here reads hostile input: nothing is executed, no length is believed before it is
//! checked, and a file that does not parse is a file of unknown kind, never an error.
//!
//! A file's cuts depend on its bytes alone. [`sniff`] looks at a file's beginning and says how its
//! layout is found; [`Chunker`] then turns the file's bytes into chunks as they stream by.

use std::io;
use std::ops::Range;

use sheaf_codec::{Dtype, Hint};

/// A named array in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Its dtype in the format's own word: `BF16`, `Q4_K`, `torch.float16`.
    pub dtype_name: String,
    /// Its dtype as the codec knows it.
    pub dtype: Dtype,
    /// Its shape, outermost first.
    pub shape: Vec<u64>,
    /// Its bytes in the file.
    pub range: Range<u64>,
}

/// What is in a file. Tensors are in the order of their bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// `safetensors`, `gguf`, `pytorch` or `unknown`.
    pub format: &'static str,
    /// The tensors. Several may share bytes (views).
    pub tensors: Vec<Tensor>,
    // further fields as the chunker needs them
}

/// Random access to a file's bytes.
pub trait ReadAt {
    /// The file's size.
    fn size(&self) -> u64;
    /// Fills `buffer` from `offset`; an error of kind `UnexpectedEof` where the file ends before.
    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}

/// Finds what is in a file. Errors are those of reading; what does not parse is `unknown`.
pub fn layout(file: &dyn ReadAt) -> io::Result<Layout> {
    let _ = file;
    todo!()
}

/// The most bytes that [`sniff`] may ask for: the largest header that is parsed.
pub const MAX_HEAD_LEN: usize = 16 << 20;

/// How a file's cuts are found.
pub enum Sniff {
    /// More of the file's beginning is needed: at least so many bytes in all, or the file's end.
    NeedMore(usize),
    /// The chunker can begin; feed it the file from its first byte.
    Stream(Box<Chunker>),
    /// The layout is not at the beginning: have the whole file at hand and use
    /// [`Chunker::for_file`].
    WholeFile,
}

/// Looks at a file's beginning. `ended` says that `head` is the whole file.
pub fn sniff(head: &[u8], ended: bool) -> Sniff {
    let _ = (head, ended);
    todo!()
}

/// A run of a file's bytes to be stored as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Where it begins in the file.
    pub offset: u64,
    /// Its bytes: at least one, at most `sheaf_codec::MAX_CHUNK_LEN`.
    pub raw: Vec<u8>,
    /// What the codec should know of it.
    pub hint: Hint,
}

/// Turns a file's bytes, in order, into its chunks, in order. Holds at most one chunk.
pub struct Chunker {
    // private
}

impl Chunker {
    /// A chunker for a file at hand; cuts exactly as the one that [`sniff`] gives.
    pub fn for_file(file: &dyn ReadAt) -> io::Result<Self> {
        let _ = file;
        todo!()
    }

    /// Takes the file's next bytes and hands out the chunks that they complete.
    pub fn push(&mut self, bytes: &[u8], chunks: &mut dyn FnMut(Chunk)) {
        let _ = (bytes, chunks);
        todo!()
    }

    /// Hands out what is left at the file's end.
    pub fn finish(self, chunks: &mut dyn FnMut(Chunk)) {
        let _ = chunks;
        todo!()
    }
}
