//! The plan of a layout's planes, each with the coding that is cheapest for it in a frame: a word per
//! plane, then the planes' payloads.

mod look;
mod tiles;

pub(crate) use tiles::Scratch as Tiles;
pub(super) use tiles::Then;

use super::directory::{self, WORD, Writer};
use super::{Code, Core, Decoded, Part, Plan};
use crate::coder::{self, Coding};
use crate::cpu::fetch;
use crate::header::{Facts, Residual};
use crate::layout::Layout;
use crate::scratch::Scratch;
use crate::{Dtype, Error, Level, delta, planes};

/// The most planes of a layout.
pub(crate) const MAX_PLANES: usize = 8;
/// Bytes of a plane's payload that are read first.
const HEAD: usize = 128;
/// What a frame can take beyond its raw bytes.
pub(super) const MAX_OVERHEAD: usize = MAX_PLANES * WORD;

/// The planes of a dtype's layout, or of what a delta leaves of its elements.
#[derive(Debug)]
pub(crate) struct Planes {
    dtype: Dtype,
    layout: Layout,
    residual: Option<Residual>,
}

impl Planes {
    /// The planes of elements, or of their residuals.
    pub(crate) fn new(dtype: Dtype, residual: Option<Residual>) -> Planes {
        let layout = match residual {
            Some(residual) => delta::layout(dtype, residual),
            None => Layout::of(dtype),
        };
        Planes {
            dtype,
            layout,
            residual,
        }
    }

    /// Frames share nothing but what the header says.
    pub(super) fn read(shared: &[u8], facts: &Facts) -> Result<Planes, Error> {
        if !shared.is_empty() {
            return Err(Error::Malformed("planes share nothing"));
        }
        let residual = facts.base.map(|base| base.residual);
        if residual == Some(Residual::Planned) {
            return Err(Error::Malformed("planes of a planned residual"));
        }
        Ok(Planes::new(facts.hint.dtype, residual))
    }

    /// Takes a stored core apart.
    fn stored_planes<'a>(
        &self,
        stored: &'a [u8],
        core_len: usize,
    ) -> Result<Vec<StoredPlane<'a>>, Error> {
        let planes = directory::read(self.layout.planes(), stored)?;
        let planes = planes
            .into_iter()
            .enumerate()
            .map(|(i, plane)| StoredPlane {
                coding: plane.coding,
                raw_len: self.layout.plane_len(i, core_len),
                payload: plane.payload,
            });
        let planes: Vec<StoredPlane<'_>> = planes.collect();
        planes.iter().for_each(|plane| fetch(plane.payload, HEAD));
        Ok(planes)
    }

    /// Encodes units, in one pass where that will do.
    fn encode_units(
        &self,
        units: &[u8],
        level: Level,
        scratch: &mut Tiles,
        planes: &mut Vec<u8>,
        coder: &mut coder::Scratch,
        out: &mut Vec<u8>,
    ) {
        if self.residual.is_none()
            && let Some(how) = look::look(self.layout, self.dtype, level, units, &mut coder.kept)
        {
            let start = out.len();
            tiles::encode(self.layout, units, &how, &coder.kept, scratch, out);
            if out.len() - start <= units.len() + MAX_OVERHEAD {
                return;
            }
            // What samples promised was not so.
            out.truncate(start);
        }
        self.encode_planes(units, level, planes, coder, out);
    }

    /// Whether planes are decoded piece by piece.
    fn by_tiles(&self, planes: &[StoredPlane<'_>]) -> bool {
        let one_is_levels = planes.iter().any(|plane| plane.coding == Coding::Levels);
        tiles::fits(self.layout) && (planes.len() > 1 || one_is_levels)
    }

    /// Where units go. Nobody takes in residuals, which are not the bytes that they become.
    fn units<'a>(&self, core: &'a mut Decoded<'_>) -> Decoded<'a> {
        match self.residual {
            None => core.reborrowed(),
            Some(_) => core.unchecked(),
        }
    }

    /// Residuals to units, where there are any.
    fn undo(&self, core: Decoded<'_>) {
        if let Some(residual) = self.residual {
            delta::inverse(self.dtype, residual, core.bytes, core.base);
        }
    }

    /// Decodes a frame, of which something more is made.
    pub(super) fn decode_then(
        &self,
        stored: &[u8],
        mut core: Decoded<'_>,
        then: Option<Then<'_>>,
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        let planes = self.stored_planes(stored, core.bytes.len())?;
        if self.by_tiles(&planes) {
            tiles::decode(
                self.layout,
                &planes,
                self.units(&mut core),
                then,
                &mut scratch.tiles,
            )?;
            self.undo(core);
            return Ok(());
        }
        if let [plane] = planes.as_slice() {
            // A single plane is the units as they are.
            coder::decode(plane.coding, plane.payload, core.bytes)?;
            if let Some(then) = then {
                then.add_to_last(0, core.bytes);
            }
        } else {
            scratch.planes.resize(core.bytes.len(), 0);
            decode_planes(&planes, &mut scratch.planes)?;
            if let (Some(then), Some(last)) = (then, planes.last()) {
                let start = scratch.planes.len() - last.raw_len;
                then.add_to_last(0, &mut scratch.planes[start..]);
            }
            planes::merge(self.layout, &scratch.planes, core.bytes);
        }
        if let Some(then) = then {
            then.finish(0, core.bytes);
        }
        self.undo(core);
        Ok(())
    }

    /// Decodes two frames, of which something more is made.
    pub(super) fn decode_two_then(
        &self,
        [(stored_a, mut a), (stored_b, mut b)]: [(&[u8], Decoded<'_>); 2],
        then: [Option<Then<'_>>; 2],
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        let planes_a = self.stored_planes(stored_a, a.bytes.len())?;
        let planes_b = self.stored_planes(stored_b, b.bytes.len())?;
        if self.by_tiles(&planes_a) && self.by_tiles(&planes_b) {
            let frames = [
                (planes_a.as_slice(), self.units(&mut a)),
                (planes_b.as_slice(), self.units(&mut b)),
            ];
            tiles::decode_two(self.layout, frames, then, &mut scratch.tiles)?;
        } else if let ([plane_a], [plane_b]) = (planes_a.as_slice(), planes_b.as_slice())
            && [plane_a.coding, plane_b.coding] == [Coding::Shares; 2]
            && then.iter().all(Option::is_none)
        {
            let payloads = [plane_a.payload, plane_b.payload];
            coder::decode_two_shares(payloads, [&mut *a.bytes, &mut *b.bytes])?;
        } else {
            self.decode_then(stored_a, a, then[0], scratch)?;
            return self.decode_then(stored_b, b, then[1], scratch);
        }
        self.undo(a);
        self.undo(b);
        Ok(())
    }

    fn encode_planes(
        &self,
        words: &[u8],
        level: Level,
        planes: &mut Vec<u8>,
        coder: &mut coder::Scratch,
        out: &mut Vec<u8>,
    ) {
        // A single plane is the units as they are.
        let planes = if self.layout.planes() == 1 {
            words
        } else {
            // What is in it from the frame before is overwritten.
            planes.resize(words.len(), 0);
            planes::split(self.layout, words, planes);
            planes.as_slice()
        };
        let mut writer = Writer::new(self.layout.planes(), level, coder, out);
        let mut rest = planes;
        for plane in 0..self.layout.planes() {
            let (bytes, after) = rest.split_at(self.layout.plane_len(plane, words.len()));
            rest = after;
            match self.dtype {
                Dtype::Bytes => writer.add_bytes(bytes),
                _ => writer.add(bytes),
            }
        }
    }
}

impl Plan for Planes {
    fn code(&self) -> Code {
        Code::Planes
    }

    fn write(&self, _: &mut Vec<u8>) {}

    fn encode(&self, core: Core<'_>, level: Level, scratch: &mut Scratch, out: &mut Vec<u8>) {
        let Scratch {
            planes,
            words,
            coder,
            tiles,
            ..
        } = scratch;
        let units = match self.residual {
            None => core.bytes,
            Some(residual) => {
                words.clear();
                words.extend_from_slice(core.bytes);
                delta::forward(self.dtype, residual, words, core.base);
                words
            }
        };
        self.encode_units(units, level, tiles, planes, coder, out);
    }

    fn decode(&self, stored: &[u8], core: Decoded<'_>, scratch: &mut Scratch) -> Result<(), Error> {
        self.decode_then(stored, core, None, scratch)
    }

    fn decode_two(
        &self,
        frames: [(&[u8], Decoded<'_>); 2],
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        self.decode_two_then(frames, [None, None], scratch)
    }

    fn parts(&self, stored: &[u8], core_len: usize) -> Result<Vec<Part>, Error> {
        let planes = self.stored_planes(stored, core_len)?;
        let parts = planes.iter().enumerate().map(|(i, plane)| Part {
            name: self.layout.name(i),
            raw_len: plane.raw_len,
            stored_len: plane.payload.len(),
            coding: plane.coding.name(),
        });
        Ok(parts.collect())
    }
}

/// One plane of a stored core.
struct StoredPlane<'a> {
    coding: Coding,
    raw_len: usize,
    payload: &'a [u8],
}

/// Decodes planes one after the other.
fn decode_planes(planes: &[StoredPlane<'_>], out: &mut [u8]) -> Result<(), Error> {
    let mut rest = out;
    for plane in planes {
        let (to, after) = rest.split_at_mut(plane.raw_len);
        coder::decode(plane.coding, plane.payload, to)?;
        rest = after;
    }
    Ok(())
}
