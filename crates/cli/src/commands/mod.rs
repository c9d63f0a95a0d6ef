//! One file for each command: its arguments and what it does.

mod backup;
mod bench;
mod check;
mod compress;
mod decompress;
mod gc;
mod info;
mod inspect;
mod jobs;
mod login;
mod ls;
mod migrate;
mod pull;
mod push;
mod rebuild_catalog;
mod reencode;
mod rm;
mod serve;
mod token;

use clap::Subcommand;

use crate::globals::Globals;

#[derive(Debug, Subcommand)]
pub enum Command {
    Serve(serve::Args),
    Push(push::Args),
    Pull(pull::Args),
    Ls(ls::Args),
    Info(info::Args),
    Rm(rm::Args),
    Compress(compress::Args),
    Decompress(decompress::Args),
    Inspect(inspect::Args),
    Bench(bench::Args),
    Login(login::Args),
    Token(token::Args),
    Reencode(reencode::Args),
    Gc(gc::Args),
    Check(check::Args),
    Jobs(jobs::Args),
    Migrate(migrate::Args),
    Backup(backup::Args),
    RebuildCatalog(rebuild_catalog::Args),
}

impl Command {
    /// Runs the command to its end.
    pub async fn run(self, globals: &Globals) -> anyhow::Result<()> {
        match self {
            Self::Serve(args) => serve::run(args, globals).await,
            Self::Push(args) => push::run(args, globals).await,
            Self::Pull(args) => pull::run(args, globals).await,
            Self::Ls(args) => ls::run(args, globals).await,
            Self::Info(args) => info::run(args, globals).await,
            Self::Rm(args) => rm::run(args, globals).await,
            Self::Compress(args) => compress::run(args, globals),
            Self::Decompress(args) => decompress::run(args, globals),
            Self::Inspect(args) => inspect::run(args, globals).await,
            Self::Bench(args) => bench::run(args, globals),
            Self::Login(args) => login::run(args, globals).await,
            Self::Token(args) => token::run(args, globals).await,
            Self::Reencode(args) => reencode::run(args, globals).await,
            Self::Gc(args) => gc::run(args, globals).await,
            Self::Check(args) => check::run(args, globals).await,
            Self::Jobs(args) => jobs::run(args, globals).await,
            Self::Migrate(args) => migrate::run(args, globals).await,
            Self::Backup(args) => backup::run(args, globals).await,
            Self::RebuildCatalog(args) => rebuild_catalog::run(args, globals).await,
        }
    }
}
