//! What inspection found, as people get it.

use sheaf_types::pickles::PickleVerdict;

use super::class::Class;
use super::registered::Registered;
use super::report::{CodecRow, DtypeRow, Fetched, MetadataRow, Report, TensorRow};
use crate::output::{self, one_line, size};
use crate::{near_lossless, table, words};

/// Characters of a value that are shown.
const SHOWN_VALUE: usize = 100;

/// Prints a report. What is wanted most is printed last.
pub fn print(report: &Report) -> anyhow::Result<()> {
    if !report.metadata.is_empty() {
        table::print(metadata(&report.metadata))?;
        output::line("")?;
    }
    if !report.tensors.is_empty() {
        table::print(tensors(&report.tensors))?;
        output::line("")?;
        table::print(dtypes(&report.dtypes))?;
        output::line("")?;
    }
    if !report.codec.is_empty() {
        table::print(codec(&report.codec))?;
        output::line("")?;
    }
    if let Some(verdict) = &report.pickles {
        table::print(pickles(verdict))?;
        output::line("")?;
    }
    for line in summary(report) {
        output::line(line)?;
    }
    Ok(())
}

fn metadata(metadata: &[MetadataRow]) -> impl Iterator<Item = [String; 2]> {
    let head = ["metadata", "value"].map(String::from);
    let rows = metadata.iter().map(|row| {
        let value = one_line(&row.value);
        let shown: String = value.chars().take(SHOWN_VALUE).collect();
        let more = if shown.len() < value.len() { "…" } else { "" };
        [one_line(&row.key), format!("{shown}{more}")]
    });
    [head].into_iter().chain(rows)
}

/// A line for each tensor; where some are in other files, with those.
fn tensors(tensors: &[TensorRow]) -> impl Iterator<Item = [String; 5]> {
    let elsewhere = tensors.iter().any(|tensor| tensor.file.is_some());
    let file = if elsewhere { "in" } else { "" };
    let head = ["tensor", "dtype", "shape", "bytes", file].map(String::from);
    let rows = tensors.iter().map(|tensor| {
        [
            one_line(&tensor.name),
            one_line(&tensor.dtype),
            format!("{:?}", tensor.shape),
            tensor.bytes.to_string(),
            one_line(tensor.file.as_deref().unwrap_or_default()),
        ]
    });
    [head].into_iter().chain(rows)
}

fn dtypes(dtypes: &[DtypeRow]) -> impl Iterator<Item = [String; 3]> {
    let head = ["dtype", "tensors", "bytes"].map(String::from);
    let rows = dtypes.iter().map(|row| {
        [
            one_line(&row.dtype),
            row.tensors.to_string(),
            row.bytes.to_string(),
        ]
    });
    [head].into_iter().chain(rows)
}

/// A line for each dtype, and below it one for each of its planes.
fn codec(codec: &[CodecRow]) -> impl Iterator<Item = [String; 5]> {
    let head = ["as dtype", "bytes", "ratio", "entropy", "codings by frame"].map(String::from);
    [head].into_iter().chain(codec.iter().flat_map(|row| {
        let whole = [
            row.dtype.to_owned(),
            row.raw_bytes.to_string(),
            format!("{:.4}", row.ratio),
            String::new(),
            String::new(),
        ];
        [whole].into_iter().chain(planes(row))
    }))
}

fn planes(row: &CodecRow) -> impl Iterator<Item = [String; 5]> {
    row.planes.iter().map(|plane| {
        let codings = plane.codings.iter();
        let codings: Vec<String> = codings.map(|(name, n)| format!("{name} {n}")).collect();
        [
            format!("  {}", plane.name),
            String::new(),
            format!("{:.4}", plane.ratio),
            plane
                .entropy_bits
                .map(|bits| format!("{bits:.3}"))
                .unwrap_or_default(),
            codings.join(", "),
        ]
    })
}

/// A line for each import and each call that is not known to be harmless.
fn pickles(verdict: &PickleVerdict) -> impl Iterator<Item = [String; 3]> {
    let head = ["pickles", "what", "known as"].map(String::from);
    let imports = verdict.imports.iter().map(|import| {
        let name = format!("{}.{}", import.module, import.name);
        ["import".to_owned(), one_line(&name), one_line(&import.kind)]
    });
    let calls = verdict.calls.iter().filter_map(|call| {
        let arguments = call.arguments.as_ref()?;
        let what = format!("{}({arguments})", call.callee);
        let opcode = format!("{} × {}", one_line(&call.opcode), call.count);
        Some(["call".to_owned(), one_line(&what), opcode])
    });
    [head].into_iter().chain(imports).chain(calls)
}

/// What a verdict comes to, in a line.
fn pickles_line(verdict: &PickleVerdict) -> String {
    let state = words::pickles(verdict.state);
    format!("pickles {state}: {}", one_line(&verdict.why))
}

fn summary(report: &Report) -> Vec<String> {
    let class = report
        .class
        .map_or("none: most of it is no weights", Class::words);
    let mut lines = vec![format!(
        "file    {}: {}, {}, {}",
        one_line(&report.file),
        report.format,
        size(report.raw_bytes),
        words::count(report.tensors.len() as u64, "tensor"),
    )];
    lines.extend(
        report
            .remote
            .as_ref()
            .map(|fetched| fetched_line(report, fetched)),
    );
    lines.extend(
        report
            .registry
            .as_ref()
            .map(|known| stored_line(report, known)),
    );
    match report.stored_bytes {
        Some(_) => lines.push(format!("class   {class}")),
        None => lines.push(NOT_MEASURED.into()),
    }
    lines.extend(report.ratio.map(|ratio| codec_line(report, ratio)));
    lines.extend(
        report
            .stream_bytes
            .map(|bytes| format!("stream  {} as it is compressed now", size(bytes))),
    );
    lines.extend(report.pickles.as_ref().map(pickles_line));
    lines.extend(report.near_lossless.as_ref().map(near_lossless::line));
    lines
}

const NOT_MEASURED: &str =
    "codec   not measured: --measure fetches a sample of up to 16 MiB for it, --full all";

fn fetched_line(report: &Report, fetched: &Fetched) -> String {
    format!(
        "read    {} of {}, in {}",
        size(fetched.received_bytes),
        size(report.stream_bytes.unwrap_or(report.raw_bytes)),
        words::count(fetched.requests, "request"),
    )
}

fn stored_line(report: &Report, known: &Registered) -> String {
    let raw = report.stream_bytes.unwrap_or(report.raw_bytes);
    let ratio = known.stored_bytes as f64 / raw.max(1) as f64;
    let stored = size(known.stored_bytes);
    format!("stored  {stored} in the registry, ratio {ratio:.4}")
}

fn codec_line(report: &Report, ratio: f64) -> String {
    let stored = size(report.stored_bytes.unwrap_or_default());
    if report.measured_bytes == report.raw_bytes {
        return format!("codec   {stored} at the default level, ratio {ratio:.4}");
    }
    let (measured, raw) = (size(report.measured_bytes), size(report.raw_bytes));
    format!(
        "codec   about {stored} at the default level, ratio {ratio:.4}: \
         from a sample of {measured} of {raw}, --full measures all"
    )
}
