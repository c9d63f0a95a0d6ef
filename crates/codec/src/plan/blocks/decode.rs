//! A frame to blocks: what says which tables quants have for all of it at once, then the quants by tiles, which stay
//! in the nearest cache from their contexts to the blocks that they are put into. Two frames side by side.

use super::kind::{Kind, View};
use super::{Blocks, Buffers, Frame, fill_sub_contexts, pack, undo};
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
        let open = self.open(payload, core, &mut buffers.0[0])?;
        self.finish(open)
    }

    /// Decodes all fields of two frames.
    pub(super) fn decode_two_fields(
        &self,
        payloads: [&[u8]; 2],
        [core_a, core_b]: [Decoded<'_>; 2],
        buffers: &mut Buffers,
    ) -> Result<(), Error> {
        let [a, b] = &mut buffers.0;
        let mut a = self.open(payloads[0], core_a, a)?;
        let mut b = self.open(payloads[1], core_b, b)?;
        let tile = self.kind.tile();
        let both = self.blocks(&a).min(self.blocks(&b));
        while a.done + tile <= both {
            self.contexts(&mut a, tile);
            self.contexts(&mut b, tile);
            let decoders = [&mut a.decoder, &mut b.decoder];
            let contexts = [a.frame.contexts.as_slice(), &b.frame.contexts];
            let [to_a, to_b] = [&mut a.frame.fields.quants, &mut b.frame.fields.quants];
            self.quants.decode_two(decoders, contexts, [to_a, to_b])?;
            self.pack(&mut a, tile);
            self.pack(&mut b, tile);
        }
        self.finish(a)?;
        self.finish(b)
    }

    /// Decodes what is before the quants.
    fn open<'a>(
        &self,
        payload: &'a [u8],
        core: Decoded<'a>,
        frame: &'a mut Frame,
    ) -> Result<Open<'a>, Error> {
        let first = self.first_group(core.first);
        let blocks = core.bytes.len() / self.kind.unit;
        frame.fields.resize(&self.kind, blocks);
        let (low, payload) = payload
            .split_at_checked(frame.fields.low.len())
            .ok_or(Error::Malformed("lower bits"))?;
        frame.fields.low.copy_from_slice(low);
        let mut decoder = Decoder::new(payload)?;
        self.find_classes(first, blocks, frame);
        self.decode_scales(&mut decoder, frame)?;
        undo(self.mode, &mut frame.fields.halves);
        self.find_groups(first, frame);
        self.find_columns(first, frame);
        let Frame {
            columns, places, ..
        } = &mut *frame;
        let groups = blocks * self.kind.groups();
        self.marks.decode(&mut decoder, groups, columns, places)?;
        Ok(Open {
            decoder,
            first,
            bytes: core.bytes,
            frame,
            done: 0,
        })
    }

    /// Decodes the halves' origins and what is by group.
    fn decode_scales(&self, decoder: &mut Decoder<'_>, frame: &mut Frame) -> Result<(), Error> {
        let halves = &mut frame.fields.halves;
        let mut before = frame.classes.as_slice();
        let each = self.halves.iter().zip(halves).zip(&mut frame.symbols);
        for ((words, half), symbols) in each {
            words.decode(decoder, before, symbols, half)?;
            before = &symbols.high;
        }
        let [scales, minimums] = &mut frame.fields.subs;
        if let [set, rest @ ..] = self.subs.as_slice() {
            set.decode(decoder, &[], scales)?;
            if let [set] = rest {
                fill_sub_contexts(scales, &mut frame.sub_contexts);
                set.decode(decoder, &frame.sub_contexts, minimums)?;
            }
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
        self.fill_contexts(open.first, run, frame);
        frame.fields.quants.resize(blocks * self.kind.quants, 0);
    }

    /// Puts the next few blocks together.
    fn pack(&self, open: &mut Open<'_>, blocks: usize) {
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
    }

    /// Decodes the quants that are left of a frame.
    fn finish(&self, mut open: Open<'_>) -> Result<(), Error> {
        let all = self.blocks(&open);
        while open.done < all {
            let blocks = self.kind.tile().min(all - open.done);
            self.contexts(&mut open, blocks);
            let to = &mut open.frame.fields.quants;
            self.quants
                .decode(&mut open.decoder, &open.frame.contexts, to)?;
            self.pack(&mut open, blocks);
        }
        open.decoder.finish()
    }
}
