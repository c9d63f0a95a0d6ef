//! What a file holds, as people see it.

use std::io;
use std::ops::Range;

use sheaf_codec::Dtype;

use crate::beside::{self, Place};
use crate::format::{self, Contents};
use crate::read_at::ReadAt;

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
    /// `safetensors`, `gguf`, `pytorch`, `onnx`, `numpy`, and `npz`, `zip` and
    /// `tar` with what is in their files; of a data file that of its index; `unknown` where it is none of those.
    pub format: &'static str,
    /// The tensors. Several may share bytes (views). All lie inside the file.
    pub tensors: Vec<Tensor>,
    /// What the file says of itself, in its order: a bounded number of pairs, long values cut.
    pub metadata: Vec<(String, String)>,
    /// What it says of other files.
    pub beside: Vec<Beside>,
}

/// What a file says of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    /// Where that is.
    pub place: Place,
    /// Its tensors, in the order of their bytes; not known to lie inside that file.
    pub tensors: Vec<Tensor>,
}

/// Finds what is in a file. Errors are those of reading; what does not parse is `unknown`.
pub fn layout(file: &dyn ReadAt) -> io::Result<Layout> {
    let mut contents = format::contents(file)?;
    if contents.format == Contents::UNKNOWN {
        contents = beside::index(file)?.unwrap_or(contents);
    }
    Ok(Layout::of(contents, file.size()))
}

impl Layout {
    /// The format of a file of which nothing is known.
    pub const UNKNOWN: &'static str = Contents::UNKNOWN;

    /// The layout of a file of this size.
    pub(crate) fn of(contents: Contents, size: u64) -> Layout {
        let mut tensors = contents.tensors;
        // A file that was cut short still has its first tensors.
        tensors.retain(|tensor| tensor.range.end <= size);
        sort(&mut tensors);
        let beside = contents.beside.into_iter().map(|mut part| {
            sort(&mut part.tensors);
            Beside {
                place: part.place,
                tensors: part.tensors,
            }
        });
        Layout {
            format: contents.format,
            tensors,
            metadata: contents.metadata,
            beside: beside.collect(),
        }
    }
}

fn sort(tensors: &mut [Tensor]) {
    tensors.sort_by_key(|tensor| (tensor.range.start, tensor.range.end));
}
