//! What inspection found, as people get it.

use sheaf_formats::scan::{Kind, State, Verdict};

use super::class::Class;
use super::report::{CodecRow, DtypeRow, Report, TensorRow};
use crate::output::{self, one_line, size};
use crate::{near_lossless, table, words};

/// Prints a report. What is wanted most is printed last.
pub fn print(report: &Report) -> anyhow::Result<()> {
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
fn pickles(verdict: &Verdict) -> impl Iterator<Item = [String; 3]> {
    let head = ["pickles", "what", "known as"].map(String::from);
    let imports = verdict.imports.iter().map(|import| {
        let name = format!("{}.{}", import.module, import.name);
        let kind = match import.kind {
            Kind::Harmless => "harmless",
            Kind::Unknown => "unknown",
            Kind::Dangerous => "dangerous",
        };
        ["import".to_owned(), one_line(&name), kind.to_owned()]
    });
    let calls = verdict.calls.iter().filter_map(|call| {
        let arguments = call.arguments.as_ref()?;
        let what = format!("{}({arguments})", call.callee);
        let opcode = format!("{} × {}", call.opcode, call.count);
        Some(["call".to_owned(), one_line(&what), opcode])
    });
    [head].into_iter().chain(imports).chain(calls)
}

/// What a verdict comes to, in a line.
fn pickles_line(verdict: &Verdict) -> String {
    let state = match verdict.state {
        State::Clean => "clean",
        State::NotScanned => "not scanned",
        State::Unknown => "unknown",
        State::Suspicious => "suspicious",
    };
    format!("pickles {state}: {}", one_line(&verdict.why))
}

fn summary(report: &Report) -> Vec<String> {
    let class = report
        .class
        .map_or("none: most of it is no weights", Class::words);
    let mut lines = vec![
        format!(
            "file    {}: {}, {}, {}",
            one_line(&report.file),
            report.format,
            size(report.raw_bytes),
            words::count(report.tensors.len() as u64, "tensor"),
        ),
        format!("class   {class}"),
    ];
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

fn codec_line(report: &Report, ratio: f64) -> String {
    let stored = size(report.stored_bytes);
    if report.measured_bytes == report.raw_bytes {
        return format!("codec   {stored} at the default level, ratio {ratio:.4}");
    }
    let (measured, raw) = (size(report.measured_bytes), size(report.raw_bytes));
    format!(
        "codec   about {stored} at the default level, ratio {ratio:.4}: \
         from a sample of {measured} of {raw}, --full measures all"
    )
}
