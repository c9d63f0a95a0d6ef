//! One file for each command: its arguments and what it does.

mod serve;

use clap::Subcommand;

use crate::globals::Globals;

#[derive(Debug, Subcommand)]
pub enum Command {
    Serve(serve::Args),
}

impl Command {
    /// Runs the command to its end.
    pub async fn run(self, globals: &Globals) -> anyhow::Result<()> {
        match self {
            Self::Serve(args) => serve::run(args, globals).await,
        }
    }
}
