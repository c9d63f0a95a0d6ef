//! Where Sheaf keeps things on this machine, and the admin token that the server leaves there.

use std::env;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::Context;
use directories::ProjectDirs;

/// The variable that names the data folder.
pub const DATA_VARIABLE: &str = "SHEAF_DATA";

/// The file in the data folder that holds the admin token's secret.
pub const ADMIN_TOKEN_FILE: &str = "admin-token";

/// The server's data folder: `SHEAF_DATA`, else the platform's. It may not exist.
pub fn data() -> anyhow::Result<PathBuf> {
    match env::var_os(DATA_VARIABLE).filter(|folder| !folder.is_empty()) {
        Some(folder) => Ok(folder.into()),
        None => platform_data(),
    }
}

/// The platform's data folder for Sheaf. It may not exist.
pub fn platform_data() -> anyhow::Result<PathBuf> {
    Ok(project()?.data_dir().to_path_buf())
}

/// The folder of what the command line remembers between calls. It may not exist.
pub fn config() -> anyhow::Result<PathBuf> {
    Ok(project()?.config_dir().to_path_buf())
}

/// The folder of notes of uploads under way. It may not exist, and may be lost without harm.
pub fn uploads() -> anyhow::Result<PathBuf> {
    Ok(project()?.cache_dir().join("uploads"))
}

/// The admin secret that a server left in this data folder; none when there is no such file.
pub fn admin_token(data: &Path) -> anyhow::Result<Option<String>> {
    let path = data.join(ADMIN_TOKEN_FILE);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

fn project() -> anyhow::Result<ProjectDirs> {
    ProjectDirs::from("", "", "sheaf").context("cannot tell the home folder of this user")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_admin_token_is_the_file_without_its_line_end() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(admin_token(folder.path()).unwrap(), None);

        fs::write(folder.path().join(ADMIN_TOKEN_FILE), "sheaf_abc\n").unwrap();
        assert_eq!(admin_token(folder.path()).unwrap().unwrap(), "sheaf_abc");
    }
}
