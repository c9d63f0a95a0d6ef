use serde_json::{Value, json};
use sheaf_codec::{Base, Dtype, Hint, Level};

/// A chunk as a client makes it.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// Its raw bytes.
    pub raw: Vec<u8>,
    /// Its id, in hex.
    pub id: String,
    /// The blob that holds it.
    pub blob: Vec<u8>,
}

const HINT: Hint = Hint {
    dtype: Dtype::F32,
    row: 0,
    offset: 0,
};

impl Chunk {
    /// A chunk of fp32, standalone.
    pub fn new(raw: Vec<u8>) -> Self {
        Self::encode(raw, None)
    }

    /// A chunk as a delta against another.
    ///
    /// # Panics
    /// When the codec finds that not worth it.
    pub fn delta(raw: Vec<u8>, base: &Chunk) -> Self {
        let chunk = Self::encode(raw, Some(base));
        assert!(
            sheaf_codec::decode(&chunk.blob, None).is_err(),
            "not a delta"
        );
        chunk
    }

    fn encode(raw: Vec<u8>, base: Option<&Chunk>) -> Self {
        let id = *blake3::hash(&raw).as_bytes();
        let base = base.map(|base| Base {
            id: *blake3::hash(&base.raw).as_bytes(),
            raw: &base.raw,
            dtype: Dtype::F32,
        });
        let blob = sheaf_codec::encode(&raw, id, &HINT, base.as_ref(), Level::Fast);
        Self {
            id: hex::encode(id),
            blob: blob.bytes,
            raw,
        }
    }

    /// A blob that says it is this chunk and decodes to other bytes, all of its own checks right.
    pub fn lying_blob(&self, other: &[u8]) -> Vec<u8> {
        let id = *blake3::hash(&self.raw).as_bytes();
        sheaf_codec::encode(other, id, &HINT, None, Level::Fast).bytes
    }

    /// As requests name it.
    pub fn json(&self) -> Value {
        json!({"id": self.id, "size": self.raw.len()})
    }
}
