//! Which server a command talks to, and as whom.

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

/// Adds to a server's refusal what is to be done about it on the command line.
pub fn explain(error: anyhow::Error) -> anyhow::Error {
    let refusal: Option<&sheaf_client::Error> = error.downcast_ref();
    let advice = match refusal.and_then(sheaf_client::Error::code) {
        Some("token_needed" | "token_invalid") => "run 'sheaf login', or give --token",
        Some("branch_moved") => "another push was faster: push again",
        _ => return error,
    };
    anyhow::anyhow!("{error:#} ({advice})")
}
