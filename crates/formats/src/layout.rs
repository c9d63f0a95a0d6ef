//! What a file holds, as people see it.

use std::io;
use std::ops::Range;

use sheaf_codec::Dtype;

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
    /// `tar` with what is in their files; `unknown` where it is none of those.
    pub format: &'static str,
    /// The tensors. Several may share bytes (views). All lie inside the file.
    pub tensors: Vec<Tensor>,
    /// What the file says of itself, in its order: a bounded number of pairs, long values cut.
    pub metadata: Vec<(String, String)>,
}

/// Finds what is in a file. Errors are those of reading; what does not parse is `unknown`.
pub fn layout(file: &dyn ReadAt) -> io::Result<Layout> {
    let Contents {
        format,
        mut tensors,
        metadata,
        ..
    } = format::contents(file)?;
    // A file that was cut short still has its first tensors.
    let size = file.size();
    tensors.retain(|tensor| tensor.range.end <= size);
    tensors.sort_by_key(|tensor| (tensor.range.start, tensor.range.end));
    Ok(Layout {
        format,
        tensors,
        metadata,
    })
}
