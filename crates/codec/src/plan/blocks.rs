//! The plan of quantised blocks: each field of the blocks is coded for itself, the quants last and by
//! what the scales say of them.
//!
//! A quant stands for `scale * quant + minimum`. Weights are spread about zero, so that a group's zero
//! (`-minimum / scale`) and its scale beside those of its row say a good deal about where its quants
//! are; the columns' scales, where the chunk has them, say some more.

mod direct;
mod fit;
mod grid;
mod groups;
mod half;
mod kind;
mod numbers;
mod pack;
mod sample;
mod scales;
mod set;
mod shared;
#[cfg(test)]
mod tests;
mod upper;
mod words;

use super::{Code, Core, Decoded, Part, Plan};
use crate::coder::rans::{Decoder, Tables, encode_segments};
use crate::cpu::at_best;
use crate::scratch::Scratch;
use crate::{Error, Level};
use grid::{Grid, Place};
use groups::Groups;
#[cfg(test)]
pub(in crate::plan) use half::from_single;
pub(in crate::plan) use half::to_single;
use kind::{Fields, Kind};
pub(in crate::plan) use scales::Mode;
use set::Set;
use words::{Symbols, Words};

/// What a frame begins with that is stored as it is.
const RAW: u8 = 0;
/// What a coded frame begins with.
const CODED: u8 = 1;

/// What columns' logs are told in: a quarter of an octave.
const STEP: i16 = 4;

/// Quantised blocks.
#[derive(Debug)]
pub(crate) struct Blocks {
    kind: Kind,
    place: Place,
    mode: Mode,
    /// For each block of a row, how large its scale is as a rule; or nothing.
    classes: Vec<u8>,
    /// The scales and minimums, as many as the kind has.
    halves: Vec<Words>,
    /// The groups' scales and minimums; the latter by the former.
    subs: Vec<Set>,
    grid: Grid,
    /// What the quants' tables are written as: where a symbol has several parts, those of one.
    written: Tables,
    quants: Set,
    /// About how many bytes all takes; 0 where it was read.
    pub expected_len: usize,
}

/// Buffers that are used again.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    fields: Fields,
    groups: Groups,
    contexts: Vec<u8>,
    sub_contexts: Vec<u8>,
    classes: Vec<u8>,
    symbols: [Symbols; 2],
}

impl Blocks {
    /// The chunk's number of the first group of a frame.
    fn first_group(&self, first_unit: usize) -> usize {
        first_unit * self.kind.groups()
    }

    /// Decodes all fields.
    fn decode_fields(
        &self,
        payload: &[u8],
        first: usize,
        blocks: usize,
        buffers: &mut Buffers,
    ) -> Result<(), Error> {
        buffers.fields.resize(&self.kind, blocks, true);
        let (low, payload) = payload
            .split_at_checked(buffers.fields.low.len())
            .ok_or(Error::Malformed("lower bits"))?;
        buffers.fields.low.copy_from_slice(low);
        let mut decoder = Decoder::new(payload)?;
        self.find_classes(first, blocks, buffers);
        self.decode_scales(&mut decoder, buffers)?;
        undo(self.mode, &mut buffers.fields.halves);
        self.find_contexts(first, buffers);
        self.quants
            .decode(&mut decoder, &buffers.contexts, &mut buffers.fields.quants)?;
        decoder.finish()
    }

    /// Decodes the halves' origins and what is by group.
    fn decode_scales(&self, decoder: &mut Decoder<'_>, buffers: &mut Buffers) -> Result<(), Error> {
        let Fields { halves, subs, .. } = &mut buffers.fields;
        let mut before = buffers.classes.as_slice();
        let each = self.halves.iter().zip(halves).zip(&mut buffers.symbols);
        for ((words, half), symbols) in each {
            words.decode(decoder, before, symbols, half)?;
            before = &symbols.high;
        }
        let [scales, minimums] = subs;
        if let [set, rest @ ..] = self.subs.as_slice() {
            set.decode(decoder, &[], scales)?;
            if let [set] = rest {
                fill_sub_contexts(scales, &mut buffers.sub_contexts);
                set.decode(decoder, &buffers.sub_contexts, minimums)?;
            }
        }
        Ok(())
    }

    /// Encodes a frame to the end of `out`; whether the tables have all its symbols.
    fn encode_fields(
        &self,
        core: &[u8],
        first: usize,
        buffers: &mut Buffers,
        out: &mut Vec<u8>,
    ) -> bool {
        pack::unpack(&self.kind, core, &mut buffers.fields);
        self.find_contexts(first, buffers);
        make(self.mode, &mut buffers.fields.halves);
        self.find_classes(first, core.len() / self.kind.unit, buffers);
        fill_sub_contexts(&buffers.fields.subs[0], &mut buffers.sub_contexts);
        let Fields { halves, subs, .. } = &buffers.fields;
        let mut before = buffers.classes.as_slice();
        let each = self.halves.iter().zip(halves).zip(&mut buffers.symbols);
        for ((words, half), symbols) in each {
            words.symbols(half, before, symbols);
            before = &symbols.high;
        }
        let mut segments = Vec::with_capacity(8);
        for (words, symbols) in self.halves.iter().zip(&buffers.symbols) {
            segments.extend(words.segments(symbols));
        }
        let contexts = [&[], buffers.sub_contexts.as_slice()];
        for ((set, subs), contexts) in self.subs.iter().zip(subs).zip(contexts) {
            segments.push(set.segment(subs, contexts));
        }
        let contexts = &buffers.contexts;
        segments.push(self.quants.segment(&buffers.fields.quants, contexts));
        out.extend_from_slice(&buffers.fields.low);
        encode_segments(&segments, out)
    }

    /// The contexts of a frame's quants, by its other fields.
    fn find_contexts(&self, first: usize, buffers: &mut Buffers) {
        let Buffers {
            fields,
            groups,
            contexts,
            ..
        } = buffers;
        groups.find(&self.kind, &self.place, first, fields, self.grid.needs());
        fill(&self.grid, &self.kind, &self.place, first, groups, contexts);
    }

    /// The classes of a frame's blocks.
    fn find_classes(&self, first: usize, blocks: usize, buffers: &mut Buffers) {
        let Blocks {
            kind,
            place,
            classes,
            ..
        } = self;
        fill_classes(classes, kind, place, first, blocks, &mut buffers.classes);
    }
}

impl Plan for Blocks {
    fn code(&self) -> Code {
        Code::Blocks
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.write_shared(out);
    }

    fn encode(&self, core: Core<'_>, _: Level, scratch: &mut Scratch, out: &mut Vec<u8>) {
        let start = out.len();
        out.push(CODED);
        let first = self.first_group(core.first);
        let coded = self.encode_fields(core.bytes, first, &mut scratch.blocks, out);
        if !coded || out.len() - start > core.bytes.len() {
            out.truncate(start);
            out.push(RAW);
            out.extend_from_slice(core.bytes);
        }
    }

    fn decode(&self, stored: &[u8], core: Decoded<'_>, scratch: &mut Scratch) -> Result<(), Error> {
        match stored.split_first() {
            Some((&RAW, bytes)) if bytes.len() == core.bytes.len() => {
                core.bytes.copy_from_slice(bytes);
                Ok(())
            }
            Some((&CODED, payload)) => {
                let first = self.first_group(core.first);
                let blocks = core.bytes.len() / self.kind.unit;
                self.decode_fields(payload, first, blocks, &mut scratch.blocks)?;
                pack::pack(&self.kind, &mut scratch.blocks.fields, core.bytes);
                Ok(())
            }
            _ => Err(Error::Malformed("frame of blocks")),
        }
    }

    fn parts(&self, stored: &[u8], core_len: usize) -> Result<Vec<Part>, Error> {
        let coding = match stored.first() {
            Some(&RAW) => "raw",
            Some(&CODED) => "contexts",
            _ => return Err(Error::Malformed("frame of blocks")),
        };
        Ok(vec![Part {
            name: "blocks",
            raw_len: core_len,
            stored_len: stored.len(),
            coding,
        }])
    }
}

at_best! {
    fn make(mode: Mode, halves: &mut [Vec<u16>; 2]) = Mode::forward
}

at_best! {
    fn undo(mode: Mode, halves: &mut [Vec<u16>; 2]) = Mode::inverse
}

at_best! {
    fn fill(grid: &Grid, kind: &Kind, place: &Place, first: usize, groups: &Groups, out: &mut Vec<u8>) = Grid::fill
}

/// The contexts of the groups' minimums: their scales' upper bits.
fn fill_sub_contexts(scales: &[u8], to: &mut Vec<u8>) {
    to.clear();
    to.extend(scales.iter().map(|scale| scale >> 2 & 15));
}

/// The class of each block of a frame by where it is in its row; nothing where there are none.
fn fill_classes(
    classes: &[u8],
    kind: &Kind,
    place: &Place,
    first: usize,
    blocks: usize,
    to: &mut Vec<u8>,
) {
    to.clear();
    if classes.is_empty() {
        return;
    }
    let mut column = place.column(first) / kind.groups();
    for _ in 0..blocks {
        to.push(classes[column]);
        column += 1;
        if column == classes.len() {
            column = 0;
        }
    }
}
