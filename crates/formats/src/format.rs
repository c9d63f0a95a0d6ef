//! What every format does, and how a file's format is found.

use std::io;
use std::ops::Range;

use sheaf_codec::Dtype;

use crate::beside::Part;
use crate::chunker::Chunker;
use crate::containers::{Tar, Zip};
use crate::coreml::CoreMl;
use crate::ctranslate2::CTranslate2;
use crate::gguf::Gguf;
use crate::hdf5::Hdf5;
use crate::layout::Tensor;
use crate::numpy::Numpy;
use crate::onnx::Onnx;
use crate::packed;
use crate::pytorch;
use crate::read_at::{ReadAt, read_vec};
use crate::safetensors::Safetensors;
use crate::tflite::TfLite;
use crate::walk::{self, Walk};

/// The most bytes that [`sniff`] may ask for: the largest header that is parsed.
pub const MAX_HEAD_LEN: usize = 16 << 20;

/// The most tensors that a file may have and still be understood.
pub(crate) const MAX_TENSORS: usize = 1 << 18;

/// How a file's cuts are found.
pub enum Sniff {
    /// More of the file's beginning is needed: at least so many bytes in all, or the file's end.
    NeedMore(usize),
    /// The chunker can begin; feed it the file from its first byte.
    Stream(Box<Chunker>),
    /// Nothing in the file says what it is. Another may, which [`crate::told`] looks for; where none
    /// does, there is [`Chunker::unknown`].
    Unknown,
    /// The layout is not at the beginning: have the whole file at hand and use
    /// [`Chunker::for_file`].
    WholeFile,
}

/// A run of bytes with one meaning, from which the cuts are planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Region {
    /// Its bytes, as the file claims: may go past the file's end.
    pub range: Range<u64>,
    /// `Bytes` (headers, text) and `Unknown` are cut by content, all else by elements.
    pub dtype: Dtype,
    /// Elements in a row, 0 where there are none.
    pub row: u32,
    /// A hash of its name: decides where runs of small regions are cut.
    pub key: u64,
}

/// What a format makes of a file. Ranges may go past the end of a file that was cut short.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contents {
    pub format: &'static str,
    pub tensors: Vec<Tensor>,
    pub metadata: Vec<(String, String)>,
    /// What the cuts follow, in any order; what no region covers is cut by content.
    pub regions: Vec<Region>,
    /// What it says of other files.
    pub beside: Vec<Part>,
}

impl Contents {
    /// The format of a file of which nothing is known.
    pub const UNKNOWN: &'static str = "unknown";

    /// A file of which nothing is known.
    pub fn unknown() -> Contents {
        Contents {
            format: Contents::UNKNOWN,
            tensors: vec![],
            metadata: vec![],
            regions: vec![],
            beside: vec![],
        }
    }

    /// Adds what was found in a part of the file, under a name.
    pub fn add(&mut self, part: Contents, name: &str) {
        let room = MAX_TENSORS.saturating_sub(self.tensors.len());
        let named = part.tensors.into_iter().take(room).map(|mut tensor| {
            if !name.is_empty() {
                let dot = if tensor.name.is_empty() { "" } else { "." };
                tensor.name = format!("{name}{dot}{}", tensor.name);
            }
            tensor
        });
        self.tensors.extend(named);
        self.regions.extend(part.regions);
    }

    /// A file that begins with a header, of tensors that overlap nowhere.
    pub fn with_header(
        format: &'static str,
        header_len: u64,
        tensors: Vec<Tensor>,
        metadata: Vec<(String, String)>,
    ) -> Contents {
        let header = Region {
            range: 0..header_len,
            dtype: Dtype::Bytes,
            row: 0,
            key: 0,
        };
        let regions = std::iter::once(header)
            .chain(tensors.iter().map(Region::of))
            .collect();
        Contents {
            format,
            tensors,
            metadata,
            regions,
            beside: vec![],
        }
    }
}

impl Region {
    /// The region that a tensor is.
    pub fn of(tensor: &Tensor) -> Region {
        Region {
            range: tensor.range.clone(),
            dtype: tensor.dtype,
            row: row(&tensor.shape),
            key: key(&tensor.name),
        }
        .unpacked(&tensor.name)
    }

    /// A region of this name, whose integers may be packed into words.
    pub fn unpacked(mut self, name: &str) -> Region {
        if packed::is_packed(name, self.dtype) {
            self.row = self.row.saturating_mul(self.dtype.block_bytes() as u32);
            self.dtype = Dtype::U8;
        }
        self
    }
}

/// A row that is shorter is one of several that belong together: a convolution's kernels are put
/// together over its inputs.
const SHORT_ROW: u64 = 32;

/// Elements of a row, where there is more than one. Dimensions of 1 are none.
pub(crate) fn row(shape: &[u64]) -> u32 {
    row_of(shape.iter().rev().copied())
}

/// As [`row`], of the dimensions from the innermost on: that one, and others while the row is short,
/// but not the outermost, which is that of the rows.
pub(crate) fn row_of(dims: impl Iterator<Item = u64>) -> u32 {
    let mut dims = dims.filter(|n| *n != 1);
    let (Some(mut row), Some(mut next)) = (dims.next(), dims.next()) else {
        return 0;
    };
    for further in dims {
        if row >= SHORT_ROW {
            break;
        }
        row = row.saturating_mul(next);
        next = further;
    }
    u32::try_from(row).unwrap_or(0)
}

/// FNV-1a of a name, mixed: cuts depend on it, so it never changes.
pub(crate) fn key(name: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in name.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
    }
    hash ^ (hash >> 32)
}

/// What a format sees in a file's beginning.
pub(crate) enum Found {
    /// Not of this format, or broken beyond use.
    No,
    /// Not to be said before so many bytes of the file, or all of it, are there.
    NeedMore(usize),
    /// Of this format. The same for every longer head of the file.
    Contents(Contents),
    /// Of this format, whose layout is found on the way.
    Walk(Box<dyn Walk>),
    /// It may be of this format: [`Format::read`] tells.
    WholeFile,
}

/// One file format.
pub(crate) trait Format: Sync {
    /// Looks at a file's beginning, of at most [`MAX_HEAD_LEN`] bytes.
    fn sniff(&self, head: &[u8]) -> Found;

    /// Files may lie in files of a higher rank only, so that there is an end to it.
    fn rank(&self) -> u8 {
        0
    }

    /// Reads a file of which [`Format::sniff`] said that it must be had whole.
    fn read(&self, _file: &dyn ReadAt) -> io::Result<Option<Contents>> {
        Ok(None)
    }
}

/// All formats, in the order in which they are tried: those that want least of a file first.
static FORMATS: &[&dyn Format] = &[
    &Gguf,
    &pytorch::Archive,
    &Zip,
    &pytorch::Legacy,
    &Numpy,
    &Hdf5,
    &TfLite,
    &Onnx,
    &Safetensors,
    &CTranslate2,
    &CoreMl,
    &Tar,
];

/// Looks at a file's beginning. `ended` says that `head` is the whole file.
pub fn sniff(head: &[u8], ended: bool) -> Sniff {
    let contents = match examine(head, ended, u8::MAX) {
        Examined::NeedMore(len) => return Sniff::NeedMore(len),
        Examined::Walk(walk) => return Sniff::Stream(Box::new(Chunker::walking(walk))),
        Examined::WholeFile if !ended => return Sniff::WholeFile,
        // Memory does not fail to be read.
        Examined::WholeFile => {
            read_whole(&head, head, u8::MAX).unwrap_or_else(|_| Contents::unknown())
        }
        Examined::Contents(contents) => contents,
    };
    if contents.format == Contents::UNKNOWN {
        return sniff_unknown(head, ended);
    }
    Sniff::Stream(Box::new(Chunker::new(contents.regions)))
}

/// Of so many bytes it is seen whether a file is a text.
const TEXT_HEAD_LEN: usize = 64;

/// A text that is of no format is no data either, and needs nobody to say what it is.
fn sniff_unknown(head: &[u8], ended: bool) -> Sniff {
    if head.len() < TEXT_HEAD_LEN && !ended {
        return Sniff::NeedMore(TEXT_HEAD_LEN);
    }
    if is_text(&head[..head.len().min(TEXT_HEAD_LEN)]) {
        return Sniff::Stream(Box::new(Chunker::unknown()));
    }
    Sniff::Unknown
}

fn is_text(head: &[u8]) -> bool {
    // The last character may not be there in whole.
    let valid = std::str::from_utf8(head).map_or_else(|e| e.error_len().is_none(), |_| true);
    let control = |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r');
    valid && !head.iter().any(control)
}

/// What is in a file at hand, unless nothing says that but another file may.
pub(crate) fn own_contents(file: &dyn ReadAt) -> io::Result<Option<Contents>> {
    let contents = contents(file)?;
    let len = file.size().min(TEXT_HEAD_LEN as u64) as usize;
    let is_known = contents.format != Contents::UNKNOWN || is_text(&read_vec(file, 0, len)?);
    Ok(is_known.then_some(contents))
}

/// The formats below a rank.
fn of_rank(below: u8) -> impl Iterator<Item = &'static dyn Format> {
    FORMATS
        .iter()
        .copied()
        .filter(move |format| format.rank() < below)
}

enum Examined {
    NeedMore(usize),
    Contents(Contents),
    Walk(Box<dyn Walk>),
    WholeFile,
}

fn examine(head: &[u8], ended: bool, below: u8) -> Examined {
    let seen = &head[..head.len().min(MAX_HEAD_LEN)];
    for format in of_rank(below) {
        match format.sniff(seen) {
            Found::No => {}
            // A format that asks for more than there is, or than is read, is not this file's.
            Found::NeedMore(len) if ended || len > MAX_HEAD_LEN || len <= seen.len() => {}
            Found::NeedMore(len) => return Examined::NeedMore(len),
            Found::Contents(contents) => return Examined::Contents(contents),
            Found::Walk(walk) => return Examined::Walk(walk),
            Found::WholeFile => return Examined::WholeFile,
        }
    }
    Examined::Contents(Contents::unknown())
}

/// What is in a file at hand.
pub(crate) fn contents(file: &dyn ReadAt) -> io::Result<Contents> {
    contents_below(file, u8::MAX)
}

/// What is in a file that is a part of one of this rank.
pub(crate) fn contents_below(file: &dyn ReadAt, rank: u8) -> io::Result<Contents> {
    let size = file.size();
    let mut len = 64;
    loop {
        let head_len = usize::try_from(size).unwrap_or(usize::MAX).min(len);
        let head = read_vec(file, 0, head_len)?;
        match examine(&head, head_len as u64 == size, rank) {
            Examined::NeedMore(more) => len = more,
            Examined::Contents(contents) => return Ok(contents),
            Examined::Walk(walk) => return walk::read(walk, file),
            Examined::WholeFile => return read_whole(file, &head, rank),
        }
    }
}

/// What is in a file that must be had whole: of the formats that it may be of, the first that
/// makes something of it.
fn read_whole(file: &dyn ReadAt, head: &[u8], below: u8) -> io::Result<Contents> {
    for format in of_rank(below) {
        if matches!(format.sniff(head), Found::WholeFile)
            && let Some(contents) = format.read(file)?
        {
            return Ok(contents);
        }
    }
    Ok(Contents::unknown())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_by_shape() {
        for (shape, expected) in [
            (&[] as &[u64], 0),
            (&[700], 0),
            (&[1, 700, 1], 0),
            (&[30, 700], 700),
            (&[30, 7], 7),
            (&[128, 64, 3, 3], 576),
            (&[128, 1, 3, 3], 9),
            (&[128, 3, 7, 7], 49),
            (&[128, 64, 1, 1], 64),
            (&[8, 30, 700], 700),
            (&[2, 1 << 40], 0),
        ] {
            assert_eq!(row(shape), expected, "{shape:?}");
        }
    }
}
