//! The `sheaf` command: the registry's server and its client in one binary.

mod ask;
mod bar;
mod base;
mod beside;
mod chunks;
mod commands;
mod config;
mod data_folder;
mod faults;
mod folders;
mod globals;
mod in_order;
mod kill_point;
mod level;
mod login_file;
mod near_lossless;
mod new_file;
mod output;
mod remote;
mod table;
mod target;
mod transfer_bar;
mod words;

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

/// A registry for machine-learning models: stored small, handed back bit for bit.
#[derive(Debug, Parser)]
#[command(name = "sheaf", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: commands::Command,
    #[command(flatten)]
    globals: globals::Globals,
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Err(error) if !output::reader_gone(&error) => {
            output::error(&error);
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the threads")?;
    let outcome = runtime.block_on(cli.command.run(&cli.globals));
    // A blocking task that is left over must not hold up the answer.
    runtime.shutdown_background();
    outcome.map_err(remote::explain)
}
