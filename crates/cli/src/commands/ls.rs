//! `sheaf ls`: the repositories of a server, or the files of a revision.

use serde::Serialize;
use sheaf_client::Client;
use sheaf_types::repositories::Repository;
use sheaf_types::revisions::{Revision, TreeEntry};

use crate::globals::Globals;
use crate::target::Target;
use crate::{near_lossless, output, remote, table, words};

/// Lists repositories, or the files of one
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The repository whose files are listed [default: all repositories; default branch: main]
    #[arg(value_name = "NAMESPACE/NAME[@REF]")]
    target: Option<Target>,
    /// Only repositories whose name contains this
    #[arg(long, value_name = "TEXT", conflicts_with = "target")]
    search: Option<String>,
}

#[derive(Serialize)]
struct Files {
    revision: Revision,
    files: Vec<TreeEntry>,
}

/// Prints the list.
pub async fn run(args: Args, globals: &Globals) -> anyhow::Result<()> {
    let client = remote::connect(globals)?;
    match args.target {
        Some(target) => files(&client, &target, globals).await,
        None => repositories(&client, args.search.as_deref(), globals).await,
    }
}

async fn files(client: &Client, target: &Target, globals: &Globals) -> anyhow::Result<()> {
    let (revision, files) = client.whole_tree(&target.name, &target.reference()).await?;
    if globals.json {
        return output::json(&Files { revision, files });
    }
    table::print(files.iter().map(|file| {
        [
            output::size(file.size),
            file.sha256.to_string()[..12].into(),
            file.path.to_string(),
            notes(file).join("; "),
        ]
    }))
}

/// What is to be known of a file before it is used.
fn notes(file: &TreeEntry) -> Vec<String> {
    let rounded = file.near_lossless_bits;
    let rounded = rounded.map(near_lossless::note);
    let pickles = file
        .pickles
        .map(|state| format!("pickles {}", words::pickles(state)));
    rounded.into_iter().chain(pickles).collect()
}

async fn repositories(
    client: &Client,
    search: Option<&str>,
    globals: &Globals,
) -> anyhow::Result<()> {
    let repositories = all(client, search).await?;
    if globals.json {
        return output::json(&repositories);
    }
    table::print(repositories.iter().map(|repository| {
        [
            repository.name.to_string(),
            words::visibility(repository.private).into(),
            words::time(repository.updated_at),
        ]
    }))
}

async fn all(client: &Client, search: Option<&str>) -> anyhow::Result<Vec<Repository>> {
    let mut all = vec![];
    let mut cursor = None;
    loop {
        let page = client.repositories(search, cursor.as_deref()).await?;
        all.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(all);
        }
    }
}
