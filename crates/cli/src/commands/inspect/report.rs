//! What inspection found, as scripts get it.

use std::collections::BTreeMap;

use serde::Serialize;
use sheaf_client::remote::RemoteFile;
use sheaf_codec::Dtype;
use sheaf_formats::scan::{has_none, scan};
use sheaf_formats::{Layout, ReadAt, Tensor, layout};
use sheaf_registry::verdict_of;
use sheaf_types::files::NearLossless;
use sheaf_types::pickles::{PickleState, PickleVerdict};

use super::class::{Class, class};
use super::measure::{Group, Plane, Totals, measure};
use super::pieces::{Extent, Pieces};
use super::registered::Registered;
use super::subject::Subject;
use crate::in_order::in_order;
use crate::remote::remote_error;

/// What is in a file, and what the codec makes of it. Ratios are stored to raw bytes.
#[derive(Debug, Serialize)]
pub struct Report {
    pub file: String,
    pub format: &'static str,
    pub raw_bytes: u64,
    /// The stream's bytes, where the file is one.
    pub stream_bytes: Option<u64>,
    /// What was done to the file before it was made a stream, if anything was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub near_lossless: Option<NearLossless>,
    /// What was fetched to know this, where the file is elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<Fetched>,
    /// What the registry that holds it knows of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry: Option<Registered>,
    /// Bytes that were encoded to know the rest; all of them, a sample, or none.
    pub measured_bytes: u64,
    /// None where nothing was measured.
    pub stored_bytes: Option<u64>,
    /// None of an empty file, too.
    pub ratio: Option<f64>,
    pub class: Option<Class>,
    /// What the file's pickles would do when loaded; absent where it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pickles: Option<PickleVerdict>,
    /// What the file says of itself; long values are cut.
    pub metadata: Vec<MetadataRow>,
    pub tensors: Vec<TensorRow>,
    pub dtypes: Vec<DtypeRow>,
    pub codec: Vec<CodecRow>,
}

/// What was fetched of a file.
#[derive(Debug, Serialize)]
pub struct Fetched {
    pub requests: u64,
    pub received_bytes: u64,
}

#[derive(Debug, Serialize)]
pub struct MetadataRow {
    pub key: String,
    pub value: String,
}

#[derive(Debug, Serialize)]
pub struct TensorRow {
    pub name: String,
    pub dtype: String,
    pub shape: Vec<u64>,
    pub bytes: u64,
    /// The file that it is in, where that is another: a path from this one's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// The tensors of one dtype.
#[derive(Debug, Serialize)]
pub struct DtypeRow {
    pub dtype: String,
    pub tensors: usize,
    pub bytes: u64,
}

/// What the codec makes of the elements that it takes for one dtype.
#[derive(Debug, Serialize)]
pub struct CodecRow {
    pub dtype: &'static str,
    pub raw_bytes: u64,
    pub stored_bytes: u64,
    pub ratio: f64,
    pub planes: Vec<PlaneRow>,
}

#[derive(Debug, Serialize)]
pub struct PlaneRow {
    pub name: &'static str,
    /// Bits a byte, from 0 to 8; none where it is no plane of the dtype's own.
    pub entropy_bits: Option<f64>,
    pub ratio: f64,
    /// In how many measured frames each coding was taken.
    pub codings: BTreeMap<&'static str, usize>,
}

/// The most that is received to look for pickles in a file.
const SCAN_BYTES: u64 = 32 << 20;

/// The most that is received to measure a sample of a file.
const SAMPLE_BYTES: u64 = 64 << 20;

/// Inspects a file, and measures so much of it.
pub fn make(mut subject: Subject, extent: Extent) -> anyhow::Result<Report> {
    let receive = |bytes: u64| {
        if let Some(file) = &subject.remote {
            file.limit(extent.limit(bytes));
        }
    };
    let raw = &*subject.raw;
    let mut layout = layout(raw)?;
    let told = match layout.format {
        Layout::UNKNOWN => subject.beside.told()?,
        _ => None,
    };
    if let Some(told) = told.clone() {
        layout = told.layout(raw.size());
    }
    receive(SCAN_BYTES);
    let pickles = match &subject.registered {
        // The registry looks at a stream, and not at what it holds.
        Some(registered) if subject.stream_bytes.is_none() => registered.pickles.clone(),
        _ => pickles(raw, subject.raw_name(), layout.format)?,
    };
    receive(SAMPLE_BYTES);
    let pieces = Pieces::plan(raw, &layout, told, extent);
    let totals = totals(raw, &pieces)?;
    let raw_bytes = raw.size();
    let is_measured = !matches!(pieces, Pieces::Nothing);
    let ratio = rounded(totals.stored() / raw_bytes as f64);
    Ok(Report {
        format: layout.format,
        raw_bytes,
        stream_bytes: subject.stream_bytes,
        near_lossless: subject.near_lossless.take(),
        remote: subject.remote.as_deref().map(fetched),
        registry: subject.registered.take(),
        measured_bytes: totals.measured,
        stored_bytes: is_measured.then(|| totals.stored().round() as u64),
        ratio: (is_measured && raw_bytes > 0).then_some(ratio),
        class: class(&totals.groups),
        pickles,
        metadata: metadata(&layout),
        dtypes: dtypes(&layout),
        tensors: tensors(layout),
        codec: totals.groups.iter().map(codec_row).collect(),
        file: subject.shown,
    })
}

/// What the file's pickles would do, or why they were not looked at, where its format may have some.
fn pickles(raw: &dyn ReadAt, name: &str, format: &str) -> anyhow::Result<Option<PickleVerdict>> {
    let error = match scan(raw, name) {
        Ok(found) => return Ok(found.map(verdict_of)),
        Err(error) => anyhow::Error::from(error),
    };
    match remote_error(&error) {
        Some(reason) if reason.is_out_of_reach() && has_none(format) => Ok(None),
        Some(reason) if reason.is_out_of_reach() => Ok(Some(PickleVerdict {
            state: PickleState::NotScanned,
            why: reason.to_string(),
            pickles: 0,
            imports: vec![],
            calls: vec![],
        })),
        _ => Err(error),
    }
}

fn fetched(file: &RemoteFile) -> Fetched {
    let usage = file.usage();
    Fetched {
        requests: usage.requests,
        received_bytes: usage.received,
    }
}

fn metadata(layout: &Layout) -> Vec<MetadataRow> {
    let row = |(key, value): &(String, String)| MetadataRow {
        key: key.clone(),
        value: value.clone(),
    };
    layout.metadata.iter().map(row).collect()
}

fn totals(raw: &(dyn ReadAt + Sync), pieces: &Pieces) -> anyhow::Result<Totals> {
    let mut totals = Totals::default();
    in_order(
        |take| Ok(pieces.read(raw, take)?),
        |chunk| measure(&chunk),
        |piece| {
            totals.add(piece?, |dtype| pieces.weight(dtype));
            Ok(())
        },
    )?;
    Ok(totals)
}

fn tensors(layout: Layout) -> Vec<TensorRow> {
    let own = layout.tensors.into_iter().map(|tensor| row(tensor, None));
    let beside = layout.beside.into_iter().flat_map(|beside| {
        let file = beside.place.to_string();
        let tensors = beside.tensors.into_iter();
        tensors.map(move |tensor| row(tensor, Some(file.clone())))
    });
    own.chain(beside).collect()
}

fn row(tensor: Tensor, file: Option<String>) -> TensorRow {
    TensorRow {
        bytes: tensor.range.end - tensor.range.start,
        name: tensor.name,
        dtype: tensor.dtype_name,
        shape: tensor.shape,
        file,
    }
}

/// By the dtypes' names, most bytes first.
fn dtypes(layout: &Layout) -> Vec<DtypeRow> {
    let mut sums: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
    let beside = layout.beside.iter().flat_map(|beside| &beside.tensors);
    for tensor in layout.tensors.iter().chain(beside) {
        let (tensors, bytes) = sums.entry(&tensor.dtype_name).or_default();
        *tensors += 1;
        *bytes += tensor.range.end - tensor.range.start;
    }
    let row = |(dtype, (tensors, bytes)): (&str, _)| DtypeRow {
        dtype: dtype.to_owned(),
        tensors,
        bytes,
    };
    let mut rows: Vec<DtypeRow> = sums.into_iter().map(row).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.bytes));
    rows
}

fn codec_row((dtype, group): (&Dtype, &Group)) -> CodecRow {
    CodecRow {
        dtype: dtype.name(),
        raw_bytes: group.raw.round() as u64,
        stored_bytes: group.stored.round() as u64,
        ratio: rounded(group.stored / group.raw),
        planes: group.planes.iter().map(plane_row).collect(),
    }
}

fn plane_row(plane: &Plane) -> PlaneRow {
    // Of a chunk shorter than one element nothing is in the planes.
    let of_raw = |sum: f64| {
        if plane.raw > 0.0 {
            sum / plane.raw
        } else {
            0.0
        }
    };
    PlaneRow {
        name: plane.name,
        entropy_bits: plane.entropy.map(|bits| rounded(of_raw(bits))),
        ratio: rounded(of_raw(plane.stored)),
        codings: plane.codings.clone(),
    }
}

/// To five digits behind the point, which is more than is certain.
fn rounded(value: f64) -> f64 {
    (value * 1e5).round() / 1e5
}
