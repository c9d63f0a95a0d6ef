//! A code with all that writers need of it, made once for as many planes as it is good for.

use std::cell::OnceCell;

use super::fit::UNSEEN;
use super::literals;
use super::spec::{Shape, Spec};
use crate::coder::machine::Lookup;

/// A code that planes are written by.
pub(crate) struct Code {
    /// What a payload begins with.
    pub(super) head: Vec<u8>,
    pub(super) shape: Shape,
    /// The words of all bytes.
    pub(super) words: Lookup,
    /// The bits of a byte that are not coded.
    pub(super) raw: u8,
    /// The bits that each byte takes, about.
    bits: Box<[f32; 256]>,
    /// How its literals are coded, once some were.
    pub(super) literals: OnceCell<literals::Way>,
}

impl Code {
    /// With the bits of a literal, and by value whether it was not among what the code is for.
    pub(super) fn new(
        spec: &Spec,
        shape: Shape,
        head: Vec<u8>,
        literal: f64,
        unseen: &[bool; 256],
    ) -> Code {
        let escape = f32::from(spec.escape);
        let raw_bits = spec.raw.count_ones() as f32;
        let bits = |byte: usize| {
            let value = byte & usize::from(!spec.raw);
            let code = match spec.lengths[value] {
                0 if unseen[value] => escape + literal.max(UNSEEN) as f32,
                0 => escape + literal as f32,
                len => f32::from(len),
            };
            code + raw_bits
        };
        Code {
            words: Lookup::new(shape.words_of_bytes(spec), spec.raw),
            head,
            shape,
            raw: spec.raw,
            bits: Box::new(std::array::from_fn(bits)),
            literals: OnceCell::new(),
        }
    }

    /// The bits that each byte takes, about: as a plane has its literals.
    pub(crate) fn bits(&self) -> &[f32; 256] {
        &self.bits
    }
}
