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
    /// Each with its entropy, where it is one of the dtype's own.
    planes: Vec<(PlaneDescription, Option<f64>)>,
}

/// Encodes a piece at the default level.
pub fn measure(chunk: &Chunk) -> anyhow::Result<Measured> {
    let id = *blake3::hash(&chunk.raw).as_bytes();
    let blob = encode(&chunk.raw, id, &chunk.hint, None, Level::Default);
    let Parsed::Header(header, _) = Header::parse(&blob.bytes)? else {
        bail!("a blob without a header");
    };
    let planes = describe(&blob.bytes)?.planes;
    let entropies: BTreeMap<_, _> = plane_entropies(&header, &chunk.raw).into_iter().collect();
    let with_entropy = |plane: PlaneDescription| {
        let entropy = entropies.get(plane.name).copied();
        (plane, entropy)
    };
    Ok(Measured {
        known: chunk.hint.dtype,
        dtype: header.hint().dtype,
        raw: chunk.raw.len(),
        stored: blob.bytes.len(),
        planes: planes.into_iter().map(with_entropy).collect(),
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
    /// The sum of its pieces' entropies, in bits, where it is a plane of the dtype's own.
    pub entropy: Option<f64>,
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
        for (plane, entropy) in piece.planes {
            group.plane(plane.name).add(&plane, entropy, weight);
        }
    }

    /// The file's bytes as they would be stored.
    pub fn stored(&self) -> f64 {
        self.groups.values().map(|group| group.stored).sum()
    }
}

impl Group {
    /// The plane of a name.
    fn plane(&mut self, name: &'static str) -> &mut Plane {
        let at = self.planes.iter().position(|plane| plane.name == name);
        let at = at.unwrap_or_else(|| {
            self.planes.push(Plane::new(name));
            self.planes.len() - 1
        });
        &mut self.planes[at]
    }
}

impl Plane {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            raw: 0.0,
            stored: 0.0,
            entropy: None,
            codings: BTreeMap::new(),
        }
    }

    fn add(&mut self, plane: &PlaneDescription, entropy: Option<f64>, weight: f64) {
        self.raw += weight * plane.raw_len as f64;
        self.stored += weight * plane.stored_len as f64;
        if let Some(bits) = entropy {
            *self.entropy.get_or_insert(0.0) += weight * plane.raw_len as f64 * bits;
        }
        for (coding, frames) in &plane.codings {
            *self.codings.entry(coding).or_default() += frames;
        }
    }
}
