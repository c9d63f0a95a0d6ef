//! `sheaf backup`: a copy of the catalog.

use std::path::{Path, PathBuf};
use std::{env, path};

use anyhow::{Context, bail};
use serde_json::json;
use tempfile::NamedTempFile;

use super::serve::registry;
use crate::config::{self, Config};
use crate::globals::Globals;
use crate::{data_folder, output};

/// Copies the catalog into a file, as it is at one moment
///
/// For a catalog in SQLite, also while a server uses it; one in Postgres is backed up with pg_dump. Copy the
/// object store after it: docs/operations.md says how, and how to go back.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The new file
    file: PathBuf,
    #[command(flatten)]
    place: config::Place,
}

/// Writes the file, whole or not at all.
pub async fn run(args: Args, globals: &Globals) -> anyhow::Result<()> {
    let config = Config::load(args.place, &|name| env::var_os(name))?;
    let catalog = config.catalog_url(&path::absolute(config.data()?)?)?;
    if args.file.exists() {
        bail!("{} is there already", args.file.display());
    }
    let bytes = copy(&catalog, &args.file)
        .await
        .with_context(|| format!("cannot write {}", args.file.display()))?;
    if globals.json {
        return output::json(&json!({"file": args.file, "bytes": bytes}));
    }
    if !globals.quiet {
        let size = output::size(bytes);
        output::line(format_args!("{}: {size}", args.file.display()))?;
    }
    Ok(())
}

/// A temporary file is this user's alone, as the catalog is.
async fn copy(catalog: &str, path: &Path) -> anyhow::Result<u64> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let file = NamedTempFile::new_in(folder)?;
    sheaf_registry::back_up_catalog(catalog, file.path())
        .await
        .map_err(registry::with_cause)?;
    file.as_file().sync_all()?;
    let bytes = file.as_file().metadata()?.len();
    file.persist_noclobber(path)?;
    data_folder::sync(folder)?;
    Ok(bytes)
}
