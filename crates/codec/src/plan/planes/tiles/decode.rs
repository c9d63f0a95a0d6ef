//! Planes to units.

use super::{MAX_PLANES, StoredPlane, TILE, Tiles};
use crate::check::Check;
#[cfg(target_arch = "x86_64")]
use crate::coder::vectors::{Out, Owed, Wide, fence};
use crate::coder::{self, Coding};
use crate::coder::{levels, tiered};
use crate::layout::Layout;
use crate::plan::Decoded;
#[cfg(target_arch = "x86_64")]
use crate::planes::Units;
use crate::{Error, planes};

/// Buffers of a frame that are used again. What is in them from another one is overwritten.
#[derive(Default)]
pub(super) struct Buffers {
    tiles: Option<Box<Tiles>>,
    /// For planes that cannot be decoded piece by piece.
    whole: Vec<u8>,
}

/// What makes units what they are at last.
#[derive(Clone, Copy)]
pub(in crate::plan) enum Then<'a> {
    /// Makes it of units, from a number of them on.
    Units(&'a dyn Fn(usize, &mut [u8])),
    /// Says what is to be added to their bytes in the last plane.
    Last(&'a dyn Fn(usize, &mut [u8])),
}

impl Then<'_> {
    /// Adds to bytes of the last plane, of units from a number of them on, what is to be added.
    pub(in crate::plan::planes) fn add_to_last(self, at: usize, bytes: &mut [u8]) {
        let Then::Last(moves) = self else {
            return;
        };
        let mut by = [0; TILE];
        for (i, bytes) in bytes.chunks_mut(TILE).enumerate() {
            let by = &mut by[..bytes.len()];
            moves(at + i * TILE, by);
            for (byte, by) in bytes.iter_mut().zip(by) {
                *byte = byte.wrapping_add(*by);
            }
        }
    }

    /// Makes of units what they are at last, where that is made of units.
    pub(in crate::plan::planes) fn finish(self, at: usize, units: &mut [u8]) {
        if let Then::Units(finish) = self {
            finish(at, units);
        }
    }
}

/// Decodes the planes of a frame.
pub(in crate::plan::planes) fn decode(
    layout: Layout,
    stored: &[StoredPlane<'_>],
    core: Decoded<'_>,
    then: Option<Then<'_>>,
    scratch: &mut super::Scratch,
) -> Result<(), Error> {
    let [buffers, _] = &mut scratch.frames;
    let mut frame = Frame::open(layout, stored, (core, then), buffers)?;
    while !frame.is_done() {
        frame.tile()?;
    }
    frame.finish()
}

/// Decodes the planes of two frames, tile by tile in turns: the check of neither waits for itself then.
pub(in crate::plan::planes) fn decode_two(
    layout: Layout,
    [one, other]: [(&[StoredPlane<'_>], Decoded<'_>); 2],
    then: [Option<Then<'_>>; 2],
    scratch: &mut super::Scratch,
) -> Result<(), Error> {
    let [buffers, more] = &mut scratch.frames;
    let mut one = Frame::open(layout, one.0, (one.1, then[0]), buffers)?;
    let mut other = Frame::open(layout, other.0, (other.1, then[1]), more)?;
    while !(one.is_done() && other.is_done()) {
        #[cfg(target_arch = "x86_64")]
        if let Some(done) = two_tiles([&mut one, &mut other]) {
            done?;
            continue;
        }
        one.tile()?;
        other.tile()?;
    }
    one.finish()?;
    other.finish()
}

/// A frame that is being decoded.
struct Frame<'a> {
    layout: Layout,
    sources: Vec<Source<'a>>,
    tiles: &'a mut Tiles,
    /// How many tiles are done.
    at: usize,
    /// Where the next ones go.
    out: &'a mut [u8],
    /// What makes of them what they are at last.
    then: Option<Then<'a>>,
    check: Check,
    asked: Option<&'a mut Check>,
    /// What of the tiles so far is owed, if units go past the caches.
    #[cfg(target_arch = "x86_64")]
    owed: Option<Owed>,
}

#[cfg(target_arch = "x86_64")]
impl Drop for Frame<'_> {
    fn drop(&mut self) {
        if self.owed.is_some() {
            fence();
        }
    }
}

/// Whether units go past the caches: they are taken in on the way, and that is all that is done with them soon.
#[cfg(target_arch = "x86_64")]
fn goes_far(core: &Decoded<'_>, then: Option<Then<'_>>) -> bool {
    let taken_in = core.check.is_some() && !matches!(then, Some(Then::Units(_)));
    core.far && taken_in && crate::cpu::multiplies_wide()
}

/// Where the bytes of a plane come from.
enum Source<'a> {
    /// They lie one after the other.
    There(&'a [u8]),
    /// They are all the same, and in the plane's tile for good.
    Constant,
    /// They are decoded tile by tile.
    Tiered(tiered::Reader<'a>),
    Levels(Box<levels::Reader<'a>>),
}

impl<'a> Frame<'a> {
    fn open(
        layout: Layout,
        stored: &[StoredPlane<'a>],
        (core, then): (Decoded<'a>, Option<Then<'a>>),
        buffers: &'a mut Buffers,
    ) -> Result<Frame<'a>, Error> {
        let tiles = buffers
            .tiles
            .get_or_insert_with(|| Box::new([[0; TILE]; MAX_PLANES]));
        let whole = buffers.whole.len().max(core.bytes.len());
        buffers.whole.resize(whole, 0);
        let mut rest = buffers.whole.as_mut_slice();
        let mut sources = Vec::with_capacity(stored.len());
        for (plane, tile) in stored.iter().zip(tiles.iter_mut()) {
            let (to, after) = std::mem::take(&mut rest).split_at_mut(plane.raw_len);
            rest = after;
            sources.push(source(plane, tile, to)?);
        }
        Ok(Frame {
            layout,
            sources,
            tiles,
            at: 0,
            then,
            check: Check::new(),
            #[cfg(target_arch = "x86_64")]
            owed: goes_far(&core, then).then(Owed::nothing),
            out: core.bytes,
            asked: core.check,
        })
    }

    /// How many bytes of units are to come.
    fn left(&self) -> usize {
        #[cfg(target_arch = "x86_64")]
        if let Some(owed) = &self.owed {
            return self.out.len() - owed.len();
        }
        self.out.len()
    }

    fn is_done(&self) -> bool {
        self.left() == 0
    }

    /// Decodes the units of the next tile, if there are any, and takes them in.
    fn tile(&mut self) -> Result<(), Error> {
        if self.is_done() {
            return Ok(());
        }
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(done) = one_tile(self) {
                return done;
            }
            self.settle();
        }
        let unit = self.layout.unit();
        let len = self.out.len().min(TILE * unit);
        self.read(self.sources.len(), len / unit)?;
        let (out, rest) = std::mem::take(&mut self.out).split_at_mut(len);
        let mut planes: [&[u8]; MAX_PLANES] = [&[]; MAX_PLANES];
        let bytes = self.sources.iter().zip(&*self.tiles);
        for (plane, (source, tile)) in planes.iter_mut().zip(bytes) {
            *plane = source.tile(tile, self.at, len / unit);
        }
        let mut last_tile = [0; TILE];
        if let (Some(then @ Then::Last(_)), Some(last)) =
            (self.then, planes[..self.sources.len()].last_mut())
        {
            let moved = &mut last_tile[..len / unit];
            moved.copy_from_slice(last);
            then.add_to_last(self.at * TILE, moved);
            *last = moved;
        }
        planes::merge_from(self.layout, &planes[..self.sources.len()], out);
        if let Some(then) = self.then {
            then.finish(self.at * TILE, out);
        }
        self.check.absorb(out);
        (self.out, self.at) = (rest, self.at + 1);
        Ok(())
    }

    /// Decodes the next tile of some planes, the first of all, to where it is looked for.
    fn read(&mut self, planes: usize, count: usize) -> Result<(), Error> {
        for (source, tile) in self.sources[..planes].iter_mut().zip(&mut *self.tiles) {
            match source {
                Source::There(_) | Source::Constant => {}
                Source::Tiered(reader) => reader.tile(&mut tile[..count])?,
                Source::Levels(reader) => reader.tile(&mut tile[..count])?,
            }
        }
        Ok(())
    }

    /// Whether all was used.
    fn finish(mut self) -> Result<(), Error> {
        #[cfg(target_arch = "x86_64")]
        self.settle();
        if let Some(asked) = &mut self.asked {
            **asked = self.check;
        }
        let mut sources = std::mem::take(&mut self.sources).into_iter();
        sources.try_for_each(|source| match source {
            Source::Tiered(reader) => reader.finish(),
            Source::Levels(reader) => reader.finish(),
            _ => Ok(()),
        })
    }
}

impl Source<'_> {
    /// So many bytes of a tile, the next to be decoded or just decoded to its place.
    fn tile<'t>(&'t self, tile: &'t [u8; TILE], at: usize, count: usize) -> &'t [u8] {
        match self {
            Source::There(bytes) => &bytes[at * TILE..][..count],
            _ => &tile[..count],
        }
    }
}

fn source<'a>(
    plane: &StoredPlane<'a>,
    tile: &mut [u8; TILE],
    whole: &'a mut [u8],
) -> Result<Source<'a>, Error> {
    match plane.coding {
        Coding::Raw if plane.payload.len() == plane.raw_len => Ok(Source::There(plane.payload)),
        Coding::Tiered => tiered::Reader::new(plane.payload, plane.raw_len).map(Source::Tiered),
        Coding::Levels => {
            let reader = levels::Reader::new(plane.payload, plane.raw_len)?;
            Ok(Source::Levels(Box::new(reader)))
        }
        Coding::Constant => {
            coder::decode(plane.coding, plane.payload, tile)?;
            Ok(Source::Constant)
        }
        coding => {
            coder::decode(coding, plane.payload, whole)?;
            Ok(Source::There(whole))
        }
    }
}

/// Runs a function for the number of planes beside the last, and for where units go.
#[cfg(target_arch = "x86_64")]
macro_rules! for_frame {
    ($frame:expr, $call:ident($($arg:expr),*)) => {
        match ($frame.layout.planes(), $frame.owed.is_some()) {
            (1, false) => Some($call::<false, 0>($($arg),*)),
            (2, false) => Some($call::<false, 1>($($arg),*)),
            (4, false) => Some($call::<false, 3>($($arg),*)),
            (1, true) => Some($call::<true, 0>($($arg),*)),
            (2, true) => Some($call::<true, 1>($($arg),*)),
            (4, true) => Some($call::<true, 3>($($arg),*)),
            _ => None,
        }
    };
}

/// Decodes a whole tile while its last plane is, if there is a kernel for that.
#[cfg(target_arch = "x86_64")]
fn one_tile(frame: &mut Frame<'_>) -> Option<Result<(), Error>> {
    fn run<const FAR: bool, const OTHERS: usize>(
        machine: Wide,
        frame: &mut Frame<'_>,
    ) -> Result<(), Error> {
        let tile = frame.take_tile();
        if let Some((reader, units)) = frame.whole::<FAR, OTHERS>(tile)? {
            levels::Reader::rows([reader], machine, [units])?;
        }
        if frame.finish_units(tile) {
            frame.check.absorb(tile);
        }
        Ok(())
    }
    let machine = Wide::here().filter(|_| frame.is_whole())?;
    for_frame!(frame, run(machine, frame))
}

/// As [`one_tile`], of both frames.
#[cfg(target_arch = "x86_64")]
fn two_tiles(frames: [&mut Frame<'_>; 2]) -> Option<Result<(), Error>> {
    fn run<const FAR: bool, const OTHERS: usize>(
        machine: Wide,
        [one, other]: [&mut Frame<'_>; 2],
    ) -> Result<(), Error> {
        let (tile, more_tile) = (one.take_tile(), other.take_tile());
        if let (Some((reader, units)), Some((more, others))) = (
            one.whole::<FAR, OTHERS>(tile)?,
            other.whole::<FAR, OTHERS>(more_tile)?,
        ) {
            levels::Reader::rows([reader, more], machine, [units, others])?;
        }
        let changed = [one.finish_units(tile), other.finish_units(more_tile)];
        if changed == [true; 2] {
            Check::absorb_two([&mut one.check, &mut other.check], [tile, more_tile]);
        }
        Ok(())
    }
    let machine = Wide::here().filter(|_| frames.iter().all(|frame| frame.is_whole()))?;
    for_frame!(frames[0], run(machine, frames))
}

/// What decodes a tile's last plane, and where its units go with all others.
#[cfg(target_arch = "x86_64")]
type Whole<'t, 'f, const FAR: bool, const OTHERS: usize> =
    (&'t mut levels::Reader<'f>, Units<'t, FAR, OTHERS>);

#[cfg(target_arch = "x86_64")]
impl<'f> Frame<'f> {
    /// Whether there is a whole tile to come, and its last plane is coded in levels.
    fn is_whole(&self) -> bool {
        let is_levels = matches!(self.sources.last(), Some(Source::Levels(_)));
        is_levels && self.left() >= TILE * self.layout.unit()
    }

    /// Puts what is owed of the tiles so far.
    fn settle(&mut self) {
        if let Some(owed) = &mut self.owed {
            owed.settle(&mut self.out);
        }
    }

    /// Where the next tile's units go.
    fn take_tile(&mut self) -> &'f mut [u8] {
        let len = TILE * self.layout.unit();
        match &mut self.owed {
            Some(owed) => owed.take(&mut self.out, len),
            None => self.out.split_off_mut(..len).unwrap_or_default(),
        }
    }

    /// What decodes the next tile, which was taken.
    fn whole<'t, const FAR: bool, const OTHERS: usize>(
        &'t mut self,
        tile: &'t mut [u8],
    ) -> Result<Option<Whole<'t, 'f, FAR, OTHERS>>, Error> {
        self.read(OTHERS, TILE)?;
        let at = self.at;
        let Some((Source::Levels(reader), others)) = self.sources.split_last_mut() else {
            return Ok(None);
        };
        let moves = match self.then {
            Some(Then::Last(moves)) => {
                // Where that plane's bytes would be, if they were not put together at once.
                moves(at * TILE, &mut self.tiles[OTHERS]);
                Some(&self.tiles[OTHERS])
            }
            _ => None,
        };
        let mut planes = [[].as_slice(); OTHERS];
        for (plane, (source, tile)) in planes.iter_mut().zip(others.iter().zip(&*self.tiles)) {
            *plane = source.tile(tile, at, TILE);
        }
        let check = match self.then {
            Some(Then::Units(_)) => None,
            _ => Some(&mut self.check),
        };
        let out = Out::new(tile, self.owed.as_mut());
        let units = Units::new(self.layout, planes, moves, out, check);
        Ok(units.map(|units| (&mut **reader, units)))
    }

    /// Makes of a tile's units what they are at last; whether that changed them.
    fn finish_units(&mut self, tile: &mut [u8]) -> bool {
        if let Some(then) = self.then {
            then.finish(self.at * TILE, tile);
        }
        self.at += 1;
        matches!(self.then, Some(Then::Units(_)))
    }
}
