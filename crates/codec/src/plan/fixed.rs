//! The plan of fixed-point numbers: floats that are multiples of a power of two near enough to be
//! stored as the integers that they are. Frame by frame: sign and magnitude, the magnitude's low bits
//! packed, and its upper bits as bytes that are worth coding. A frame of other floats has planes.

mod extent;
mod field;
mod frame;
mod kernels;
mod number;
mod worth;

use super::{Code, Core, Decoded, Part, Plan, Planes};
use crate::header::Facts;
use crate::scratch::Scratch;
use crate::{Dtype, Error, Level};
use frame::Form;
use number::{Bf16, Double, Half, Number, Single};

/// What a frame of planes begins with.
const PLANES: u8 = 0;
/// What a frame of integers begins with.
const INTEGERS: u8 = 1;

/// Fixed-point numbers.
#[derive(Debug)]
pub(crate) struct Fixed {
    dtype: Dtype,
    planes: Planes,
}

/// Does something with the kind of number that a dtype's units are.
macro_rules! with_number {
    ($dtype:expr, $N:ident => $body:expr, else $other:expr) => {
        match $dtype {
            Dtype::F32 | Dtype::C64 => {
                type $N = Single;
                $body
            }
            Dtype::F64 | Dtype::C128 => {
                type $N = Double;
                $body
            }
            Dtype::F16 | Dtype::C32 => {
                type $N = Half;
                $body
            }
            Dtype::Bf16 => {
                type $N = Bf16;
                $body
            }
            _ => $other,
        }
    };
}

impl Fixed {
    /// The plan for a chunk that begins with so many bytes of no unit, if a look at some of its
    /// numbers says that they may be smaller as integers.
    pub(crate) fn plausible(raw: &[u8], lead: u8, dtype: Dtype) -> Option<Fixed> {
        let units = raw.get(usize::from(lead)..)?;
        let worth = with_number!(dtype, N => worth::is_worth_it::<N>(units), else false);
        worth.then(|| Fixed::new(dtype))
    }

    fn new(dtype: Dtype) -> Fixed {
        let planes = Planes::new(dtype, None);
        Fixed { dtype, planes }
    }

    /// Frames share nothing.
    pub(super) fn read(shared: &[u8], facts: &Facts) -> Result<Fixed, Error> {
        let known = with_number!(facts.hint.dtype, N => { let _ = N::WIDTH; true }, else false);
        if !known || !shared.is_empty() || facts.base.is_some() {
            return Err(Error::Malformed("fixed-point numbers"));
        }
        Ok(Fixed::new(facts.hint.dtype))
    }
}

impl Plan for Fixed {
    fn code(&self) -> Code {
        Code::Fixed
    }

    fn write(&self, _: &mut Vec<u8>) {}

    fn encode(&self, core: Core<'_>, level: Level, scratch: &mut Scratch, out: &mut Vec<u8>) {
        let form = with_number!(self.dtype, N => Form::of::<N>(core.bytes), else None);
        let Some(form) = form else {
            out.push(PLANES);
            return self.planes.encode(core, level, scratch, out);
        };
        out.push(INTEGERS);
        with_number!(
            self.dtype,
            N => frame::encode::<N>(form, core.bytes, level, scratch, out),
            else {}
        );
    }

    fn decode(&self, stored: &[u8], core: Decoded<'_>, scratch: &mut Scratch) -> Result<(), Error> {
        match stored.split_first() {
            Some((&PLANES, rest)) => self.planes.decode(rest, core, scratch),
            Some((&INTEGERS, rest)) => with_number!(
                self.dtype,
                N => frame::decode::<N>(rest, core.bytes, scratch),
                else Err(Error::Malformed("fixed-point numbers"))
            ),
            _ => Err(Error::Malformed("form of a frame")),
        }
    }

    fn parts(&self, stored: &[u8], core_len: usize) -> Result<Vec<Part>, Error> {
        match stored.split_first() {
            Some((&PLANES, rest)) => self.planes.parts(rest, core_len),
            Some((&INTEGERS, rest)) => with_number!(
                self.dtype,
                N => frame::parts::<N>(rest, core_len / N::WIDTH),
                else Err(Error::Malformed("fixed-point numbers"))
            ),
            _ => Err(Error::Malformed("form of a frame")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Header, Hint, Parsed, decode, encode};

    /// Bell curves of two widths, in units of 2^-`places`.
    fn weights(count: u64, places: i32) -> impl Iterator<Item = f64> {
        let mut state = 1_u64;
        let mut uniform = move || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(99);
            (state >> 40) as f64 / (1 << 24) as f64 - 0.5
        };
        let scale = 2f64.powi(places);
        (0..count).map(move |i| {
            let bell = uniform() + uniform() + uniform() + uniform();
            let x = bell * if i % 2 == 0 { 0.1 } else { 0.07 };
            (x * scale).floor() / scale
        })
    }

    fn blob(raw: &[u8], dtype: Dtype, level: Level) -> Vec<u8> {
        let hint = Hint {
            dtype,
            row: 0,
            offset: 0,
        };
        let id = *blake3::hash(raw).as_bytes();
        let blob = encode(raw, id, &hint, None, level).bytes;
        assert!(decode(&blob, None).unwrap() == raw);
        blob
    }

    fn plan(blob: &[u8]) -> Code {
        let Parsed::Header(header, _) = Header::parse(blob).unwrap() else {
            panic!("no header");
        };
        header.plan.code()
    }

    #[test]
    fn whole_numbers_take_what_they_say() {
        for places in [8, 12, 16, 20, 23] {
            let floats = || weights(150_000, places);
            let single: Vec<u8> = floats().flat_map(|x| (x as f32).to_le_bytes()).collect();
            let double: Vec<u8> = floats().flat_map(f64::to_le_bytes).collect();
            for (raw, dtype) in [(single, Dtype::F32), (double, Dtype::F64)] {
                for level in [Level::Default, Level::Max] {
                    let blob = blob(&raw, dtype, level);
                    // The entropy of such numbers, and .15 bits for what coding costs.
                    let least = f64::from(places) - 1.89;
                    let bits = blob.len() as f64 * 8.0 / 150_000.0;
                    assert!(bits < least + 0.15, "{places}: {bits}");
                    // With few places there are few numbers, which a list takes as well.
                    let few = places == 8 && plan(&blob) == Code::Values;
                    assert!(few || plan(&blob) == Code::Fixed, "{places}");
                }
            }
        }
    }

    #[test]
    fn frames_of_other_floats_have_planes() {
        let mut raw: Vec<u8> = weights(200_000, 14)
            .flat_map(|x| (x as f32).to_le_bytes())
            .collect();
        // The last frame and a bit of an element; an infinity, a NaN, and a zero below zero.
        raw.truncate(799_998);
        for (at, x) in [(70_000, f32::INFINITY), (140_000, f32::NAN), (3, -0.0)] {
            raw[at * 4..][..4].copy_from_slice(&x.to_le_bytes());
        }
        let blob = blob(&raw, Dtype::F32, Level::Default);
        assert_eq!(plan(&blob), Code::Fixed);
        let description = crate::inspect::describe(&blob).unwrap();
        let names: Vec<_> = description.planes.iter().map(|plane| plane.name).collect();
        for name in ["signs", "low bits", "high bits", "exponent"] {
            assert!(names.contains(&name), "{names:?}");
        }
    }

    #[test]
    fn all_zeros_and_one_value() {
        for x in [0.0, -0.0, 0.25, -3.0] {
            for dtype in [Dtype::F16, Dtype::Bf16, Dtype::F32, Dtype::F64] {
                let number = f64::to_bits(x).to_le_bytes();
                let raw = match dtype {
                    Dtype::F64 => number.repeat(1000),
                    Dtype::F32 => (x as f32).to_le_bytes().repeat(1000),
                    _ => number[6..].repeat(1000),
                };
                assert!(blob(&raw, dtype, Level::Max).len() < 200);
                let mut scratch = Scratch::default();
                let plan = Fixed::new(dtype);
                let (mut stored, mut back) = (vec![], vec![0; raw.len()]);
                let core = |bytes| Core {
                    first: 0,
                    bytes,
                    base: &[],
                };
                plan.encode(core(&raw), Level::Max, &mut scratch, &mut stored);
                let to = Decoded {
                    first: 0,
                    bytes: &mut back,
                    base: &[],
                    check: None,
                    far: false,
                };
                plan.decode(&stored, to, &mut scratch).unwrap();
                assert_eq!(back, raw, "{x} {dtype:?}");
            }
        }
    }

    #[test]
    fn regular_floats_are_not_tried() {
        let raw: Vec<u8> = (0..100_000)
            .flat_map(|i| ((i as f32).sin() / 9.0).to_le_bytes())
            .collect();
        assert!(Fixed::plausible(&raw, 0, Dtype::F32).is_none());
        assert!(Fixed::plausible(&raw, 0, Dtype::I32).is_none());
        assert!(Fixed::plausible(&[], 1, Dtype::F32).is_none());
    }

    #[test]
    fn damaged_frames_do_no_harm() {
        let raw: Vec<u8> = weights(3000, 12)
            .flat_map(|x| (x as f32).to_le_bytes())
            .collect();
        let mut scratch = Scratch::default();
        for dtype in [Dtype::F16, Dtype::Bf16, Dtype::F32, Dtype::F64] {
            let plan = Fixed::new(dtype);
            let core = Core {
                first: 0,
                bytes: &raw,
                base: &[],
            };
            let mut stored = vec![];
            plan.encode(core, Level::Default, &mut scratch, &mut stored);
            let mut back = vec![0; raw.len()];
            for at in 0..stored.len().min(60) {
                for value in 0..=255 {
                    let mut damaged = stored.clone();
                    damaged[at] = value;
                    let to = Decoded {
                        first: 0,
                        bytes: &mut back,
                        base: &[],
                        check: None,
                        far: false,
                    };
                    let _ = plan.decode(&damaged, to, &mut scratch);
                    let _ = plan.parts(&damaged, raw.len());
                }
            }
        }
    }
}
