//! `sheaf rebuild-catalog`: makes a catalog that was lost anew.

use std::env;

use anyhow::bail;
use sheaf_types::rebuild::Rebuilt;

use super::serve::{log, registry};
use crate::config::{Config, Place};
use crate::globals::Globals;
use crate::{data_folder, output, table, words};

/// Makes a catalog that was lost anew, from the object store alone
///
/// The catalog that is configured must be empty, and no server may run. Repositories, branches, tags and
/// revisions come back; tokens do not. A repository of which it is not known whether it was public comes back
/// private. What was cut short goes on when it is run again. Fails where something did not come back.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: Place,
    /// Reads and decodes every blob, and takes none that does not hold its chunk's bytes; else only headers
    /// are read, and the rest is verified when it is read
    #[arg(long)]
    full: bool,
}

/// Rebuilds, and prints what is back and what is not.
pub async fn run(args: Args, globals: &Globals) -> anyhow::Result<()> {
    let config = Config::load(args.place, &|name| env::var_os(name))?;
    log::start(&config)?;
    let data = data_folder::make(&config.data()?)?;
    let _lock = data_folder::lock(&data)?;
    let settings = registry::settings(&config, &data)?;
    let rebuilt = sheaf_registry::rebuild_catalog(&settings, args.full)
        .await
        .map_err(registry::with_cause)?;
    if globals.json {
        output::json(&rebuilt)?;
    } else if !globals.quiet {
        print(&rebuilt)?;
    }
    if rebuilt.lost > 0 {
        bail!(
            "{} did not come back, or not as they were; all else did, and can be served",
            words::count(rebuilt.lost, "thing")
        );
    }
    Ok(())
}

fn print(rebuilt: &Rebuilt) -> anyhow::Result<()> {
    for problem in &rebuilt.problems {
        let line = format!("{}: {}", problem.of, problem.what);
        output::line(output::one_line(&line))?;
    }
    if rebuilt.more_problems > 0 {
        output::line(format_args!("… and {} more", rebuilt.more_problems))?;
    }
    let rows = [
        ("repositories", rebuilt.repositories, String::new()),
        ("revisions", rebuilt.revisions, String::new()),
        ("branches and tags", rebuilt.refs, String::new()),
        ("chunks", rebuilt.chunks, output::size(rebuilt.stored_bytes)),
        (
            "deleted before",
            rebuilt.deleted_repositories,
            String::new(),
        ),
        ("to be collected", rebuilt.orphans, String::new()),
        ("not Sheaf's", rebuilt.foreign, String::new()),
    ];
    table::print(
        rows.map(|(of, number, size)| [of.into(), number.to_string(), size])
            .into_iter(),
    )
}
