//! A frame to blocks: what says which tables quants have for all of it at once, then the quants by tiles, which stay
//! in the nearest cache from their contexts to the blocks that they are put into. Two frames side by side.

use super::kind::{Kind, View};
use super::set::Part;
use super::twos::{self, Twos};
use super::{Blocks, Buffers, Frame, fill_sub_contexts, marks, pack, undo, words};
use crate::Error;
use crate::coder::rans::{Decoder, LANES};
use crate::plan::Decoded;

/// Quants of a tile, if a symbol is one.
const TILE: usize = 4096;

/// A frame whose quants are still to be decoded.
struct Open<'a> {
    decoder: Decoder<'a>,
    /// The chunk's number of its first group.
    first: usize,
    bytes: &'a mut [u8],
    frame: &'a mut Frame,
    /// How many of its blocks are done.
    done: usize,
    /// By twos, what is below the symbols, and the quants that stand in marks' stead.
    low: &'a [u8],
    exceptions: &'a [u8],
}

impl<'a> Open<'a> {
    /// The quants that are next, of which the contexts are known.
    fn quants(&mut self, by_twos: bool) -> Part<'_, 'a> {
        let Frame {
            fields,
            taken,
            contexts,
            ..
        } = &mut *self.frame;
        let out = match by_twos {
            true => &mut taken.symbols[..contexts.len()],
            false => fields.quants.as_mut_slice(),
        };
        Part {
            decoder: &mut self.decoder,
            contexts,
            out,
        }
    }
}

impl Kind {
    /// Blocks of a tile, whose symbols are whole rounds of lanes.
    pub(super) fn tile(&self) -> usize {
        let blocks = TILE / self.dtype.block_elements() as usize;
        debug_assert!((blocks * self.quants).is_multiple_of(LANES));
        blocks
    }
}

impl Blocks {
    /// Decodes all fields.
    pub(super) fn decode_fields(
        &self,
        payload: &[u8],
        core: Decoded<'_>,
        buffers: &mut Buffers,
    ) -> Result<(), Error> {
        let [open] = self.open([(payload, core)], [&mut buffers.0[0]])?;
        self.finish(open)
    }

    /// Decodes all fields of two frames.
    pub(super) fn decode_two_fields(
        &self,
        payloads: [&[u8]; 2],
        [core_a, core_b]: [Decoded<'_>; 2],
        buffers: &mut Buffers,
    ) -> Result<(), Error> {
        let both = [(payloads[0], core_a), (payloads[1], core_b)];
        let [mut a, mut b] = self.open(both, buffers.0.each_mut())?;
        let tile = self.kind.tile();
        let both = self.blocks(&a).min(self.blocks(&b));
        while a.done + tile <= both {
            self.contexts(&mut a, tile);
            self.contexts(&mut b, tile);
            let by_twos = self.twos.is_some();
            self.quants.decode([a.quants(by_twos), b.quants(by_twos)])?;
            self.pack(&mut a, tile)?;
            self.pack(&mut b, tile)?;
        }
        self.finish(a)?;
        self.finish(b)
    }

    /// Decodes what is before the quants, of a frame or of two side by side.
    fn open<'a, const N: usize>(
        &self,
        cores: [(&'a [u8], Decoded<'a>); N],
        frames: [&'a mut Frame; N],
    ) -> Result<[Open<'a>; N], Error> {
        let mut frames = frames.into_iter();
        let mut opens = Vec::with_capacity(N);
        for ((payload, core), frame) in cores.into_iter().zip(frames.by_ref()) {
            opens.push(self.begin(payload, core, frame)?);
        }
        let mut opens: [Open<'a>; N] = opens.try_into().map_err(|_| Error::Malformed("frames"))?;
        self.decode_scales(&mut opens)?;
        for open in &mut opens {
            undo(self.mode, &mut open.frame.fields.halves);
            self.find_groups(open.first, open.frame);
            self.find_columns(open.first, open.frame);
        }
        self.marks
            .decode(opens.each_mut().map(|open| marks::Coded {
                decoder: &mut open.decoder,
                groups: open.frame.groups.number,
                columns: &open.frame.columns,
                places: &mut open.frame.places,
            }))?;
        Ok(opens)
    }

    /// Makes room for a frame.
    fn begin<'a>(
        &self,
        payload: &'a [u8],
        core: Decoded<'a>,
        frame: &'a mut Frame,
    ) -> Result<Open<'a>, Error> {
        let first = self.first_group(core.first);
        let blocks = core.bytes.len() / self.kind.unit;
        frame.fields.resize(&self.kind, blocks);
        const CUT: Error = Error::Malformed("lower bits");
        self.find_classes(first, blocks, frame);
        let (mut rest, mut exceptions, mut low) = (payload, &[][..], &[][..]);
        frame.lent.clear();
        if let Some(twos) = &self.twos {
            let (number, after) = rest.split_first_chunk::<3>().ok_or(CUT)?;
            let number = u32::from_le_bytes([number[0], number[1], number[2], 0]);
            (exceptions, rest) = after.split_at_checked(number as usize).ok_or(CUT)?;
            let low_len = blocks * self.kind.groups() * twos.low_len();
            (low, rest) = rest.split_at_checked(low_len).ok_or(CUT)?;
            if twos.lent() > 0 {
                twos.scales(low, &mut frame.lent);
            }
        } else {
            let own;
            (own, rest) = rest.split_at_checked(frame.fields.low.len()).ok_or(CUT)?;
            frame.fields.low.copy_from_slice(own);
        }
        Ok(Open {
            decoder: Decoder::new(rest)?,
            first,
            bytes: core.bytes,
            frame,
            done: 0,
            low,
            exceptions,
        })
    }

    /// Decodes the halves' origins and what is by group.
    fn decode_scales<const N: usize>(&self, opens: &mut [Open<'_>; N]) -> Result<(), Error> {
        for (i, words) in self.halves.iter().enumerate() {
            words.decode(opens.each_mut().map(|open| {
                let (before, symbols) = open.frame.symbols.split_at_mut(i);
                words::Coded {
                    decoder: &mut open.decoder,
                    before: before.last().map_or(&open.frame.classes, |own| &own.high),
                    lent: &open.frame.lent,
                    symbols: &mut symbols[0],
                    words: &mut open.frame.fields.halves[i],
                }
            }))?;
        }
        for (i, set) in self.subs.iter().enumerate() {
            set.decode(opens.each_mut().map(|open| {
                let Frame {
                    fields,
                    sub_contexts,
                    ..
                } = &mut *open.frame;
                let (before, own) = fields.subs.split_at_mut(i);
                sub_contexts.clear();
                if let [scales] = before {
                    fill_sub_contexts(scales, sub_contexts);
                }
                Part {
                    decoder: &mut open.decoder,
                    contexts: sub_contexts,
                    out: &mut own[0],
                }
            }))?;
        }
        Ok(())
    }

    fn blocks(&self, open: &Open<'_>) -> usize {
        open.bytes.len() / self.kind.unit
    }

    /// The contexts of the next few blocks, and room for their symbols.
    fn contexts(&self, open: &mut Open<'_>, blocks: usize) {
        let each = self.kind.groups();
        let run = open.done * each..(open.done + blocks) * each;
        let frame = &mut *open.frame;
        if let Some(twos) = &self.twos {
            self.grid.classes(frame.groups.run(run), &mut frame.classes);
            twos.contexts(&frame.classes, self.grid.contexts(), &mut frame.contexts);
            let len = frame.contexts.len() + twos::SLACK;
            frame.taken.symbols.resize(len, 0);
            frame.fields.quants.resize(blocks * self.kind.quants, 0);
            return;
        }
        let known = (&frame.groups, &frame.places);
        self.fill_contexts(open.first, run, known, &mut frame.contexts);
        frame.fields.quants.resize(blocks * self.kind.quants, 0);
    }

    /// Puts the next few blocks together.
    fn pack(&self, open: &mut Open<'_>, blocks: usize) -> Result<(), Error> {
        if let Some(twos) = &self.twos {
            self.join(twos, open, blocks)?;
        }
        let unit = self.kind.unit;
        let range = open.done..open.done + blocks;
        let to = &mut open.bytes[range.start * unit..range.end * unit];
        let fields = &open.frame.fields;
        let view = View {
            quants: &fields.quants,
            ..fields.view(&self.kind, range)
        };
        pack::pack(&self.kind, view, to);
        open.done += blocks;
        Ok(())
    }

    /// The quants of the next few blocks by what twos have of them.
    fn join(&self, twos: &Twos, open: &mut Open<'_>, blocks: usize) -> Result<(), Error> {
        let each = self.kind.groups();
        let run = open.done * each..(open.done + blocks) * each;
        let Frame {
            fields,
            groups,
            places,
            taken,
            ..
        } = &mut *open.frame;
        let low = &open.low[run.start * twos.low_len()..run.end * twos.low_len()];
        let spots = twos::spots(places, run.clone());
        let quants = &mut fields.quants;
        twos.join(taken, low, spots, quants)?;
        if !self.grid.columns.means.is_empty() {
            let first = open.first + run.start;
            let groups = groups.run(run);
            self.grid.shift(&self.place, first, groups, true, quants);
        }
        twos.mark(low, spots, &mut open.exceptions, quants)
    }

    /// Decodes the quants that are left of a frame.
    fn finish(&self, mut open: Open<'_>) -> Result<(), Error> {
        let all = self.blocks(&open);
        while open.done < all {
            let blocks = self.kind.tile().min(all - open.done);
            self.contexts(&mut open, blocks);
            self.quants.decode([open.quants(self.twos.is_some())])?;
            self.pack(&mut open, blocks)?;
        }
        if !open.exceptions.is_empty() {
            return Err(Error::Malformed("exceptions"));
        }
        open.decoder.finish()
    }
}
