//! The plan of integers that grow, such as offsets of rows and sorted ids: each as its difference to the one before.
//! Frame by frame: the first, then the planes of the differences, which are zigzag numbers.

use super::units::{number, spots};
use super::{Code, Core, Decoded, Part, Plan, Planes};
use crate::header::Facts;
use crate::scratch::Scratch;
use crate::{Dtype, Error, Level};

/// Integers by their differences.
#[derive(Debug)]
pub(crate) struct Steps {
    width: usize,
    planes: Planes,
}

/// Calls a function for integers of a width.
macro_rules! with_width {
    ($width:expr, $call:ident($($arg:expr),*)) => {
        match $width {
            4 => $call::<4>($($arg),*),
            _ => $call::<8>($($arg),*),
        }
    };
}

impl Steps {
    /// The plan for a chunk that begins with so many bytes of no integer, if a look at some says that their
    /// differences may be smaller.
    pub(crate) fn plausible(raw: &[u8], lead: u8, dtype: Dtype) -> Option<Steps> {
        let steps = Steps::of(dtype)?;
        let units = raw.get(usize::from(lead)..)?;
        with_width!(steps.width, is_worth_it(units)).then_some(steps)
    }

    fn of(dtype: Dtype) -> Option<Steps> {
        let width = match dtype {
            Dtype::I32 | Dtype::U32 => 4,
            Dtype::I64 | Dtype::U64 => 8,
            _ => return None,
        };
        let planes = Planes::new(dtype, None);
        Some(Steps { width, planes })
    }

    /// Frames share nothing.
    pub(super) fn read(shared: &[u8], facts: &Facts) -> Result<Steps, Error> {
        Steps::of(facts.hint.dtype)
            .filter(|_| shared.is_empty() && facts.base.is_none())
            .ok_or(Error::Malformed("differences of integers"))
    }
}

impl Plan for Steps {
    fn code(&self) -> Code {
        Code::Steps
    }

    fn write(&self, _: &mut Vec<u8>) {}

    fn encode(&self, core: Core<'_>, level: Level, scratch: &mut Scratch, out: &mut Vec<u8>) {
        let mut words = std::mem::take(&mut scratch.words);
        words.clear();
        words.extend_from_slice(core.bytes);
        let first = core.bytes.get(..self.width).unwrap_or_default();
        out.extend_from_slice(first);
        with_width!(self.width, to_steps(&mut words));
        let steps = Core {
            bytes: &words,
            ..core
        };
        self.planes.encode(steps, level, scratch, out);
        scratch.words = words;
    }

    fn decode(
        &self,
        stored: &[u8],
        mut core: Decoded<'_>,
        scratch: &mut Scratch,
    ) -> Result<(), Error> {
        let first_len = self.width.min(core.bytes.len());
        let (first, stored) = stored
            .split_at_checked(first_len)
            .ok_or(Error::Malformed("first of the integers"))?;
        // Differences are not the bytes that they become.
        let steps = core.unchecked();
        self.planes.decode(stored, steps, scratch)?;
        with_width!(self.width, from_steps(first, core.bytes));
        Ok(())
    }

    fn parts(&self, stored: &[u8], core_len: usize) -> Result<Vec<Part>, Error> {
        let (_, stored) = stored
            .split_at_checked(self.width.min(core_len))
            .ok_or(Error::Malformed("first of the integers"))?;
        self.planes.parts(stored, core_len)
    }
}

/// A difference of two integers of a width, signed.
#[inline(always)]
fn step<const W: usize>(from: u64, to: u64) -> i64 {
    let unused = 64 - 8 * W as u32;
    (to.wrapping_sub(from) << unused) as i64 >> unused
}

/// Integers to the differences from those before, of which the first has none.
fn to_steps<const W: usize>(units: &mut [u8]) {
    let units = units.as_chunks_mut::<W>().0;
    let mut before = units.first().map_or(0, |unit| number(unit));
    for unit in units {
        let own = number(unit);
        let step = step::<W>(before, own);
        before = own;
        let zigzag = (step << 1 ^ step >> 63) as u64;
        unit.copy_from_slice(&zigzag.to_le_bytes()[..W]);
    }
}

/// The inverse of [`to_steps`], given the first.
fn from_steps<const W: usize>(first: &[u8], units: &mut [u8]) {
    let mut own = first.first_chunk::<W>().map_or(0, |unit| number(unit));
    for unit in units.as_chunks_mut::<W>().0 {
        let zigzag = number(unit);
        own = own.wrapping_add(zigzag >> 1 ^ (zigzag & 1).wrapping_neg());
        unit.copy_from_slice(&own.to_le_bytes()[..W]);
    }
}

/// Whether differences have fewer bits than what integers are above the least of those around them.
fn is_worth_it<const W: usize>(units: &[u8]) -> bool {
    let units = units.as_chunks::<W>().0;
    let bits = |number: u64| u64::from(64 - number.leading_zeros());
    let (mut by_step, mut alone) = (0, 0);
    for spot in spots(units) {
        let least = spot
            .iter()
            .map(|unit| number(unit))
            .min()
            .unwrap_or_default();
        let above = spot.iter().map(|unit| bits(number(unit) - least));
        alone += above.sum::<u64>();
        let steps = spot
            .windows(2)
            .map(|pair| step::<W>(number(&pair[0]), number(&pair[1])));
        by_step += steps.map(|step| 1 + bits(step.unsigned_abs())).sum::<u64>();
    }
    by_step < alone
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Header, Hint, Parsed, encode};

    fn plan_and_len(raw: &[u8], dtype: Dtype, level: Level) -> (Code, usize) {
        let hint = Hint {
            dtype,
            row: 0,
            offset: 0,
        };
        let blob = encode(raw, *blake3::hash(raw).as_bytes(), &hint, None, level).bytes;
        assert!(crate::decode(&blob, None).unwrap() == raw);
        let Parsed::Header(header, _) = Header::parse(&blob).unwrap() else {
            panic!("no header");
        };
        (header.plan.code(), blob.len())
    }

    #[test]
    fn what_grows_takes_the_bits_of_its_steps() {
        let grows = || {
            (0..200_000u64).scan(5, |at, i| {
                *at += i * i % 30;
                Some(*at)
            })
        };
        let wide: Vec<u8> = grows().flat_map(u64::to_le_bytes).collect();
        let narrow: Vec<u8> = grows().flat_map(|at| (at as u32).to_le_bytes()).collect();
        for level in [Level::Default, Level::Max] {
            for (raw, dtype) in [
                (&wide, Dtype::I64),
                (&narrow, Dtype::I32),
                (&narrow, Dtype::U32),
            ] {
                let (code, len) = plan_and_len(raw, dtype, level);
                assert_eq!(code, Code::Steps);
                assert!(len < 200_000 * 5 / 8, "{len}");
            }
        }
        let count: Vec<u8> = (7..500_000u64).flat_map(u64::to_le_bytes).collect();
        let (code, len) = plan_and_len(&count, Dtype::U64, Level::Default);
        assert!(code == Code::Steps && len < 2000, "{code:?} {len}");
    }

    #[test]
    fn what_jumps_is_left_alone() {
        let jumps = (0..100_000u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48);
        let raw: Vec<u8> = jumps.flat_map(u64::to_le_bytes).collect();
        assert!(Steps::plausible(&raw, 0, Dtype::I64).is_none());
        assert!(Steps::plausible(&raw, 0, Dtype::F64).is_none());
        assert!(Steps::plausible(&[], 1, Dtype::I64).is_none());
    }

    proptest! {
        #[test]
        fn any_integers_come_back(
            raw in proptest::collection::vec(any::<u8>(), 0..400), wide in any::<bool>(),
            at in any::<usize>(), byte in any::<u8>(),
        ) {
            let plan = Steps::of(if wide { Dtype::I64 } else { Dtype::U32 }).unwrap();
            let raw = &raw[..raw.len() / plan.width * plan.width];
            let (mut scratch, mut stored) = (Scratch::default(), vec![]);
            plan.encode(Core { first: 0, bytes: raw, base: &[] }, Level::Default, &mut scratch, &mut stored);
            let mut back = vec![1; raw.len()];
            let mut decode = |stored: &[u8], back: &mut [u8]| {
                plan.decode(stored, Decoded { first: 0, bytes: back, base: &[], check: None, far: false }, &mut scratch)
            };
            decode(&stored, &mut back).unwrap();
            prop_assert_eq!(back.as_slice(), raw);
            let at = at % stored.len();
            stored[at] = byte;
            let _ = decode(&stored, &mut back);
            stored.truncate(at);
            let _ = decode(&stored, &mut back);
            let _ = plan.parts(&stored, raw.len());
        }
    }
}
