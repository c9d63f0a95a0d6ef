//! The file that is inspected.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use sheaf_codec::stream;
use sheaf_formats::ReadAt;
use sheaf_types::files::NearLossless;

use super::stream_file::StreamFile;
use crate::near_lossless;

/// A file, or what a stream holds.
pub struct Subject {
    /// Its name.
    pub path: PathBuf,
    /// Its raw bytes.
    pub raw: Box<dyn ReadAt + Sync>,
    /// The stream's own bytes, where it is one.
    pub stream_bytes: Option<u64>,
    /// What was done to the file before it was made a stream.
    pub near_lossless: Option<NearLossless>,
}

impl Subject {
    /// Opens a file; a stream is known by its first bytes.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let opened = Self::try_open(path);
        opened.with_context(|| format!("cannot read {}", path.display()))
    }

    /// The name of the file, or of the one that the stream holds.
    pub fn raw_name(&self) -> String {
        let name = self.path.to_string_lossy();
        let of_stream = self.stream_bytes.and(name.strip_suffix(".sheaf"));
        of_stream.unwrap_or(&name).to_owned()
    }

    fn try_open(path: &Path) -> anyhow::Result<Self> {
        let file = File::open(path)?;
        if !file.metadata()?.is_file() {
            bail!("it is no file");
        }
        let path = path.into();
        if !is_stream(&file)? {
            return Ok(Self {
                path,
                raw: Box::new(file),
                stream_bytes: None,
                near_lossless: None,
            });
        }
        let stream_bytes = Some(file.size());
        let mut stream = StreamFile::open(file)?;
        let near_lossless = stream.near_lossless.take().map(near_lossless::told);
        Ok(Self {
            path,
            raw: Box::new(stream),
            stream_bytes,
            near_lossless,
        })
    }
}

fn is_stream(file: &File) -> anyhow::Result<bool> {
    let mut head = [0; stream::HEAD.len()];
    if file.size() < head.len() as u64 {
        return Ok(false);
    }
    file.read_exact_at(0, &mut head)?;
    Ok(stream::is_head(&head))
}
