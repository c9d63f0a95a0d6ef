//! Quants from their planes to their blocks, tile by tile: what one step leaves is in the nearest cache for the
//! next. Kernels have the check take in what they make at once.

#[cfg(target_arch = "x86_64")]
mod wide;

use super::kind::Kind;
use super::pieces::{self, Pieces};
use super::shape::Shape;
use crate::Error;
use crate::check::Check;
use crate::coder::rows::TILE;
#[cfg(target_arch = "x86_64")]
use crate::coder::vectors::Wide;
use crate::coder::{Coding, levels};
use crate::plan::directory::Plane;

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
        mut check: Option<&mut Check>,
    ) -> Result<(), Error> {
        let blocks = core.len() / self.kind.unit;
        let count = self.shape.symbols_len(blocks * self.kind.dense());
        let mut source = Source::of(symbols, count, &mut buffers.symbols)?;
        let step = self.blocks_of_tile();
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

    /// How many blocks have a tile of symbols.
    fn blocks_of_tile(&self) -> usize {
        let tile = self.shape.tile();
        TILE / tile.symbols * tile.bytes / self.kind.dense()
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
    pub(super) fn put_some(
        &self,
        order: &[u16],
        symbols: &[u8],
        dense: &mut [u8],
        blocks: &mut [u8],
    ) {
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

/// Takes so many, or all that there are.
fn take<'a, T>(from: &mut &'a [T], count: usize) -> &'a [T] {
    let (taken, rest) = from.split_at(count.min(from.len()));
    *from = rest;
    taken
}
