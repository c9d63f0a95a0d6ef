//! The flags that every command takes.

/// Which server, as whom, and how to speak.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct Globals {
    /// The server's address [default: what `sheaf login` stored, else http://127.0.0.1:8080]
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "SHEAF_SERVER",
        hide_env_values = true
    )]
    server: Option<String>,
    /// The secret of a token [default: what `sheaf login` stored, else, for a server on this machine,
    /// its admin token]
    #[arg(
        long,
        global = true,
        value_name = "SECRET",
        env = "SHEAF_TOKEN",
        hide_env_values = true
    )]
    token: Option<String>,
    /// Prints JSON, for scripts
    #[arg(long, global = true)]
    pub json: bool,
    /// Prints nothing but results and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
}

impl Globals {
    /// `--server` or `SHEAF_SERVER`. An empty one is none, as scripts expect of variables.
    pub fn server(&self) -> Option<&str> {
        self.server.as_deref().filter(|url| !url.is_empty())
    }

    /// `--token` or `SHEAF_TOKEN`. An empty one is none.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref().filter(|secret| !secret.is_empty())
    }
}
