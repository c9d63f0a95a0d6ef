//! A frame's numbers as integers.

use super::extent::{Extent, Reach};
use super::field::{Field, fields, plane_len};
use super::kernels::{Kernels, planes_len};
use super::number::{Number, PLACES, max_bits};
use crate::coder::{self, Coding};
use crate::plan::Part;
use crate::plan::directory::{self, Writer};
use crate::scratch::Scratch;
use crate::{Error, Level};

/// Places, bits, low bits.
const FORM_LEN: usize = 3;

/// What all magnitudes of a frame have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    /// They count multiples of 2^-`places`.
    pub places: i32,
    /// They have at most so many bits.
    pub bits: u32,
    /// The lowest so many are as good as random.
    pub low: u32,
}

impl Form {
    /// The form of whole numbers, if they have one.
    pub fn of<N: Reach>(bytes: &[u8]) -> Option<Form> {
        let Some(Extent { lowest, end, usual }) = N::extent(bytes)? else {
            let (places, bits, low) = (0, 0, 0);
            return Some(Form { places, bits, low });
        };
        let (places, bits) = (-lowest, (end - lowest) as u32);
        if bits > max_bits::<N>() || !(-PLACES..=PLACES).contains(&places) {
            return None;
        }
        let low = low_bits(usual - lowest, bits);
        Some(Form { places, bits, low })
    }

    /// Whether integers of this form are likely to take less than planes of floats do.
    pub fn is_small(self, width: usize) -> bool {
        // A sign, and what the upper bits of a bell curve come to.
        self.low + 5 < 8 * width as u32
    }

    fn read<N: Number>(bytes: [u8; FORM_LEN]) -> Option<Form> {
        let [places, bits, low] = bytes;
        let form = Form {
            places: i32::from(places as i8),
            bits: bits.into(),
            low: low.into(),
        };
        let known = (-PLACES..=PLACES).contains(&form.places)
            && form.bits <= max_bits::<N>()
            && form.low <= form.bits;
        known.then_some(form)
    }

    fn write(self) -> [u8; FORM_LEN] {
        [self.places as i8 as u8, self.bits as u8, self.low as u8]
    }
}

/// The low bits that are not worth coding: those more than 3 below a usual number's highest. Or up to
/// 2 fewer, where that makes fewer planes.
fn low_bits(usual: i32, bits: u32) -> u32 {
    let most = usual.saturating_sub(2).clamp(0, bits as i32) as u32;
    let least = most.saturating_sub(2);
    (least..=most)
        .rev()
        .min_by_key(|low| fields(*low, bits).len())
        .unwrap_or(most)
}

/// The widths of a form's planes: the signs', then its fields'.
fn widths(fields: &[Field]) -> impl Iterator<Item = u32> {
    std::iter::once(1).chain(fields.iter().map(|field| field.width))
}

/// Encodes whole numbers of a form to the end of `out`.
pub(super) fn encode<N: Kernels>(
    form: Form,
    bytes: &[u8],
    level: Level,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) {
    let fields = fields(form.low, form.bits);
    let count = bytes.len() / N::WIDTH;
    let Scratch { planes, coder, .. } = scratch;
    planes.resize(planes_len(&fields, count), 0);
    N::split(form.places, &fields, bytes, planes);
    out.extend(form.write());
    let mut writer = Writer::new(1 + fields.len(), level, coder, out);
    let mut rest = planes.as_slice();
    for width in widths(&fields) {
        let (bytes, after) = rest.split_at(plane_len(width, count));
        rest = after;
        writer.add(bytes);
    }
}

/// Decodes what [`encode`] made of as many numbers as `bytes` has room for.
pub(super) fn decode<N: Kernels>(
    stored: &[u8],
    bytes: &mut [u8],
    scratch: &mut Scratch,
) -> Result<(), Error> {
    let count = bytes.len() / N::WIDTH;
    let (form, stored) = form_of::<N>(stored)?;
    let fields = fields(form.low, form.bits);
    let stored = stored_planes(&fields, count, stored)?;
    scratch.planes.resize(planes_len(&fields, count), 0);
    let mut rest = scratch.planes.as_mut_slice();
    for plane in stored {
        let (to, after) = rest.split_at_mut(plane.raw_len);
        coder::decode(plane.coding, plane.payload, to)?;
        rest = after;
    }
    N::merge(form.places, &fields, &scratch.planes, bytes);
    Ok(())
}

/// What a stored frame of `count` numbers is made of.
pub(super) fn parts<N: Number>(stored: &[u8], count: usize) -> Result<Vec<Part>, Error> {
    let (form, stored) = form_of::<N>(stored)?;
    let fields = fields(form.low, form.bits);
    let planes = stored_planes(&fields, count, stored)?;
    let name = |plane| match plane {
        0 => "signs",
        plane if fields[plane - 1].from < form.low => "low bits",
        _ => "high bits",
    };
    let parts = planes.iter().enumerate().map(|(i, plane)| Part {
        name: name(i),
        raw_len: plane.raw_len,
        stored_len: plane.payload.len(),
        coding: plane.coding.name(),
    });
    Ok(parts.collect())
}

fn form_of<N: Number>(stored: &[u8]) -> Result<(Form, &[u8]), Error> {
    let (form, stored) = stored
        .split_first_chunk()
        .ok_or(Error::Malformed("frame ends early"))?;
    let form = Form::read::<N>(*form).ok_or(Error::Malformed("form of integers"))?;
    Ok((form, stored))
}

struct StoredPlane<'a> {
    coding: Coding,
    raw_len: usize,
    payload: &'a [u8],
}

fn stored_planes<'a>(
    fields: &[Field],
    count: usize,
    stored: &'a [u8],
) -> Result<Vec<StoredPlane<'a>>, Error> {
    let planes = directory::read(1 + fields.len(), stored)?;
    let planes = widths(fields)
        .zip(planes)
        .map(|(width, plane)| StoredPlane {
            coding: plane.coding,
            raw_len: plane_len(width, count),
            payload: plane.payload,
        });
    Ok(planes.collect())
}
