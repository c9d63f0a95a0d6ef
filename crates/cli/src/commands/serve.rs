//! `sheaf serve`: runs a registry.

mod admin_token;
mod drain;
pub mod log;
pub mod registry;

use std::env;
use std::sync::Arc;

use anyhow::Context;
use tokio::net::TcpListener;

use crate::config::{Config, Flags};
use crate::data_folder;
use crate::globals::Globals;
use crate::output;

/// Runs a registry
///
/// Flags win over SHEAF_… variables, those over the configuration file. Ends on SIGTERM or SIGINT
/// once the requests under way are answered.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    flags: Flags,
}

/// Serves until the process is told to end.
pub async fn run(args: Args, _globals: &Globals) -> anyhow::Result<()> {
    let config = Config::load(args.flags, &|name| env::var_os(name))?;
    log::start(&config)?;

    let data = data_folder::make(&config.data()?)?;
    let _lock = data_folder::lock(&data)?;
    let listener = TcpListener::bind(&config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let address = listener.local_addr().context("cannot tell the address")?;
    let registry = registry::open(&config, &data, address).await?;
    registry.set_admin_secret(&admin_token::secret(&data)?);

    let signals = drain::Signals::new()?;
    // Nobody has to read it.
    let _ = output::line(format_args!("listening on http://{address}"));

    let announced = registry::announce_stop(Arc::clone(&registry), config.announce_for);
    signals
        .run(|stop| registry::serve(listener, registry, stop), announced)
        .await
}
