//! The admin token's secret: given, or made once and left in the data folder.

use std::env::{self, VarError};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::data_folder;
use crate::folders::{self, ADMIN_TOKEN_FILE};

const VARIABLE: &str = "SHEAF_ADMIN_TOKEN";

/// Fewer characters could be guessed.
const MIN_LEN: usize = 20;

/// The secret in `SHEAF_ADMIN_TOKEN`, else the one in the data folder, which is made when missing.
pub fn secret(data: &Path) -> anyhow::Result<String> {
    match env::var(VARIABLE) {
        Ok(secret) if !secret.is_empty() => return check(secret).context(VARIABLE),
        Err(VarError::NotUnicode(_)) => bail!("{VARIABLE} is not UTF-8 text"),
        _ => {}
    }
    let path = data.join(ADMIN_TOKEN_FILE);
    if let Some(secret) = folders::admin_token(data)? {
        return check(secret).with_context(|| path.display().to_string());
    }
    let secret = random()?;
    store(data, &secret).with_context(|| format!("cannot write {}", path.display()))?;
    tracing::info!(path = %path.display(), "made the admin token");
    Ok(secret)
}

fn check(secret: String) -> anyhow::Result<String> {
    if secret.len() < MIN_LEN || !secret.bytes().all(|b| b.is_ascii_graphic()) {
        bail!("an admin token has at least {MIN_LEN} letters, digits or signs, and no spaces");
    }
    Ok(secret)
}

fn random() -> anyhow::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).context("the system gives no random numbers")?;
    Ok(format!("sheaf_{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)))
}

/// Writes the file whole or not at all. A temporary file is this user's alone from the start.
fn store(data: &Path, secret: &str) -> anyhow::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(data)?;
    writeln!(file, "{secret}")?;
    file.as_file().sync_all()?;
    file.persist_noclobber(data.join(ADMIN_TOKEN_FILE))?;
    Ok(data_folder::sync(data)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_differ() {
        let secret = random().unwrap();
        assert_eq!(secret.len(), "sheaf_".len() + 43);
        assert_ne!(secret, random().unwrap());
        assert!(check(secret).is_ok());
    }

    #[test]
    fn what_could_be_guessed_or_sent_wrongly_is_refused() {
        for bad in [
            "",
            "short",
            "nineteen characters",
            "with spaces in the middle",
            "twenty\u{7f}characters it has",
        ] {
            assert!(check(bad.into()).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_was_stored_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        store(folder.path(), "first").unwrap();
        assert!(store(folder.path(), "second").is_err());
        let stored = folders::admin_token(folder.path()).unwrap();
        assert_eq!(stored.unwrap(), "first");
    }
}
