//! A file that appears whole or not at all.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tempfile::NamedTempFile;

use crate::output;

/// Where a command puts its result: a new file, or standard output.
pub enum NewFile {
    /// Bytes go out as they come.
    Stdout(output::Stdout),
    /// Bytes gather beside the file, under another name.
    Beside {
        /// What the file will be.
        path: PathBuf,
        /// What it is so far.
        file: NamedTempFile,
        /// Whether a file of that name is replaced.
        force: bool,
    },
}

impl NewFile {
    /// Begins the file at `path`, where `-` is standard output. What is there already is left alone
    /// unless `force` is set; what is no regular file always is.
    pub fn begin(path: &Path, force: bool) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Stdout(output::stdout()));
        }
        check(path, force)?;
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let file = builder()
            .prefix(".sheaf-")
            .tempfile_in(folder)
            // Which says the other name, that nobody gave.
            .map_err(|error| io::Error::from(error.kind()))
            .with_context(|| format!("cannot write to {}", folder.display()))?;
        Ok(Self::Beside {
            path: path.into(),
            file,
            force,
        })
    }

    /// Makes the file appear under its name. Without this there will be none.
    pub fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Stdout(mut stdout) => Ok(stdout.flush()?),
            Self::Beside { path, file, force } => place(file, &path, force)
                .with_context(|| format!("cannot write {}", path.display())),
        }
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(stdout) => stdout.write(bytes),
            Self::Beside { file, .. } => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.flush(),
            Self::Beside { file, .. } => file.flush(),
        }
    }
}

fn check(path: &Path, force: bool) -> anyhow::Result<()> {
    let there = match fs::metadata(path) {
        Ok(there) => there,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot write {}", path.display()));
        }
    };
    if !there.is_file() {
        bail!("{} is there already and is no file", path.display());
    }
    if !force {
        bail!("{} is there already; --force replaces it", path.display());
    }
    Ok(())
}

fn place(file: NamedTempFile, path: &Path, force: bool) -> io::Result<()> {
    file.as_file().sync_all()?;
    if force {
        file.persist(path)?;
    } else {
        file.persist_noclobber(path)?;
    }
    Ok(())
}

/// Files that anybody may read whom the umask lets, as of other programs.
fn builder() -> tempfile::Builder<'static, 'static> {
    #[allow(unused_mut)]
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_there_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let mut file = NewFile::begin(&path, false).unwrap();
        file.write_all(b"new").unwrap();
        assert!(!path.exists());
        file.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");

        let dropped = folder.path().join("b");
        drop(NewFile::begin(&dropped, false).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_there_stays_unless_forced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let racing = NewFile::begin(&path, false).unwrap();
        fs::write(&path, b"old").unwrap();
        assert!(NewFile::begin(&path, false).is_err());
        assert!(racing.finish().is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");

        NewFile::begin(&path, true).unwrap().finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"");
        assert!(NewFile::begin(folder.path(), true).is_err());
    }
}
