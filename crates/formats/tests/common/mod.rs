//! Writers of small files, and what the tests of all formats check.
#![allow(dead_code, missing_docs, reason = "each test uses a part")]
#![allow(clippy::unwrap_used, reason = "the like of tests")]

pub mod beside;
pub mod coreml;
pub mod ctranslate2;
pub mod gguf;
pub mod numpy;
pub mod onnx;
pub mod pickle;
pub mod safetensors;
pub mod tar;
pub mod zip;

use sheaf_codec::{Dtype, MAX_CHUNK_LEN};
use sheaf_formats::{Chunk, Chunker, Layout, Sniff, layout, sniff};

/// Bytes of no pattern.
pub fn noise(len: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// The chunks of a file that streams by in pushes of these sizes, over and over.
pub fn stream(bytes: &[u8], sizes: &[usize]) -> Vec<Chunk> {
    let mut have = 0;
    let chunker = loop {
        let ended = have == bytes.len();
        match sniff(&bytes[..have], ended) {
            Sniff::Stream(chunker) => break *chunker,
            Sniff::Unknown => break Chunker::unknown(),
            Sniff::WholeFile => break Chunker::for_file(&bytes).unwrap(),
            Sniff::NeedMore(len) => {
                assert!(!ended && len > have && len <= sheaf_formats::MAX_HEAD_LEN);
                have = len.min(bytes.len());
            }
        }
    };
    run(chunker, bytes, sizes)
}

pub fn run(mut chunker: Chunker, bytes: &[u8], sizes: &[usize]) -> Vec<Chunk> {
    let mut chunks = Vec::new();
    let mut rest = bytes;
    for &size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (now, later) = rest.split_at(size.clamp(1, rest.len()));
        chunker.push(now, &mut |chunk| chunks.push(chunk));
        rest = later;
    }
    chunker.finish(&mut |chunk| chunks.push(chunk));
    chunks
}

/// Chunks a file in several ways, which must agree, and checks what holds for every file.
pub fn chunks(bytes: &[u8]) -> Vec<Chunk> {
    let whole = run(Chunker::for_file(&bytes).unwrap(), bytes, &[usize::MAX]);
    let mut end = 0;
    for chunk in &whole {
        assert_eq!(chunk.offset, end);
        assert!(!chunk.raw.is_empty() && chunk.raw.len() <= MAX_CHUNK_LEN);
        let start = chunk.offset as usize;
        assert!(chunk.raw == bytes[start..start + chunk.raw.len()]);
        end += chunk.raw.len() as u64;
    }
    assert_eq!(end, bytes.len() as u64);
    for sizes in [&[65536][..], &[1, 100_000, 7, 3_000_001], &[1, 513]] {
        assert!(
            stream(bytes, sizes) == whole,
            "pushes of {sizes:?} cut otherwise"
        );
    }
    let _ = checked_layout(bytes);
    whole
}

/// The layout, with what holds for every file.
pub fn checked_layout(bytes: &[u8]) -> Layout {
    let layout = layout(&bytes).unwrap();
    for tensor in &layout.tensors {
        assert!(tensor.range.start <= tensor.range.end);
        assert!(tensor.range.end <= bytes.len() as u64);
    }
    assert!(layout.tensors.is_sorted_by_key(|tensor| tensor.range.start));
    layout
}

/// Offset, length and dtype of each chunk.
pub fn shape(chunks: &[Chunk]) -> Vec<(u64, usize, Dtype)> {
    chunks
        .iter()
        .map(|chunk| (chunk.offset, chunk.raw.len(), chunk.hint.dtype))
        .collect()
}
