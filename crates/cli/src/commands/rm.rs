//! `sheaf rm`: takes away a file, a ref or a whole repository.

use anyhow::bail;
use sheaf_types::FilePath;

use crate::globals::Globals;
use crate::target::{Reference, Target};
use crate::{ask, output, remote};

/// Removes a file, a branch or tag, or a whole repository
///
/// With PATH: makes a revision of the branch without that file. Without PATH: removes the branch or
/// tag behind the '@', or, without one, the repository.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// From where [default branch for PATH: main]
    #[arg(value_name = "NAMESPACE/NAME[@REF]")]
    target: Target,
    /// The file
    path: Option<FilePath>,
    /// Why, in one sentence
    #[arg(long, short, requires = "path")]
    message: Option<String>,
    /// Does not ask
    #[arg(long, short)]
    yes: bool,
}

/// Removes what is meant.
pub async fn run(args: Args, globals: &Globals) -> anyhow::Result<()> {
    let client = remote::connect(globals)?;
    let Target { name, reference } = &args.target;
    if let Some(path) = &args.path {
        let branch = args.target.branch()?;
        let message = args.message.as_deref();
        let revision = client.delete_file(name, &branch, path, message).await?;
        if globals.json {
            return output::json(&revision);
        }
        let words = format!("{name}@{branch} is now {}, without {path}", revision.id);
        return say(globals, &words);
    }
    match reference {
        Some(Reference::Revision(_)) => bail!("a revision goes when no ref reaches it any more"),
        Some(Reference::Ref(of)) => {
            let question = format!("Remove {of} from {name}, and what only it reaches?");
            ask::confirm(&question, args.yes)?;
            client.delete_reference(name, of).await?;
        }
        None => {
            let question = format!("Remove {name} with all its revisions?");
            ask::confirm(&question, args.yes)?;
            client.delete_repository(name).await?;
        }
    }
    say(globals, &format!("removed {}", args.target))
}

fn say(globals: &Globals, words: &str) -> anyhow::Result<()> {
    if !globals.quiet && !globals.json {
        output::line(words)?;
    }
    Ok(())
}
