//! `sheaf gc`: takes away what nothing reaches any more.

use sheaf_types::collection::{Collected, Collection};

use crate::globals::Globals;
use crate::{output, remote, table, words};

/// Takes away revisions and stored data that no branch, tag or upload reaches
///
/// The server does so by itself now and then. What was reached until lately waits for the grace period
/// of the server's configuration.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only says what would go, and why
    #[arg(long)]
    dry_run: bool,
}

/// Collects, and prints what is gone.
pub async fn run(args: Args, globals: &Globals) -> anyhow::Result<()> {
    let client = remote::connect(globals)?;
    let collection = if args.dry_run {
        client.preview_collection().await?
    } else {
        client.collect().await?
    };
    if globals.json {
        return output::json(&collection);
    }
    if globals.quiet {
        return Ok(());
    }
    print(&collection)
}

fn print(collection: &Collection) -> anyhow::Result<()> {
    let gone = if collection.dry_run {
        "would go"
    } else {
        "gone"
    };
    let rows = [
        ("revisions", collection.revisions),
        ("chunks", collection.chunks),
        ("objects", collection.objects),
    ];
    let head = [
        String::new(),
        gone.into(),
        String::new(),
        "waiting".into(),
        String::new(),
    ];
    table::print(std::iter::once(head).chain(rows.map(|(name, of)| row(name, of))))?;
    for of in &collection.unreachable {
        output::line(format!(
            "{}@{}: no branch or tag reaches it since {}; it may go from {}",
            of.repository,
            of.revision,
            words::time(of.since),
            words::time(of.until),
        ))?;
    }
    Ok(())
}

fn row(name: &str, of: Collected) -> [String; 5] {
    let size = |bytes| {
        if bytes > 0 {
            output::size(bytes)
        } else {
            String::new()
        }
    };
    [
        name.into(),
        of.collected.to_string(),
        size(of.collected_bytes),
        of.waiting.to_string(),
        size(of.waiting_bytes),
    ]
}
