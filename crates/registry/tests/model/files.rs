//! The files that are pushed: some share tensors, one is text, one is empty.

use std::sync::OnceLock;

use sha2::Digest;
use sheaf_formats::{Chunk, Chunker};
use sheaf_types::files::ChunkRef;
use sheaf_types::{ChunkId, Sha256};

/// How many there are.
pub const FILES: usize = 5;

/// Bytes of a tensor that is a chunk of its own.
const TENSOR: usize = 256 << 10;

/// A file with its chunks.
pub struct File {
    pub bytes: Vec<u8>,
    pub sha256: Sha256,
    pub chunks: Vec<(ChunkRef, Chunk)>,
}

impl File {
    /// Its list of chunks.
    pub fn list(&self) -> Vec<ChunkRef> {
        self.chunks
            .iter()
            .map(|(reference, _)| *reference)
            .collect()
    }
}

/// One of the files.
pub fn file(number: usize) -> &'static File {
    static ALL: OnceLock<Vec<File>> = OnceLock::new();
    &ALL.get_or_init(|| {
        let all = [
            safetensors(&[1]),
            safetensors(&[1, 2]),
            safetensors(&[2, 3]),
            b"a readme".to_vec(),
            vec![],
        ];
        all.into_iter().map(cut).collect()
    })[number]
}

fn cut(bytes: Vec<u8>) -> File {
    let mut chunks = Vec::new();
    let mut keep = |chunk: Chunk| {
        let reference = ChunkRef {
            id: ChunkId(*blake3::hash(&chunk.raw).as_bytes()),
            size: chunk.raw.len() as u64,
        };
        chunks.push((reference, chunk));
    };
    let mut chunker = Chunker::for_file(&bytes.as_slice()).unwrap();
    chunker.push(&bytes, &mut keep);
    chunker.finish(&mut keep);
    File {
        sha256: Sha256(sha2::Sha256::digest(&bytes).into()),
        bytes,
        chunks,
    }
}

fn safetensors(tensors: &[u8]) -> Vec<u8> {
    let entry = |(place, seed): (usize, &u8)| {
        let start = place * TENSOR;
        format!(
            r#""t{seed}":{{"dtype":"U8","shape":[{TENSOR}],"data_offsets":[{start},{}]}}"#,
            start + TENSOR
        )
    };
    let entries: Vec<String> = tensors.iter().enumerate().map(entry).collect();
    let header = format!("{{{}}}", entries.join(","));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    for seed in tensors {
        let byte = |i: usize| (i.wrapping_mul(2_654_435_761) >> 7) as u8 & 0x3f ^ seed;
        file.extend((0..TENSOR).map(byte));
    }
    file
}
