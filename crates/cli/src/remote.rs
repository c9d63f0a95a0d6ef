//! Which server a command talks to, and as whom.

use std::io;

use sheaf_client::remote::RemoteError;
use sheaf_client::{Address, Client};

use crate::folders;
use crate::globals::Globals;
use crate::login_file::{self, Login};

/// Where `sheaf serve` listens when nothing is said.
const DEFAULT_SERVER: &str = "http://127.0.0.1:8080";

/// A client of the server that is meant.
pub fn connect(globals: &Globals) -> anyhow::Result<Client> {
    let login = login_file::load(&login_file::path()?)?;
    let server = server(globals, login.as_ref())?;
    let token = match token(globals, login, &server) {
        None if server.is_local() => folders::admin_token(&folders::data()?)?,
        token => token,
    };
    Ok(Client::new(&server, token.as_deref())?)
}

/// The token for a file's address: the one for the server that holds it, and for no other.
pub fn token_for(globals: &Globals, address: &str) -> anyhow::Result<Option<String>> {
    let login = login_file::load(&login_file::path()?)?;
    let server = server(globals, login.as_ref())?;
    Ok(match server.holds(address) {
        true => token(globals, login, &server),
        false => None,
    })
}

/// The server's address: given, else stored, else the default.
pub fn server(globals: &Globals, login: Option<&Login>) -> anyhow::Result<Address> {
    let stored = login.map(|login| login.server.as_str());
    let server = globals.server().or(stored).unwrap_or(DEFAULT_SERVER);
    Ok(server.parse()?)
}

/// The token that was given, else what is stored for this very server: no other may see it.
fn token(globals: &Globals, login: Option<Login>, server: &Address) -> Option<String> {
    let stored = login.filter(|login| login.server.parse().is_ok_and(|of: Address| of == *server));
    let given = globals.token().map(str::to_owned);
    given.or(stored.map(|login| login.token))
}

/// What helps where a remote file could not be read.
fn remote_advice(error: &anyhow::Error) -> Option<&'static str> {
    match remote_error(error)? {
        RemoteError::Denied { .. } => {
            Some("--token-from names the variable with a token for it, such as HF_TOKEN")
        }
        RemoteError::Limit => Some("--full reads all of it"),
        _ => None,
    }
}

/// What went wrong with a remote file, below what was said about it.
pub fn remote_error(error: &anyhow::Error) -> Option<&RemoteError> {
    error.chain().find_map(|cause| {
        let of_reading = cause.downcast_ref::<io::Error>();
        let inner = of_reading.and_then(|error| error.get_ref()?.downcast_ref());
        inner.or_else(|| cause.downcast_ref())
    })
}

/// Adds to a server's refusal what is to be done about it on the command line.
pub fn explain(error: anyhow::Error) -> anyhow::Error {
    if let Some(advice) = remote_advice(&error) {
        return anyhow::anyhow!("{error:#} ({advice})");
    }
    let refusal: Option<&sheaf_client::Error> = error.downcast_ref();
    let advice = match refusal.and_then(sheaf_client::Error::code) {
        Some("token_needed" | "token_invalid") => "run 'sheaf login', or give --token",
        Some("branch_moved") => "another push was faster: push again",
        _ => return error,
    };
    anyhow::anyhow!("{error:#} ({advice})")
}
