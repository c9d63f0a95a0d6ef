//! What `sheaf login` keeps between calls: one server and the token for it.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::folders;

/// A server and the token for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The server's address.
    pub server: String,
    /// The secret of a token.
    pub token: String,
}

/// Where it is kept.
pub fn path() -> anyhow::Result<PathBuf> {
    Ok(folders::config()?.join("login.toml"))
}

/// What was kept, if anything was.
pub fn load(path: &Path) -> anyhow::Result<Option<Login>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        text => text.with_context(|| format!("cannot read {}", path.display()))?,
    };
    let login = toml::from_str(&text)
        // The parser's own words would show the line, and with it the token.
        .map_err(|_| anyhow::anyhow!("{} is broken: run 'sheaf login' again", path.display()))?;
    Ok(Some(login))
}

/// Keeps a login, for this user's eyes only.
pub fn store(path: &Path, login: &Login) -> anyhow::Result<()> {
    write(path, login).with_context(|| format!("cannot write {}", path.display()))
}

fn write(path: &Path, login: &Login) -> anyhow::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // A temporary file is this user's alone from the start.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(toml::to_string(login)?.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login() -> Login {
        Login {
            server: "https://models.example".into(),
            token: "sheaf_\"quoted\"".into(),
        }
    }

    #[test]
    fn what_was_stored_is_loaded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/login.toml");
        assert_eq!(load(&path).unwrap(), None);
        store(&path, &login()).unwrap();
        store(&path, &login()).unwrap();
        assert_eq!(load(&path).unwrap(), Some(login()));
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("login.toml");
        store(&path, &login()).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_broken_file_is_named_and_its_secret_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("login.toml");
        fs::write(&path, "server = 1\ntoken = \"hush\"").unwrap();
        let error = format!("{:#}", load(&path).unwrap_err());
        assert!(
            error.contains("login.toml") && !error.contains("hush"),
            "{error}"
        );
    }
}
