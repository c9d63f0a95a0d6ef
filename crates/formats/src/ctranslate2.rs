//! CTranslate2's `model.bin`: what the model is, then each variable with its name, shape and bytes.

use sheaf_codec::Dtype;

use crate::format::{Format, Found, Region};
use crate::layout::Tensor;
use crate::size;
use crate::source::le;
use crate::walk::{Finds, MAX_NEED, Step, Walk};

/// Versions of the layout: those before have no name of the model, and are not seen any more.
const VERSIONS: std::ops::RangeInclusive<u64> = 2..=6;

/// From this version on variables say what their elements are; before, how wide.
const TYPED: u64 = 4;

/// The longest name of a model, with the zero behind it.
const MAX_MODEL_LEN: usize = 64;

/// The longest name of a variable.
const MAX_NAME_LEN: usize = 4096;

/// The most dimensions.
const MAX_DIMS: usize = 16;

pub(crate) struct CTranslate2;

impl Format for CTranslate2 {
    fn sniff(&self, head: &[u8]) -> Found {
        let (Some(version), Some(len)) = (le(head, 0, 4), le(head, 4, 2)) else {
            let may_be = head
                .first()
                .is_none_or(|&v| VERSIONS.contains(&u64::from(v)));
            return if may_be {
                Found::NeedMore(6)
            } else {
                Found::No
            };
        };
        let len = len as usize;
        if !VERSIONS.contains(&version) || !(2..=MAX_MODEL_LEN).contains(&len) {
            return Found::No;
        }
        let end = 6 + len + 8;
        let Some(model) = head.get(6..end) else {
            return Found::NeedMore(end);
        };
        // `TransformerSpec`, a zero.
        let Some((0, name)) = model[..len].split_last() else {
            return Found::No;
        };
        if !name.iter().all(u8::is_ascii_alphanumeric) {
            return Found::No;
        }
        Found::Walk(Box::new(Variables {
            place: end as u64,
            version,
            left: le(model, len + 4, 4).unwrap_or(0),
            model: Some(String::from_utf8_lossy(name).into_owned()),
        }))
    }
}

/// On the way from variable to variable.
struct Variables {
    place: u64,
    version: u64,
    /// How many are to come.
    left: u64,
    /// What the model is, until that was told.
    model: Option<String>,
}

impl Walk for Variables {
    fn format(&self) -> &'static str {
        "ctranslate2"
    }

    fn place(&self) -> u64 {
        self.place
    }

    fn step(&mut self, bytes: &[u8], finds: &mut Finds) -> Step {
        if let Some(model) = self.model.take() {
            finds.metadata.add("spec", &model);
        }
        if self.left == 0 {
            return Step::Stop;
        }
        let Some((variable, len)) = Variable::parse(bytes, self.version) else {
            // Twice as many, as it is not known yet how long names and shapes are.
            let need = (2 * bytes.len()).clamp(64, MAX_NEED);
            return if bytes.len() < need {
                Step::Need(need)
            } else {
                Step::Stop
            };
        };
        let start = self.place + len as u64;
        let Some(end) = start.checked_add(variable.len) else {
            return Step::Stop;
        };
        let tensor = variable.tensor(start..end);
        finds.data(Region::of(&tensor));
        finds.tensor(tensor);
        self.place = end;
        self.left -= 1;
        Step::On
    }
}

/// What is said of a variable.
struct Variable {
    name: String,
    shape: Vec<u64>,
    kind: u64,
    dtype: Dtype,
    /// Bytes of its elements.
    len: u64,
}

impl Variable {
    /// Reads what is before a variable's bytes, and says how long that is. None where that is not all
    /// there, or is too long.
    fn parse(bytes: &[u8], version: u64) -> Option<(Variable, usize)> {
        let name_len = usize::try_from(le(bytes, 0, 2)?).ok()?;
        let at = 2 + name_len;
        let name = bytes.get(2..at)?;
        let rank = usize::from(*bytes.get(at)?);
        if rank > MAX_DIMS || name_len > MAX_NAME_LEN {
            return None;
        }
        let dim = |i| le(bytes, at + 1 + 4 * i, 4);
        let shape = (0..rank).map(dim).collect::<Option<Vec<_>>>()?;
        let at = at + 1 + 4 * rank;
        let (kind, count) = (le(bytes, at, 1)?, le(bytes, at + 1, 4)?);
        let (dtype, len) = match (version, kind) {
            (TYPED.., kind) => (dtype(kind), count),
            (_, width @ (1 | 2 | 4)) => (dtype_of(width), width * count),
            _ => return None,
        };
        let name = name.strip_suffix(b"\0").unwrap_or(name);
        let name = String::from_utf8_lossy(name).into_owned();
        let variable = Variable {
            name,
            shape,
            kind,
            dtype,
            len,
        };
        Some((variable, at + 5))
    }

    fn tensor(self, range: std::ops::Range<u64>) -> Tensor {
        let elements = size::elements(&self.shape);
        let agrees = elements.and_then(|n| size::bytes(self.dtype, n)) == Some(self.len);
        Tensor {
            name: self.name,
            dtype_name: match self.dtype {
                Dtype::Unknown => format!("type {}", self.kind),
                dtype => dtype.name().to_owned(),
            },
            dtype: if agrees { self.dtype } else { Dtype::Unknown },
            shape: self.shape,
            range,
        }
    }
}

fn dtype(kind: u64) -> Dtype {
    match kind {
        0 => Dtype::F32,
        1 => Dtype::I8,
        2 => Dtype::I16,
        3 => Dtype::I32,
        4 => Dtype::F16,
        5 => Dtype::Bf16,
        _ => Dtype::Unknown,
    }
}

fn dtype_of(width: u64) -> Dtype {
    match width {
        1 => Dtype::I8,
        2 => Dtype::I16,
        _ => Dtype::F32,
    }
}
