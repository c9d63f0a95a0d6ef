//! What the codec makes of pieces, summed by dtype.

use std::collections::BTreeMap;

use anyhow::bail;
use sheaf_codec::inspect::{PlaneDescription, describe, plane_entropies};
use sheaf_codec::{Dtype, Header, Level, Parsed, encode};
use sheaf_formats::Chunk;

/// What the codec made of a piece.
pub struct Measured {
    /// What was known of its elements.
    known: Dtype,
    /// What the codec took them for.
    dtype: Dtype,
    raw: usize,
    stored: usize,
    planes: Vec<(PlaneDescription, f64)>,
}

/// Encodes a piece at the default level.
pub fn measure(chunk: &Chunk) -> anyhow::Result<Measured> {
    let id = *blake3::hash(&chunk.raw).as_bytes();
    let blob = encode(&chunk.raw, id, &chunk.hint, None, Level::Default);
    let Parsed::Header(header, _) = Header::parse(&blob.bytes)? else {
        bail!("a blob without a header");
    };
    let planes = describe(&blob.bytes)?.planes;
    Ok(Measured {
        known: chunk.hint.dtype,
        dtype: header.hint().dtype,
        raw: chunk.raw.len(),
        stored: blob.bytes.len(),
        planes: planes
            .into_iter()
            .zip(plane_entropies(&header, &chunk.raw))
            .collect(),
    })
}

/// The elements of one dtype in a file. Bytes are those of the file where it was sampled.
#[derive(Debug, Default)]
pub struct Group {
    /// Their bytes.
    pub raw: f64,
    /// Their bytes as they would be stored.
    pub stored: f64,
    /// Their planes.
    pub planes: Vec<Plane>,
}

/// A plane of all elements of one dtype.
#[derive(Debug)]
pub struct Plane {
    /// What it holds.
    pub name: &'static str,
    /// Its bytes.
    pub raw: f64,
    /// Its bytes as they would be stored.
    pub stored: f64,
    /// The sum of its pieces' entropies, in bits.
    pub entropy: f64,
    /// In how many measured frames each coding was taken.
    pub codings: BTreeMap<&'static str, usize>,
}

/// What was measured.
#[derive(Debug, Default)]
pub struct Totals {
    /// By what the codec took the elements for.
    pub groups: BTreeMap<Dtype, Group>,
    /// Bytes that were looked at.
    pub measured: u64,
}

impl Totals {
    /// Adds a piece, each byte of which stands for `weight` bytes of its dtype.
    pub fn add(&mut self, piece: Measured, weight: impl Fn(Dtype) -> f64) {
        let weight = weight(piece.known);
        self.measured += piece.raw as u64;
        let group = self.groups.entry(piece.dtype).or_default();
        group.raw += weight * piece.raw as f64;
        group.stored += weight * piece.stored as f64;
        if group.planes.is_empty() {
            let names = piece.planes.iter().map(|(plane, _)| plane.name);
            group.planes = names.map(Plane::new).collect();
        }
        for (sum, (plane, entropy)) in group.planes.iter_mut().zip(piece.planes) {
            sum.add(&plane, entropy, weight);
        }
    }

    /// The file's bytes as they would be stored.
    pub fn stored(&self) -> f64 {
        self.groups.values().map(|group| group.stored).sum()
    }
}

impl Plane {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            raw: 0.0,
            stored: 0.0,
            entropy: 0.0,
            codings: BTreeMap::new(),
        }
    }

    fn add(&mut self, plane: &PlaneDescription, entropy: f64, weight: f64) {
        self.raw += weight * plane.raw_len as f64;
        self.stored += weight * plane.stored_len as f64;
        self.entropy += weight * plane.raw_len as f64 * entropy;
        for (coding, frames) in &plane.codings {
            *self.codings.entry(coding).or_default() += frames;
        }
    }
}
