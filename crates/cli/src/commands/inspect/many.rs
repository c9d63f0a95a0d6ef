//! Several files at once: a line for each.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sheaf_client::push::files_of;

use super::Args;
use super::class::Class;
use super::report::Report;
use crate::globals::Globals;
use crate::output::{self, one_line, size};
use crate::{table, words};

/// Inspects what was named and what is in folders that were, and fails in the end if some could not be.
pub(super) async fn run(args: &Args, globals: &Globals) -> anyhow::Result<()> {
    let files = files(&args.files)?;
    let mut reports = vec![];
    for file in &files {
        match args.report(file, globals).await {
            Ok(report) => reports.push(report),
            Err(error) => output::error(&error),
        }
    }
    match globals.json {
        true => output::json(&reports)?,
        false => print(&reports)?,
    }
    match files.len() - reports.len() {
        0 => Ok(()),
        failed => bail!(
            "{failed} of {} could not be inspected",
            words::count(files.len() as u64, "file")
        ),
    }
}

fn files(named: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = vec![];
    for path in named {
        match path.is_dir() {
            true => files.extend(in_folder(path)?),
            false => files.push(path.clone()),
        }
    }
    Ok(files)
}

fn in_folder(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let files = files_of(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    match files.is_empty() {
        true => bail!("there is no file in {}", folder.display()),
        false => Ok(files),
    }
}

fn print(reports: &[Report]) -> anyhow::Result<()> {
    if reports.is_empty() {
        return Ok(());
    }
    let head = [
        "file", "format", "bytes", "tensors", "ratio", "class", "pickles",
    ]
    .map(String::from);
    table::print([head].into_iter().chain(reports.iter().map(row)))?;
    output::line("")?;
    Ok(output::line(sum(reports))?)
}

fn row(report: &Report) -> [String; 7] {
    let pickles = report.pickles.as_ref();
    [
        one_line(&report.file),
        report.format.to_owned(),
        report.raw_bytes.to_string(),
        report.tensors.len().to_string(),
        report
            .ratio
            .map(|ratio| format!("{ratio:.4}"))
            .unwrap_or_default(),
        report.class.map(Class::name).unwrap_or_default().to_owned(),
        pickles
            .map(|verdict| words::pickles(verdict.state))
            .unwrap_or_default()
            .to_owned(),
    ]
}

/// What all come to; of those that were measured, at which size they are stored.
fn sum(reports: &[Report]) -> String {
    let raw: u64 = reports.iter().map(|report| report.raw_bytes).sum();
    let tensors: usize = reports.iter().map(|report| report.tensors.len()).sum();
    let all = format!(
        "{}, {}, {}",
        words::count(reports.len() as u64, "file"),
        size(raw),
        words::count(tensors as u64, "tensor"),
    );
    let measured = || reports.iter().filter(|report| report.ratio.is_some());
    let raw: u64 = measured().map(|report| report.raw_bytes).sum();
    let stored: u64 = measured().filter_map(|report| report.stored_bytes).sum();
    match raw {
        0 => all,
        raw => format!(
            "{all}: {} at the default level, ratio {:.4}",
            size(stored),
            stored as f64 / raw as f64
        ),
    }
}
