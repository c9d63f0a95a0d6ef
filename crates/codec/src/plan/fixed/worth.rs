//! Whether integers are likely to be smaller than planes of floats, by a look at some numbers.

use super::extent::Reach;
use super::frame::Form;
use super::number::{Word, is_negative, magnitude};
use crate::coder::entropy;

/// How many places of a chunk are looked at before it is worth a try, and numbers at each.
const SPOTS: usize = 8;
const SPOT: usize = 256;
/// By how many bits a number may seem larger as an integer and be worth a try: few numbers do not tell well.
const NEAR: f64 = 0.25;

/// Whether at least half of the looked-at places have numbers that would be smaller, and all of them together.
pub(super) fn is_worth_it<N: Reach>(units: &[u8]) -> bool {
    let count = units.len() / N::WIDTH;
    let step = (count / SPOTS).max(1);
    let spots: Vec<&[u8]> = (0..count)
        .step_by(step)
        .map(|first| {
            let len = SPOT.min(step).min(count - first);
            &units[first * N::WIDTH..][..len * N::WIDTH]
        })
        .collect();
    let forms: Vec<Option<Form>> = spots.iter().map(|spot| small::<N>(spot)).collect();
    let worth = forms.iter().flatten().count();
    if worth == 0 || 2 * worth < forms.len() {
        return false;
    }
    let more = spots.iter().zip(&forms).map(|(spot, form)| match form {
        Some(form) => as_integers::<N>(*form, spot) - as_planes::<N>(spot),
        None => 0.0,
    });
    more.sum::<f64>() < NEAR * worth as f64
}

fn small<N: Reach>(spot: &[u8]) -> Option<Form> {
    Form::of::<N>(spot).filter(|form| form.is_small(N::WIDTH))
}

/// The bits of a number, about, when its exponent is coded and zeros that all end with are not stored.
fn as_planes<N: Reach>(spot: &[u8]) -> f64 {
    let mut exponents = [0; 256];
    let mut any = N::Word::default();
    for number in spot.chunks_exact(N::WIDTH) {
        let bits = N::load(number);
        any = any | bits;
        exponents[usize::from((bits >> N::MANTISSA).low_byte())] += 1;
    }
    let signs = any >> (8 * N::WIDTH as u32 - 1) != N::Word::default();
    let zeros = (0..N::MANTISSA).take_while(|bit| (any >> *bit).low_byte() & 1 == 0);
    let stored = N::MANTISSA - zeros.count() as u32;
    // Where the exponent has no room for it in its byte, the sign is apart.
    let apart = u32::from(signs && N::MANTISSA + 8 < 8 * N::WIDTH as u32);
    entropy(&exponents) + f64::from(stored + apart)
}

/// The bits of a number of a form, about: its sign, its low bits, and its upper ones coded.
fn as_integers<N: Reach>(form: Form, spot: &[u8]) -> f64 {
    let mut upper = [0; 256];
    let mut signs = false;
    for number in spot.chunks_exact(N::WIDTH) {
        let bits = N::load(number);
        signs |= is_negative::<N>(bits);
        let magnitude = magnitude::<N>(bits, form.places) >> form.low;
        upper[usize::from(magnitude.low_byte())] += 1;
    }
    entropy(&upper) + f64::from(form.low + u32::from(signs))
}
