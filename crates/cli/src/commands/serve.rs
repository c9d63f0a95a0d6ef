//! `sheaf serve`: runs a registry.

use crate::globals::Globals;

/// Runs a registry
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Serves until the process is told to end.
pub async fn run(_args: Args, _globals: &Globals) -> anyhow::Result<()> {
    anyhow::bail!("the server is not built yet")
}
