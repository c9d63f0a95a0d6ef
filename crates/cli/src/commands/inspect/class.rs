//! How compressible a model is, in the words of arXiv 2404.15198 and 2411.05239.

use std::collections::BTreeMap;

use serde::Serialize;
use sheaf_codec::Dtype;

use super::measure::Group;

/// From this ratio of stored to raw bytes on, a file counts as incompressible.
const INCOMPRESSIBLE: f64 = 0.98;
/// Up to this ratio of stored to raw bytes, the low bytes of the mantissa count as clean.
const CLEAN: f64 = 0.9;

/// What kind of model it is, for whoever wants it small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Floats with few bits in use, as of fp32 that was fp16 or bf16 before.
    Clean,
    /// Floats of which only the exponents can be coded.
    Regular,
    /// bf16: few bits of mantissa, so that the exponents weigh much.
    Bf16,
    /// Blocks, floats of 8 bits and less, small integers.
    Quantised,
    /// The codec finds next to nothing.
    Incompressible,
}

impl Class {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Regular => "regular",
            Self::Bf16 => "bf16",
            Self::Quantised => "quantised",
            Self::Incompressible => "incompressible",
        }
    }

    /// Its name and what it means.
    pub fn words(self) -> &'static str {
        match self {
            Self::Clean => "clean: the low bytes of the mantissa are not all in use",
            Self::Regular => "regular: floats of which only the exponents get smaller",
            Self::Bf16 => "bf16: the exponents get smaller, which are half of the bytes",
            Self::Quantised => "quantised already: little is left to gain",
            Self::Incompressible => "incompressible",
        }
    }
}

/// What most bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Float,
    Bf16,
    Quantised,
    Other,
}

/// The class of what was measured; none where most bytes are no weights.
pub fn class(groups: &BTreeMap<Dtype, Group>) -> Option<Class> {
    let raw: f64 = groups.values().map(|group| group.raw).sum();
    let stored: f64 = groups.values().map(|group| group.stored).sum();
    if raw > 0.0 && stored >= INCOMPRESSIBLE * raw {
        return Some(Class::Incompressible);
    }
    match largest_kind(groups)? {
        Kind::Bf16 => Some(Class::Bf16),
        Kind::Quantised => Some(Class::Quantised),
        Kind::Float if low_mantissa_ratio(groups) <= CLEAN => Some(Class::Clean),
        Kind::Float => Some(Class::Regular),
        Kind::Other => None,
    }
}

fn largest_kind(groups: &BTreeMap<Dtype, Group>) -> Option<Kind> {
    let mut bytes: BTreeMap<Kind, f64> = BTreeMap::new();
    for (dtype, group) in groups {
        *bytes.entry(kind(*dtype)).or_default() += group.raw;
    }
    let largest = bytes.into_iter().max_by(|a, b| a.1.total_cmp(&b.1));
    largest.map(|(kind, _)| kind)
}

fn kind(dtype: Dtype) -> Kind {
    match dtype {
        Dtype::Bf16 => Kind::Bf16,
        _ if low_mantissa_planes(dtype) > 0 => Kind::Float,
        Dtype::U8 | Dtype::I8 | Dtype::U32 | Dtype::I32 => Kind::Quantised,
        _ if dtype.is_float() || dtype.block_elements() > 1 || dtype == Dtype::F8E8M0 => {
            Kind::Quantised
        }
        _ => Kind::Other,
    }
}

/// How many planes, from the first on, hold nothing but the low bits of a mantissa.
fn low_mantissa_planes(dtype: Dtype) -> usize {
    match dtype {
        Dtype::F16 | Dtype::C32 => 1,
        Dtype::F32 | Dtype::C64 => 2,
        Dtype::F64 | Dtype::C128 => 6,
        _ => 0,
    }
}

/// What the low bits of the mantissas take, of the bytes that they are.
fn low_mantissa_ratio(groups: &BTreeMap<Dtype, Group>) -> f64 {
    let (mut raw, mut stored) = (0.0, 0.0);
    for (dtype, group) in groups {
        let count = low_mantissa_planes(*dtype);
        for plane in &group.planes {
            if is_low_mantissa(plane.name, count) {
                raw += plane.raw;
                stored += plane.stored;
            }
            // Numbers that are stored as integers have a bit of sign each.
            match plane.name {
                "signs" => raw += plane.raw * 8.0 * count as f64,
                "low bits" => stored += plane.stored,
                _ => {}
            }
        }
    }
    stored / raw
}

/// Whether a plane's name is that of one of the first `count`, in a dtype that has so many.
fn is_low_mantissa(name: &str, count: usize) -> bool {
    let number = name.strip_prefix("mantissa ");
    let number = number.or_else(|| name.strip_prefix("byte "));
    number.is_some_and(|number| number.parse().is_ok_and(|number: usize| number < count))
}
