//! From blob to chunk.

use std::ops::Range;

use crate::Error;
use crate::check::{Check, finish_two};
use crate::cpu::fetch;
use crate::header::{BaseRef, Header, Parsed, frame_hash};
use crate::plan::Decoded;
use crate::scratch::{self, Scratch};

/// Decodes and verifies a whole blob: header against itself, each frame against its hash and its
/// check, the result against the chunk id.
pub fn decode(blob: &[u8], base: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    let Parsed::Header(header, len) = Header::parse(blob)? else {
        return Err(Error::Malformed("header ends early"));
    };
    let mut out = Vec::with_capacity(header.raw_len() as usize);
    header.decode_frames(0..header.frames(), &blob[len..], base, &mut out)?;
    if *blake3::hash(&out).as_bytes() != header.chunk_id() {
        return Err(Error::WrongChunk);
    }
    Ok(out)
}

/// Bytes of a frame that are brought near while those before it are decoded.
const AHEAD: usize = 128;
/// From so many bytes on, what is decoded goes past the caches.
const FAR: usize = 4 << 20;

impl Header {
    /// Verifies and decodes a run of frames from exactly its stored bytes, appending the raw bytes
    /// to `out`, which is left as it was when that fails. A delta needs the base's raw bytes, whole.
    pub fn decode_frames(
        &self,
        frames: Range<usize>,
        stored: &[u8],
        base: Option<&[u8]>,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        self.verify_frames(frames.clone(), stored)?;
        self.decode_verified(frames, stored, base, out)
    }

    /// As [`Header::decode_frames`], for bytes that [`Header::verify_frames`] was content with. Other
    /// bytes are an error or decode to the wrong ones, and do no harm beyond that.
    pub fn decode_verified(
        &self,
        frames: Range<usize>,
        stored: &[u8],
        base: Option<&[u8]>,
        out: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let raw = self.raw_range(frames.clone());
        let kept = out.len();
        out.resize(kept + (raw.end - raw.start) as usize, 0);
        let decoded = self.decode_into(frames, stored, base, &mut out[kept..]);
        if decoded.is_err() {
            out.truncate(kept);
        }
        decoded
    }

    /// As [`Header::decode_verified`], into memory that has exactly the frames' raw length. What is
    /// in it after an error is not to be used.
    pub fn decode_into(
        &self,
        frames: Range<usize>,
        stored: &[u8],
        base: Option<&[u8]>,
        out: &mut [u8],
    ) -> Result<(), Error> {
        self.check_len(frames.clone(), stored)?;
        let raw = self.raw_range(frames.clone());
        if out.len() as u64 != raw.end - raw.start {
            return Err(Error::Malformed("length of the decoded frames"));
        }
        scratch::with(|scratch| self.decode_each(frames, stored, base, scratch, out))
    }

    /// Verifies the stored bytes of a run of frames against the header without decoding them.
    pub fn verify_frames(&self, frames: Range<usize>, mut stored: &[u8]) -> Result<(), Error> {
        self.check_len(frames.clone(), stored)?;
        for frame in frames {
            let entry = &self.index[frame];
            let (bytes, rest) = stored.split_at(entry.stored_len as usize);
            stored = rest;
            if frame_hash(bytes) != entry.hash {
                return Err(Error::CorruptFrame(frame));
            }
        }
        Ok(())
    }

    fn check_len(&self, frames: Range<usize>, stored: &[u8]) -> Result<(), Error> {
        if frames.start > frames.end || frames.end > self.frames() {
            return Err(Error::Malformed("no such frames"));
        }
        let range = self.stored_range(frames);
        if stored.len() as u64 != range.end - range.start {
            return Err(Error::Malformed("length of the frames"));
        }
        Ok(())
    }

    /// The base, if the blob is a delta: it must have the length that the header names. Another
    /// chunk of that length is found by the frames' checks.
    fn usable_base<'a>(
        &self,
        base: Option<&'a [u8]>,
    ) -> Result<Option<(BaseRef, &'a [u8])>, Error> {
        let Some(base_ref) = self.facts.base else {
            return Ok(None);
        };
        match base {
            Some(raw) if raw.len() == base_ref.raw_len as usize => Ok(Some((base_ref, raw))),
            _ => Err(Error::Base),
        }
    }

    /// Decodes frames into `out`, which has their raw length, by twos.
    fn decode_each(
        &self,
        mut frames: Range<usize>,
        mut stored: &[u8],
        base: Option<&[u8]>,
        scratch: &mut Scratch,
        mut out: &mut [u8],
    ) -> Result<(), Error> {
        let base = self.usable_base(base)?.map(|(_, base)| base);
        let far = out.len() >= FAR;
        let mut open = |frame: usize| {
            let (own, rest) = stored.split_at(self.index[frame].stored_len as usize);
            stored = rest;
            // The beginnings of the next one and of the one after that, which are read first there.
            fetch(rest, AHEAD);
            let next = self.index.get(frame + 1);
            let next = next.and_then(|next| rest.get(next.stored_len as usize..));
            fetch(next.unwrap_or_default(), AHEAD);
            let (to, rest) =
                std::mem::take(&mut out).split_at_mut(self.facts.frame_range(frame).len());
            out = rest;
            Open {
                frame,
                stored: own,
                to,
                far,
                check: Check::new(),
            }
        };
        while let Some(frame) = frames.next() {
            let mut one = open(frame);
            let Some(mut other) = frames.next().map(&mut open) else {
                let (stored, core) = self.core(&mut one, base)?;
                self.plan.decode(stored, core, scratch)?;
                return self.compare(&one, one.check.finish(one.to));
            };
            let both = [self.core(&mut one, base)?, self.core(&mut other, base)?];
            self.plan.decode_two(both, scratch)?;
            let checks = finish_two([one.check, other.check], [&*one.to, &*other.to]);
            self.compare(&one, checks[0])?;
            self.compare(&other, checks[1])?;
        }
        Ok(())
    }

    /// Compares the check of a decoded frame with the one that it should have. A delta that decodes wrong most likely got another base.
    fn compare(&self, open: &Open<'_>, found: u64) -> Result<(), Error> {
        if found == self.index[open.frame].check {
            Ok(())
        } else if self.facts.base.is_some() {
            Err(Error::Base)
        } else {
            Err(Error::WrongDecode(open.frame))
        }
    }

    /// A frame's stored core and where that goes, once the bytes before and after it are in place.
    fn core<'a>(
        &self,
        open: &'a mut Open<'_>,
        base: Option<&'a [u8]>,
    ) -> Result<(&'a [u8], Decoded<'a>), Error> {
        let (stored, [before, after]) = self.split_edges(open.frame, open.stored)?;
        let core = self.facts.core(open.frame);
        open.to[..core.start].copy_from_slice(before);
        open.to[core.end..].copy_from_slice(after);
        let base = match base {
            Some(base) => &base[self.facts.base_range(open.frame)],
            None => &[],
        };
        let units = Decoded {
            first: self.facts.first_unit(open.frame),
            // It begins with the frame.
            check: (core.start == 0).then_some(&mut open.check),
            bytes: &mut open.to[core],
            base,
            far: open.far,
        };
        Ok((stored, units))
    }

    /// A stored frame without the raw bytes before and after its whole units, and those.
    pub(crate) fn split_edges<'a>(
        &self,
        frame: usize,
        stored: &'a [u8],
    ) -> Result<(&'a [u8], [&'a [u8]; 2]), Error> {
        let core = self.facts.core(frame);
        let edges = self.facts.frame_range(frame).len() - core.len();
        let at = stored.len().checked_sub(edges);
        let (stored, edges) = stored.split_at(at.ok_or(Error::Malformed("frame ends early"))?);
        Ok((stored, edges.split_at(core.start).into()))
    }
}

/// A frame that is being decoded.
struct Open<'a> {
    frame: usize,
    stored: &'a [u8],
    /// All of its raw bytes.
    to: &'a mut [u8],
    /// Whether those of all frames are more than the nearer caches have room for.
    far: bool,
    check: Check,
}
