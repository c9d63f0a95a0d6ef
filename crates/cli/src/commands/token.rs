//! `sheaf token`: makes, lists and revokes tokens.

mod lifetime;

use sheaf_client::Client;
use sheaf_types::TokenId;
use sheaf_types::access::{Role, Scope};
use sheaf_types::tokens::{NewToken, Token};

use crate::globals::Globals;
use crate::{output, remote, table, words};
use lifetime::Lifetime;

/// Makes, lists and revokes tokens (with an admin token)
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Create(Create),
    /// Lists the tokens, without their secrets
    Ls,
    /// Makes a token cease to work
    Revoke {
        /// Its id, as `sheaf token ls` shows it
        id: TokenId,
    },
}

/// Makes a token and prints its secret, this once
#[derive(Debug, clap::Args)]
struct Create {
    /// A word to know it by
    name: String,
    /// What it allows: read, write or admin
    #[arg(long, default_value = "read")]
    role: Role,
    /// Where: NAMESPACE or NAMESPACE/NAME [default: everywhere]
    #[arg(long, default_value = "*", hide_default_value = true)]
    scope: Scope,
    /// When it ceases to work, from now: 12h, 30d, 8w [default: never]
    #[arg(long, value_name = "TIME")]
    expires: Option<Lifetime>,
}

/// Does what the subcommand says.
pub async fn run(args: Args, globals: &Globals) -> anyhow::Result<()> {
    let client = remote::connect(globals)?;
    match args.command {
        Command::Create(new) => create(&client, new, globals).await,
        Command::Ls => ls(&client, globals).await,
        Command::Revoke { id } => {
            client.revoke_token(id).await?;
            if !globals.quiet && !globals.json {
                output::line(format_args!("revoked {id}"))?;
            }
            Ok(())
        }
    }
}

async fn create(client: &Client, args: Create, globals: &Globals) -> anyhow::Result<()> {
    let new = NewToken {
        name: args.name,
        role: args.role,
        scope: args.scope,
        expires_in: args.expires.map(|lifetime| lifetime.0),
    };
    let created = client.create_token(&new).await?;
    if globals.json {
        return output::json(&created);
    }
    // The secret is the result, so that a script can take it as it is.
    Ok(output::line(created.secret)?)
}

async fn ls(client: &Client, globals: &Globals) -> anyhow::Result<()> {
    let tokens = all(client).await?;
    if globals.json {
        return output::json(&tokens);
    }
    table::print(tokens.iter().map(|token| {
        [
            token.id.to_string(),
            token.role.to_string(),
            token.scope.to_string(),
            token.expires_at.map_or("never".into(), words::time),
            output::one_line(&token.name),
        ]
    }))
}

async fn all(client: &Client) -> anyhow::Result<Vec<Token>> {
    let mut all = vec![];
    let mut cursor = None;
    loop {
        let page = client.tokens(cursor.as_deref()).await?;
        all.extend(page.items);
        cursor = page.next;
        if cursor.is_none() {
            return Ok(all);
        }
    }
}
