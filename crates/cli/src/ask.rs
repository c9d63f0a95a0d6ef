//! Questions to whoever sits at the terminal.

use std::io::{self, BufRead, IsTerminal};

use anyhow::{Context, bail};
use console::Term;

/// Goes on when `--yes` was given or the answer on the terminal is yes.
pub fn confirm(question: &str, yes: bool) -> anyhow::Result<()> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        bail!("{question} Nobody can be asked here: say --yes");
    }
    let terminal = Term::stderr();
    terminal.write_str(&format!("{question} [y/N] "))?;
    let answer = terminal.read_line().context("cannot read the answer")?;
    if !matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        bail!("nothing was done");
    }
    Ok(())
}

/// A secret: typed without echo on a terminal, else the first line of standard input.
pub fn secret(prompt: &str) -> anyhow::Result<String> {
    let line = if io::stdin().is_terminal() {
        let terminal = Term::stderr();
        terminal.write_str(prompt)?;
        terminal.read_secure_line()
    } else {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line)
    };
    let line = line.context("cannot read the token")?;
    let secret = line.trim();
    if secret.is_empty() {
        bail!("no token was given");
    }
    Ok(secret.to_owned())
}
