//! Files, their chunks and their tensors as the API shows them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::pickles::PickleVerdict;
use crate::{BlobId, ChunkId, FilePath, RevisionId, Sha256};

/// How a file is put together: what a client needs to fetch it compressed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FileManifest {
    /// The revision that it is of.
    pub revision: RevisionId,
    /// Its path.
    pub path: FilePath,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: Sha256,
    /// What was done to it before it was pushed; absent where it is as its maker had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub near_lossless: Option<NearLossless>,
    /// What its pickles would do when loaded; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pickles: Option<PickleVerdict>,
    /// Its chunks, in order; their sizes add up to the file's.
    pub chunks: Vec<StoredChunk>,
    /// The chunks that are bases of the above, each once. `GET …/blobs/{id}` has their blobs too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bases: Vec<StoredChunk>,
}

/// Weights of a file were rounded down to multiples of 2^-`bits`, in the client, before it was hashed:
/// what is stored is the changed file. The word of whoever pushed it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NearLossless {
    /// From 1 to 52.
    pub bits: u8,
    /// The SHA-256 of the file as it was.
    pub original_sha256: Sha256,
    /// The tensors that were changed, in the order of the file; all else is as it was.
    pub tensors: Vec<RoundedTensor>,
}

/// What rounding did to a tensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoundedTensor {
    /// Its name.
    pub name: String,
    /// The most that a number was made less by.
    pub max_error: f64,
    /// The same on average, over all its numbers.
    pub mean_error: f64,
}

/// A chunk and the blob that holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoredChunk {
    /// The BLAKE3 of its raw bytes.
    pub id: ChunkId,
    /// Raw bytes.
    pub size: u64,
    /// The blob that `GET …/blobs/{id}` answers with.
    pub blob: BlobId,
    /// The blob's bytes.
    pub stored_size: u64,
    /// The chunk against which the blob is a delta.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<ChunkId>,
}

/// Where a blob can be had without the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BlobLocation {
    /// A URL that answers a plain GET, of anybody, with the blob; null where there is none. What comes
    /// from there is to be verified by whoever asked, and no token belongs there.
    pub url: Option<String>,
    /// For how many seconds; then this is to be asked again.
    pub expires_in: Option<u64>,
}

/// A chunk by name and size, as a client lists them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChunkRef {
    /// The BLAKE3 of its raw bytes.
    pub id: ChunkId,
    /// Raw bytes.
    pub size: u64,
}

/// What is in a model file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileTensors {
    /// `safetensors`, `gguf`, `pytorch` or `unknown`.
    pub format: String,
    /// The tensors, in the order of their bytes.
    pub tensors: Vec<StoredTensor>,
}

/// A named array in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StoredTensor {
    /// Its name.
    pub name: String,
    /// Its dtype, in the file format's own word.
    pub dtype: String,
    /// Its shape, outermost first.
    pub shape: Vec<u64>,
    /// First byte in the file.
    pub start: u64,
    /// Byte behind the last.
    pub end: u64,
    /// Its share of the stored sizes of the chunks that it lies in, by raw bytes.
    pub stored_size: u64,
}
