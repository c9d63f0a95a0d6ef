//! `sheaf login`: remembers a server and a token.

use anyhow::bail;
use sheaf_client::Client;

use crate::globals::Globals;
use crate::login_file::{self, Login};
use crate::{ask, output, remote};

/// Remembers a server and a token for the commands to come
///
/// The token is --token, SHEAF_TOKEN, or what is typed or piped in. It is tried before it is kept.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Asks, tries and stores.
pub async fn run(_args: Args, globals: &Globals) -> anyhow::Result<()> {
    let path = login_file::path()?;
    // A broken file is about to be replaced.
    let before = login_file::load(&path).unwrap_or_default();
    let server = remote::server(globals, before.as_ref())?;
    let token = match globals.token() {
        Some(token) => token.to_owned(),
        None => ask::secret(&format!("Token for {server}: "))?,
    };
    let client = Client::new(&server, Some(&token))?;
    let Some(known) = client.whoami().await?.token else {
        bail!("the server does not know this token");
    };
    let login = Login {
        server: server.to_string(),
        token,
    };
    login_file::store(&path, &login)?;
    if globals.json {
        return output::json(&known);
    }
    if !globals.quiet {
        let words = format!(
            "logged in to {server} with the {} token '{}' for {}",
            known.role,
            output::one_line(&known.name),
            known.scope
        );
        output::line(words)?;
    }
    Ok(())
}
