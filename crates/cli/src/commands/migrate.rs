//! `sheaf migrate`: moves a registry from one pair of a catalog and an object store to another.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::Context;
use indicatif::ProgressBar;
use serde_json::json;
use sheaf_registry::{Moved, Place, Progress};

use crate::config::Config;
use crate::data_folder::{self, Lock};
use crate::globals::Globals;
use crate::{bar, output, table, words};

const BAR: &str =
    "{wide_bar} {decimal_bytes} of {decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left";

/// Moves a registry to another database and object store, such as from one machine to Postgres and S3
///
/// FROM and TO are each a data folder, or a configuration file of `sheaf serve`; SHEAF_… variables do not
/// count here, AWS_… ones do. Stop the servers of both first. Every object is verified before it is
/// written; the new catalog has all rows in the end, or none: what was interrupted is begun again with the
/// same command, and goes on from the objects that are there. Nothing is taken away from where it was.
/// Branches, tokens and ids stay the same; the admin token in the data folder is the new server's own.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the registry is
    #[arg(value_name = "FROM")]
    from: PathBuf,
    /// Where it is to be: an empty database, and a folder or bucket
    #[arg(value_name = "TO")]
    to: PathBuf,
    /// Only says how much there is to move, and whether that could begin
    #[arg(long)]
    dry_run: bool,
}

/// Moves, and prints what.
pub async fn run(args: Args, globals: &Globals) -> anyhow::Result<()> {
    let (from, _held) = place(&args.from, false)?;
    let (to, _held_too) = place(&args.to, true)?;
    let bar = Bar(bar::new(globals, BAR));
    let moved = sheaf_registry::migrate(&from, &to, args.dry_run, &bar).await?;
    bar.0.finish_and_clear();
    if globals.json {
        return output::json(&as_json(&moved, args.dry_run));
    }
    if globals.quiet {
        return Ok(());
    }
    print(&moved, args.dry_run)
}

/// A registry's place, its data folder locked.
fn place(path: &Path, make: bool) -> anyhow::Result<(Place, Lock)> {
    let config = Config::of(path)?;
    let data = config.data()?;
    let data = match make {
        true => data_folder::make(&data)?,
        false => data
            .canonicalize()
            .with_context(|| format!("there is no data folder {}", data.display()))?,
    };
    let lock = data_folder::lock(&data)?;
    let place = Place {
        catalog_url: config.catalog_url(&data)?,
        blobs_url: config.blobs_url(&data)?,
        s3: config.s3(&|name| env::var_os(name))?,
    };
    Ok((place, lock))
}

fn print(moved: &Moved, dry_run: bool) -> anyhow::Result<()> {
    let objects = words::count(moved.objects, "object");
    let bytes = output::size(moved.bytes);
    let there = match moved.there_already {
        0 => String::new(),
        there => format!(", {there} of them by an earlier run"),
    };
    let done = if dry_run { "would move" } else { "moved" };
    output::line(format_args!("{done} {objects} of {bytes}{there}"))?;
    if !dry_run {
        let records = words::count(moved.records, "record");
        output::line(format_args!("wrote {records}"))?;
    }
    let rows = moved.tables.iter().filter(|table| table.rows > 0);
    table::print(rows.map(|table| [table.table.to_owned(), table.rows.to_string()]))
}

fn as_json(moved: &Moved, dry_run: bool) -> serde_json::Value {
    let rows = moved.tables.iter().map(|table| (table.table, table.rows));
    json!({
        "dry_run": dry_run,
        "objects": moved.objects,
        "bytes": moved.bytes,
        "there_already": moved.there_already,
        "records": moved.records,
        "rows": rows.collect::<std::collections::BTreeMap<_, _>>(),
    })
}

/// How far it is, on a terminal.
struct Bar(ProgressBar);

impl Progress for Bar {
    fn begin(&self, bytes: u64) {
        self.0.set_length(bytes);
    }

    fn moved(&self, bytes: u64) {
        self.0.inc(bytes);
    }
}
