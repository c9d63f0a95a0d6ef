//! What the codec makes of a chunk, for people to look at.

use crate::coder::{entropy, histogram};
use crate::header::{Header, Parsed};
use crate::layout::Layout;
use crate::{Dtype, Error, planes};

/// What is in a blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    /// Its elements.
    pub dtype: Dtype,
    /// Whether its planes are those of a delta.
    pub delta: bool,
    /// Raw bytes of the chunk.
    pub raw_len: u64,
    /// Bytes of the blob's header.
    pub header_len: u64,
    /// The planes, each over all frames.
    pub planes: Vec<PlaneDescription>,
}

/// What became of a plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaneDescription {
    /// What it holds.
    pub name: &'static str,
    /// Its bytes before.
    pub raw_len: u64,
    /// Its bytes in the blob.
    pub stored_len: u64,
    /// How often each coding was taken, by the coding's name: once a frame, where that has one part
    /// of the name.
    pub codings: Vec<(&'static str, usize)>,
}

/// Describes a blob, whose frames are not decoded.
pub fn describe(blob: &[u8]) -> Result<Description, Error> {
    let Parsed::Header(header, header_len) = Header::parse(blob)? else {
        return Err(Error::Malformed("header ends early"));
    };
    let dtype = header.hint().dtype;
    let mut planes = Vec::new();
    for frame in 0..header.frames() {
        add_frame(&header, frame, blob, &mut planes)?;
    }
    Ok(Description {
        dtype,
        delta: header.base().is_some(),
        raw_len: header.raw_len(),
        header_len: header_len as u64,
        planes,
    })
}

/// Adds the parts of a frame to what is known of those before, by their names: frames may have
/// different ones.
fn add_frame(
    header: &Header,
    frame: usize,
    blob: &[u8],
    planes: &mut Vec<PlaneDescription>,
) -> Result<(), Error> {
    let range = header.stored_range(frame..frame + 1);
    let stored = blob
        .get(range.start as usize..range.end as usize)
        .ok_or(Error::Malformed("frame ends early"))?;
    let core = header.facts.core(frame);
    let (stored, _) = header.split_edges(frame, stored)?;
    for part in header.plan.parts(stored, core.len())? {
        let plane = named(part.name, planes);
        plane.raw_len += part.raw_len as u64;
        plane.stored_len += part.stored_len as u64;
        count(&mut plane.codings, part.coding);
    }
    Ok(())
}

fn named<'a>(
    name: &'static str,
    planes: &'a mut Vec<PlaneDescription>,
) -> &'a mut PlaneDescription {
    let at = planes.iter().position(|plane| plane.name == name);
    let at = at.unwrap_or_else(|| {
        planes.push(PlaneDescription {
            name,
            raw_len: 0,
            stored_len: 0,
            codings: Vec::new(),
        });
        planes.len() - 1
    });
    &mut planes[at]
}

fn count(codings: &mut Vec<(&'static str, usize)>, coding: &'static str) {
    match codings.iter_mut().find(|(name, _)| *name == coding) {
        Some((_, count)) => *count += 1,
        None => codings.push((coding, 1)),
    }
}

/// The order-0 entropy of each plane of a chunk's bytes by its name, in bits a byte: from 0 to 8. The
/// planes are those of the dtype's layout, also where the blob of this header has others.
pub fn plane_entropies(header: &Header, raw: &[u8]) -> Vec<(&'static str, f64)> {
    let layout = Layout::of(header.hint().dtype);
    let core = crate::header::core(layout, header.facts.lead, raw.len());
    let mut split = vec![0; core.len()];
    planes::split(layout, &raw[core], &mut split);
    let mut rest = split.as_slice();
    (0..layout.planes())
        .map(|plane| {
            let (bytes, after) = rest.split_at(layout.plane_len(plane, split.len()));
            rest = after;
            (layout.name(plane), entropy(&histogram(bytes)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Hint, Level, encode};

    #[test]
    fn planes_add_up() {
        let raw: Vec<u8> = (0..300_000u32)
            .flat_map(|i| (i as f32).sin().to_le_bytes())
            .collect();
        let hint = Hint {
            dtype: Dtype::F32,
            row: 0,
            offset: 0,
        };
        let blob = encode(&raw, [0; 32], &hint, None, Level::Default);
        let description = describe(&blob.bytes).unwrap();
        assert_eq!(description.planes.len(), 4);
        assert_eq!(description.planes[3].name, "exponent");
        let raw_len: u64 = description.planes.iter().map(|plane| plane.raw_len).sum();
        assert_eq!(raw_len, raw.len() as u64);
        assert_eq!(description.raw_len, raw.len() as u64);
        let stored: u64 = description
            .planes
            .iter()
            .map(|plane| plane.stored_len)
            .sum();
        assert!(description.header_len + stored <= blob.bytes.len() as u64);
        for plane in &description.planes {
            let frames: usize = plane.codings.iter().map(|(_, count)| count).sum();
            assert_eq!(frames, raw.len().div_ceil(crate::FRAME_LEN));
        }
        assert!(describe(&blob.bytes[..1000]).is_err());
    }

    #[test]
    fn entropy_by_plane() {
        // A byte before the first number.
        let numbers = (0..50_000).flat_map(|i| (i as f32).sin().to_le_bytes());
        let raw: Vec<u8> = [7].into_iter().chain(numbers).collect();
        let hint = Hint {
            dtype: Dtype::Unknown,
            row: 0,
            offset: 0,
        };
        let blob = encode(&raw, [0; 32], &hint, None, Level::Default);
        let Parsed::Header(header, _) = Header::parse(&blob.bytes).unwrap() else {
            panic!("no header");
        };
        assert_eq!((header.hint().dtype, header.facts.lead), (Dtype::F32, 1));
        let bits = plane_entropies(&header, &raw);
        let of = |plane| bits.iter().find(|(name, _)| *name == plane).unwrap().1;
        assert!(of("exponent") < 3.0, "{bits:?}");
        assert!(of("mantissa 0") > 7.9, "{bits:?}");
    }
}
