//! What a thread keeps of the payloads that it has read: what follows from a code, as a rule that of the frame before,
//! and room for a tile's planes.

use std::cell::RefCell;
use std::rc::Rc;

use super::super::spec::{Shape, Spec};
use super::super::{LEVELS, Plane, WORDS, quarters};
use crate::Error;
use crate::coder::machine::Lookup;
use crate::coder::rows::Lines;

/// Codes that are kept, and room: for two frames that are read side by side, each with planes and their literals.
const KEPT: usize = 8;

thread_local! {
    /// The one that was used last is the last.
    static CODES: RefCell<Vec<Rc<Known>>> = const { RefCell::new(Vec::new()) };
    static ROOM: RefCell<Vec<Tile>> = const { RefCell::new(Vec::new()) };
}

/// What follows from a code.
pub(in crate::coder::levels) struct Known {
    /// The code as payloads have it.
    written: Box<[u8]>,
    within: bool,
    pub shape: Shape,
    /// The bytes of all words.
    pub bytes_of_words: Lookup,
    /// Whether the code is that of quarters.
    pub quarters: bool,
}

impl Known {
    /// That of a payload, of literals or not, and how many bytes it takes.
    pub(super) fn of(payload: &[u8], within: bool) -> Result<(Rc<Known>, usize), Error> {
        CODES.with_borrow_mut(|codes| {
            let is_it =
                |known: &Rc<Known>| known.within == within && payload.starts_with(&known.written);
            let known = match codes.iter().rposition(is_it) {
                Some(at) => codes.remove(at),
                None => Rc::new(Known::read(payload, within)?),
            };
            if codes.len() == KEPT {
                codes.remove(0);
            }
            codes.push(known.clone());
            let len = known.written.len();
            Ok((known, len))
        })
    }

    fn read(payload: &[u8], within: bool) -> Result<Known, Error> {
        let (spec, taken) = Spec::read(payload)?;
        let shape = match within {
            false => Shape::of(&spec),
            true if spec.raw == 0 => Shape::of(&spec).dense(),
            true => return Err(Error::Malformed("raw bits of literals")),
        };
        Ok(Known {
            written: payload[..taken].into(),
            within,
            bytes_of_words: Lookup::new(shape.bytes_of_words(), shape.raw_field()),
            quarters: !within && spec == quarters::spec(),
            shape,
        })
    }
}

/// The planes of a tile.
pub(super) type Tile = Box<Lines<[Plane; LEVELS]>>;

/// Room for planes, of which those beyond so many are zeros. What is in the others is of no use.
pub(super) fn room(bits: usize) -> Tile {
    let kept = ROOM.with_borrow_mut(Vec::pop);
    let mut tile = kept.unwrap_or_else(|| Box::new(Lines([[0; WORDS]; LEVELS])));
    tile.0[bits.min(LEVELS)..].fill([0; WORDS]);
    tile
}

/// Keeps room for the next one.
pub(super) fn keep(tile: Tile) {
    ROOM.with_borrow_mut(|room| {
        if room.len() < KEPT {
            room.push(tile);
        }
    });
}
