//! Quants from their planes to their blocks, tile by tile: what one step leaves is in the nearest cache for the
//! next. Kernels have the check take in what they make at once.

#[cfg(target_arch = "x86_64")]
mod wide;

use super::kind::Kind;
use super::pieces::{self, Pieces};
use super::shape::Shape;
use crate::Error;
use crate::check::Check;
use crate::coder::levels::quarters;
use crate::coder::rows::TILE;
#[cfg(target_arch = "x86_64")]
use crate::coder::vectors::Wide;
use crate::coder::{Coding, levels};
use crate::plan::directory::Plane;

/// A sample: runs of so many bytes, from so many parts of a frame.
const RUNS: usize = 16;
const RUN: usize = 128;

/// Buffers that are used again.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    symbols: Vec<u8>,
    dense: Vec<u8>,
}

/// All that blocks are made of.
pub(super) struct Parts<'a> {
    pub kind: &'a Kind,
    pub shape: Shape,
    pub halves: [&'a [u16]; 2],
    pub subs: [&'a [u8]; 2],
    pub turns: &'a [u8],
    pub plain: &'a [u8],
    pub low: &'a [u8],
}

/// Where symbols come from.
enum Source<'a> {
    There(&'a [u8]),
    Levels(Box<levels::Reader<'a>>),
}

impl<'a> Source<'a> {
    fn of(plane: Plane<'a>, len: usize, buffer: &'a mut Vec<u8>) -> Result<Source<'a>, Error> {
        if plane.coding == Coding::Levels && len > 0 {
            let reader = levels::Reader::new(plane.payload, len)?;
            return Ok(Source::Levels(Box::new(reader)));
        }
        plane.bytes(len, buffer).map(Source::There)
    }

    /// The next symbols, in `to` if they have to be decoded.
    fn next<'t>(&'t mut self, to: &'t mut [u8]) -> Result<&'t [u8], Error> {
        match self {
            Source::There(bytes) => {
                let (next, rest) = bytes.split_at(to.len());
                *bytes = rest;
                Ok(next)
            }
            Source::Levels(reader) if !to.is_empty() => reader.tile(to).map(|()| &*to),
            Source::Levels(_) => Ok(&[]),
        }
    }
}

impl<'a> Parts<'a> {
    /// Puts all blocks, which lie in their own order. All parts have the lengths that those ask for.
    pub(super) fn put(
        mut self,
        symbols: Plane<'_>,
        buffers: &mut Buffers,
        mut core: &mut [u8],
        check: Option<&mut Check>,
    ) -> Result<(), Error> {
        #[cfg(target_arch = "x86_64")]
        let mut check = check;
        // Whoever asks takes in what no kernel did.
        #[cfg(not(target_arch = "x86_64"))]
        let _ = check;
        let blocks = core.len() / self.kind.unit;
        let count = self.shape.symbols_len(blocks * self.kind.dense());
        let mut source = Source::of(symbols, count, &mut buffers.symbols)?;
        let step = blocks_of_tile(self.kind, self.shape);
        buffers.dense.resize(step * self.kind.dense(), 0);
        let mut tile = [0; TILE];
        while !core.is_empty() {
            let here = step.min(core.len() / self.kind.unit);
            let (to, rest) = core.split_at_mut(here * self.kind.unit);
            core = rest;
            let parts = self.take(here);
            #[cfg(target_arch = "x86_64")]
            if let (Some(machine), Source::Levels(reader)) = (Wide::here(), &mut source)
                && let Some(done) = wide::put(machine, &parts, reader, to, check.as_deref_mut())
            {
                done?;
                continue;
            }
            let dense = &mut buffers.dense[..here * self.kind.dense()];
            let symbols = source.next(&mut tile[..self.shape.symbols_len(dense.len())])?;
            parts.put_some(&[], symbols, dense, to);
        }
        match source {
            Source::Levels(reader) => reader.finish(),
            Source::There(_) => Ok(()),
        }
    }

    /// Puts all blocks, which lie in an order.
    pub(super) fn put_ordered(
        &self,
        order: &[u16],
        symbols: &[u8],
        buffers: &mut Buffers,
        core: &mut [u8],
    ) {
        let dense = core.len() / self.kind.unit * self.kind.dense();
        buffers.dense.resize(dense, 0);
        self.put_some(order, symbols, &mut buffers.dense, core);
    }

    /// Takes the parts of the next blocks.
    fn take(&mut self, blocks: usize) -> Parts<'a> {
        let low = self.shape.low_len(blocks * self.kind.dense());
        let [scales, minimums] = &mut self.halves;
        let [subs, more_subs] = &mut self.subs;
        let series = |number: usize| blocks * self.kind.series().get(number).unwrap_or(&0);
        Parts {
            kind: self.kind,
            shape: self.shape,
            halves: [take(scales, blocks), take(minimums, blocks)],
            subs: [take(subs, series(0)), take(more_subs, series(1))],
            turns: take(&mut self.turns, blocks * self.kind.turns()),
            plain: take(&mut self.plain, blocks * self.kind.plain()),
            low: take(&mut self.low, low),
        }
    }

    /// Puts blocks, in an order if there is one.
    fn put_some(&self, order: &[u16], symbols: &[u8], dense: &mut [u8], blocks: &mut [u8]) {
        self.shape.merge(symbols, self.low, dense);
        let pieces = Pieces {
            order,
            turns: self.turns,
            marked: self.shape == Shape::TopOfFours,
        };
        pieces::put(self.kind, &pieces, self.halves, dense, self.plain, blocks);
        pieces::put_subs(self.kind, self.subs, blocks);
    }
}

/// How many blocks have a tile of symbols.
fn blocks_of_tile(kind: &Kind, shape: Shape) -> usize {
    let tile = shape.tile();
    TILE / tile.symbols * tile.bytes / kind.dense()
}

/// How blocks are taken apart.
pub(super) struct Quants<'a> {
    pub kind: &'a Kind,
    pub shape: Shape,
    /// Nothing where blocks lie in their own order.
    pub order: &'a [u16],
    pub turns: &'a [u8],
}

impl Quants<'_> {
    /// Takes the quants of all blocks.
    pub(super) fn take(
        &self,
        core: &[u8],
        buffers: &mut Buffers,
        mut plain: &mut [u8],
        mut low: &mut [u8],
        mut symbols: &mut [u8],
    ) {
        let (kind, mut turns) = (self.kind, self.turns);
        let step = match self.order {
            [] => blocks_of_tile(kind, self.shape),
            _ => (core.len() / kind.unit).max(1),
        };
        for core in core.chunks(step * kind.unit) {
            let blocks = core.len() / kind.unit;
            let pieces = Pieces {
                order: self.order,
                turns: take(&mut turns, blocks * kind.turns()),
                marked: self.shape == Shape::TopOfFours,
            };
            let len = blocks * kind.dense();
            buffers.dense.resize(len, 0);
            let plain = take_mut(&mut plain, blocks * kind.plain());
            pieces::take(kind, &pieces, core, &mut buffers.dense, plain);
            let low = take_mut(&mut low, self.shape.low_len(len));
            let symbols = take_mut(&mut symbols, self.shape.symbols_len(len));
            self.shape.split(&buffers.dense, symbols, low);
        }
    }
}

impl Buffers {
    /// Dense bytes of some blocks, from all parts of a frame.
    pub(super) fn sample(&mut self, kind: &Kind, turns: &[u8], core: &[u8]) -> &[u8] {
        let blocks = core.len() / kind.unit;
        let run = (RUN / kind.dense()).max(1);
        let (runs, run) = if blocks < 2 * RUNS * run {
            (1, blocks)
        } else {
            (RUNS, run)
        };
        let len = run * kind.dense();
        self.dense.resize(runs * len, 0);
        self.symbols.resize(run * kind.plain(), 0);
        for number in 0..runs {
            let at = number * (blocks / runs);
            let pieces = Pieces {
                order: &[],
                turns: &turns[at * kind.turns()..][..run * kind.turns()],
                marked: false,
            };
            let some = &core[at * kind.unit..][..run * kind.unit];
            let dense = &mut self.dense[number * len..][..len];
            pieces::take(kind, &pieces, some, dense, &mut self.symbols);
        }
        &self.dense
    }
}

impl Quants<'_> {
    /// Takes the quants of all blocks, symbols as their bits.
    pub(super) fn take_bits(
        &self,
        core: &[u8],
        buffers: &mut Buffers,
        mut low: &mut [u8],
        bits: &mut [quarters::Bits],
    ) {
        let step = blocks_of_tile(self.kind, self.shape) * self.kind.unit;
        let mut bits = bits.iter_mut();
        for core in core.chunks(step) {
            let len = core.len() / self.kind.unit * self.kind.dense();
            let own = take_mut(&mut low, self.shape.low_len(len));
            let Some(bits) = bits.next() else {
                // Of less than a tile of the shape.
                self.take(core, buffers, &mut [], own, &mut []);
                break;
            };
            #[cfg(target_arch = "x86_64")]
            if let Some(machine) = Wide::here()
                && wide::take_quarters(machine, core, own, bits)
            {
                continue;
            }
            let symbols = &mut [0; TILE][..self.shape.symbols_len(len)];
            self.take(core, buffers, &mut [], own, symbols);
            quarters::bits_of(symbols, bits);
        }
    }
}

/// Takes so many, or all that there are.
fn take<'a, T>(from: &mut &'a [T], count: usize) -> &'a [T] {
    let (taken, rest) = from.split_at(count.min(from.len()));
    *from = rest;
    taken
}

/// The same, to write to.
fn take_mut<'a>(to: &mut &'a mut [u8], count: usize) -> &'a mut [u8] {
    let count = count.min(to.len());
    to.split_off_mut(..count).unwrap_or_default()
}
