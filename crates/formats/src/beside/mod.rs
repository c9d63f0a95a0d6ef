//! Layouts that are in another file.
//!
//! A *data file* is tensors one after the other, and nothing else; what they are is in an *index*: an ONNX
//! model, a checkpoint's `.index`, a JSON of weights, an `.xml`. A data file is one whose own bytes say
//! nothing, and an index counts only for the files that it names, by paths from its own folder.
//!
//! What an index says is not checked against the data, which it precedes: a range past the end is cut
//! where the file ends, and of ranges that overlap the first is followed, as in any other format.

mod mlc;
mod names;
mod openvino;
mod part;
mod tensorflow;
mod tfjs;
mod xml;

use std::io;

use crate::chunker::Chunker;
use crate::format::{self, Contents, Region};
use crate::layout::{Layout, Tensor};
use crate::read_at::{ReadAt, read_vec};

pub use part::Place;
pub(crate) use part::{Part, Parts};

/// The longest text that is read as an index.
const MAX_TEXT_LEN: u64 = 16 << 20;

/// The longest file that is looked at for what it says of others: a graph whose weights are elsewhere.
pub const MAX_INDEX_LEN: u64 = 64 << 20;

/// The most files that are asked of one data file.
const MAX_ASKED: usize = 64;

/// What an index says of a data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    format: &'static str,
    tensors: Vec<Tensor>,
}

impl Told {
    /// A chunker for the data file, which is fed from its first byte.
    pub fn chunker(&self) -> Chunker {
        Chunker::told(self.tensors.iter().map(Region::of).collect())
    }

    /// What is in the data file, of this size.
    pub fn layout(self, size: u64) -> Layout {
        let contents = Contents {
            format: self.format,
            tensors: self.tensors,
            ..Contents::unknown()
        };
        Layout::of(contents, size)
    }
}

/// Looks for what other files say of the one at the path `data`, whose own bytes say nothing. `paths` are the
/// files that there are, in any order; of those that may be indexes the first that names this one counts.
pub fn told<'a>(
    data: &str,
    paths: impl IntoIterator<Item = &'a str>,
    open: &mut dyn FnMut(&str) -> io::Result<Box<dyn ReadAt>>,
) -> io::Result<Option<Told>> {
    let mut paths: Vec<&str> = paths.into_iter().collect();
    paths.retain(|path| names::may_tell(path, data));
    paths.sort_by_key(|path| (std::cmp::Reverse(path.matches('/').count()), *path));
    paths.dedup();
    for path in paths.into_iter().take(MAX_ASKED) {
        let index = contents(&*open(path)?)?;
        let parts = index.beside.into_iter();
        let tensors: Vec<Tensor> = parts
            .filter(|part| part.place.from(path).as_deref() == Some(data))
            .flat_map(|part| part.tensors)
            .collect();
        if !tensors.is_empty() {
            let format = index.format;
            return Ok(Some(Told { format, tensors }));
        }
    }
    Ok(None)
}

/// Whether a file of this name may say what is in others.
pub fn may_be_index(path: &str) -> bool {
    names::may_be_index(path)
}

/// Reads a text that may be an index.
type ReadText = fn(&[u8]) -> Option<Vec<Part>>;

/// The indexes that are texts.
const TEXTS: [(&str, ReadText); 3] = [
    ("openvino", openvino::read),
    ("tfjs", tfjs::read),
    ("mlc", mlc::read),
];

/// What is in a file that may be an index.
fn contents(file: &dyn ReadAt) -> io::Result<Contents> {
    if file.size() > MAX_INDEX_LEN {
        return Ok(Contents::unknown());
    }
    let contents = format::contents(file)?;
    if contents.format != Contents::UNKNOWN {
        return Ok(contents);
    }
    Ok(index(file)?.unwrap_or(contents))
}

/// What an index that is nothing else says.
pub(crate) fn index(file: &dyn ReadAt) -> io::Result<Option<Contents>> {
    if let Some(parts) = tensorflow::read(file)? {
        return Ok(Some(found("tensorflow", parts)));
    }
    if file.size() > MAX_TEXT_LEN {
        return Ok(None);
    }
    let first = read_vec(file, 0, file.size().min(1) as usize)?;
    let text = match first[..] {
        [b'<' | b'{' | b'[' | 0xef | b' ' | b'\n'] => read_vec(file, 0, file.size() as usize)?,
        _ => return Ok(None),
    };
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
    Ok(TEXTS
        .iter()
        .find_map(|(format, read)| Some(found(format, read(text)?))))
}

fn found(format: &'static str, beside: Vec<Part>) -> Contents {
    Contents {
        format,
        beside,
        ..Contents::unknown()
    }
}
