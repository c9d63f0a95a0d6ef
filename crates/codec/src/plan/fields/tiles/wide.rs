//! The AVX-512 kernels that make blocks while their symbols are decoded, and take them into their check.

mod bytes;
mod fifths;
mod nibbles;
mod quarters;

use std::arch::x86_64::*;

use super::super::kind::Quants;
use super::super::lace::Lace;
use super::super::shape::Shape;
use super::Parts;
use crate::Error;
use crate::check::Check;
use crate::coder::levels;
use crate::coder::rows::{ROW, TILE};
use crate::coder::vectors::{Rows, VECTORS, Wide, load_words, store_bytes, store_words};
use crate::planes::absorb;
use bytes::Folded;
use fifths::Fifths;
use nibbles::Nibbles;
use quarters::Quarters;
pub(super) use quarters::take_quarters;

/// Bytes of a vector.
const LEN: usize = 64;
/// How many bytes ahead memory is brought near.
const AHEAD: usize = 2048;

/// The first where a mask has ones, else the second, by bits.
const CHOOSE: i32 = 0xca;
/// The second where a mask has ones, XOR the third.
const MASKED: i32 = 0x6a;

/// What makes blocks from the parts of a tile, group by group: as many blocks as have a vector of heads.
trait Groups<'a, const QUANTS: usize, const HEADS: usize>: Sized {
    /// Where the bytes of a group's vectors are from.
    const LACES: &'static [Lace];
    /// Groups of a row of symbols.
    const OF_ROW: usize;
    /// Groups of a tile.
    const OF_TILE: usize = TILE / ROW * Self::OF_ROW;

    /// Nothing if the parts are not those of so many groups.
    fn new(parts: &Parts<'a>, groups: usize) -> Option<Self>;

    /// The quants of a group, and its heads.
    fn group(
        &self,
        machine: Wide,
        number: usize,
        symbols: &[[u8; LEN]],
    ) -> ([__m512i; QUANTS], [__m512i; HEADS]);
}

/// Puts the blocks of a whole tile of symbols, if there is a kernel for them.
pub(super) fn put(
    machine: Wide,
    parts: &Parts<'_>,
    reader: &mut levels::Reader<'_>,
    blocks: &mut [u8],
    check: Option<&mut Check>,
) -> Option<Result<(), Error>> {
    match (parts.kind.quants, parts.shape, parts.kind.unit) {
        (Quants::Bytes, Shape::TopOfBytes, _) => {
            let tile = Tile::<Folded<'_>, 16, 1>::new(parts, blocks, check)?;
            Some(levels::Reader::rows([reader], machine, tile))
        }
        (Quants::Bytes, Shape::Quarters, _) => {
            let mut tile = Tile::<Quarters<'_>, 16, 1>::new(parts, blocks, check)?;
            let planes = reader.quarters(machine)?;
            Some(planes.map(|planes| tile.put_planes(machine, planes)))
        }
        (Quants::Fifths, Shape::Nibbles, 22) => {
            let tile = Tile::<Fifths<'_>, 8, 3>::new(parts, blocks, check)?;
            Some(levels::Reader::rows([reader], machine, tile))
        }
        (Quants::Nibbles, Shape::TopOfNibbles, 18) => {
            let tile = Tile::<Nibbles<'_, 1>, 8, 1>::new(parts, blocks, check)?;
            Some(levels::Reader::rows([reader], machine, tile))
        }
        (Quants::Nibbles, Shape::TopOfNibbles, 20) => {
            let tile = Tile::<Nibbles<'_, 2>, 4, 1>::new(parts, blocks, check)?;
            Some(levels::Reader::rows([reader], machine, tile))
        }
        _ => None,
    }
}

/// Where the blocks of a tile go, and what they are made of.
struct Tile<'a, G, const QUANTS: usize, const HEADS: usize> {
    groups: G,
    out: &'a mut [[u8; LEN]],
    check: Option<&'a mut Check>,
    /// Whether the check's products are as fast in vectors as one by one.
    sums: bool,
}

impl<'a, G: Groups<'a, QUANTS, HEADS>, const QUANTS: usize, const HEADS: usize>
    Tile<'a, G, QUANTS, HEADS>
{
    /// Nothing if they are no whole tile.
    fn new(parts: &Parts<'a>, blocks: &'a mut [u8], check: Option<&'a mut Check>) -> Option<Self> {
        let groups = G::OF_TILE;
        if blocks.len() != groups * G::LACES.len() * LEN {
            return None;
        }
        Some(Tile {
            groups: G::new(parts, groups)?,
            out: blocks.as_chunks_mut().0,
            check,
            sums: crate::cpu::multiplies_wide(),
        })
    }
}

impl<'a, G: Groups<'a, QUANTS, HEADS>, const QUANTS: usize, const HEADS: usize> Rows<1>
    for Tile<'a, G, QUANTS, HEADS>
{
    #[inline(always)]
    fn rows(&mut self, machine: Wide, row: usize, [symbols]: &[[[u8; LEN]; VECTORS]; 1]) {
        // SAFETY: a `Wide` exists only where there are the features.
        #[allow(unsafe_code)]
        unsafe {
            self.put_row(machine, row, symbols);
        }
    }
}

impl<'a, G: Groups<'a, QUANTS, HEADS>, const QUANTS: usize, const HEADS: usize>
    Tile<'a, G, QUANTS, HEADS>
{
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vbmi,gfni")]
    fn put_row(&mut self, machine: Wide, row: usize, symbols: &[[u8; LEN]; VECTORS]) {
        let mut sums = match &mut self.check {
            Some(check) => load_words(check.lanes()),
            None => _mm512_setzero_si512(),
        };
        let of_row = G::OF_ROW * G::LACES.len();
        let to = &mut self.out[row * of_row..][..of_row];
        let each = symbols.chunks_exact(VECTORS / G::OF_ROW);
        let each = each.zip(to.chunks_exact_mut(G::LACES.len()));
        for (number, (symbols, to)) in (G::OF_ROW * row..).zip(each) {
            let (quants, heads) = self.groups.group(machine, number, symbols);
            // One by one, so that quants stay in registers.
            macro_rules! put {
                ($($place:literal)*) => {$(
                    if let (Some(lace), Some(to)) = (G::LACES.get($place), to.get_mut($place)) {
                        let vector = lace.vector(&quants, &heads);
                        _mm_prefetch::<_MM_HINT_ET0>(to.as_ptr().wrapping_add(AHEAD).cast());
                        store_bytes(vector, to);
                        sums = absorb(sums, vector);
                    }
                )*};
            }
            put!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);
        }
        match &mut self.check {
            Some(check) if self.sums => {
                store_words(sums, check.lanes());
                check.took(of_row);
            }
            Some(check) => check.absorb(self.out[row * of_row..][..of_row].as_flattened()),
            None => {}
        }
    }
}

/// Parts of a group of a row, one after the other: nothing if there are not so many.
fn whole<T, const EACH: usize>(parts: &[T], number: usize) -> Option<&[[T; EACH]]> {
    let parts = parts.as_chunks().0;
    (parts.len() == number).then_some(parts)
}

/// Has what lies some way behind lower bits brought near.
#[inline]
#[target_feature(enable = "avx512f")]
fn fetch(low: &[[u8; LEN]]) {
    for line in low {
        _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().wrapping_add(AHEAD).cast());
    }
}

/// The halves of a group that has one for each block.
#[inline]
#[target_feature(enable = "avx512f")]
fn load_halves(halves: &[u16; 32]) -> __m512i {
    // SAFETY: they are 64 bytes.
    #[allow(unsafe_code)]
    unsafe {
        _mm512_loadu_si512(halves.as_ptr().cast())
    }
}
