//! The file that is inspected.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use sheaf_client::remote::RemoteFile;
use sheaf_codec::stream;
use sheaf_formats::ReadAt;
use sheaf_types::files::NearLossless;

use super::beside::Beside;
use super::registered::Registered;
use super::stream_file::StreamFile;
use crate::near_lossless;

/// A file, or what a stream holds.
pub struct Subject {
    /// What it is called in the report.
    pub shown: String,
    /// The name of the file.
    pub name: String,
    /// Where files are that may say what is in it.
    pub beside: Beside,
    /// Its raw bytes.
    pub raw: Box<dyn ReadAt + Send + Sync>,
    /// The stream's own bytes, where it is one.
    pub stream_bytes: Option<u64>,
    /// What was done to the file before it was made a stream.
    pub near_lossless: Option<NearLossless>,
    /// Where its bytes come from, if not from this machine.
    pub remote: Option<Arc<RemoteFile>>,
    /// What a registry knows of it.
    pub registered: Option<Registered>,
}

impl Subject {
    /// Opens a file of this machine.
    pub fn local(path: &Path) -> anyhow::Result<Self> {
        let open = || {
            let file = File::open(path)?;
            if !file.metadata()?.is_file() {
                bail!("it is no file");
            }
            let shown = path.display().to_string();
            let opened = Self::of(file, shown.clone(), shown)?;
            Ok(Self {
                beside: Beside::Folder(path.into()),
                ..opened
            })
        };
        open().with_context(|| format!("cannot read {}", path.display()))
    }

    /// A file, or what it holds: a stream is known by its first bytes.
    pub fn of(
        file: impl ReadAt + Send + Sync + 'static,
        shown: String,
        name: String,
    ) -> anyhow::Result<Self> {
        let mut subject = Self {
            shown,
            name,
            beside: Beside::Unknown,
            raw: Box::new(&[][..]),
            stream_bytes: None,
            near_lossless: None,
            remote: None,
            registered: None,
        };
        if !is_stream(&file)? {
            subject.raw = Box::new(file);
            return Ok(subject);
        }
        subject.stream_bytes = Some(file.size());
        let mut stream = StreamFile::open(file)?;
        subject.near_lossless = stream.near_lossless.take().map(near_lossless::told);
        subject.raw = Box::new(stream);
        Ok(subject)
    }

    /// The name of the file, or of the one that the stream holds.
    pub fn raw_name(&self) -> &str {
        let of_stream = self.stream_bytes.and(self.name.strip_suffix(".sheaf"));
        of_stream.unwrap_or(&self.name)
    }
}

fn is_stream(file: &impl ReadAt) -> anyhow::Result<bool> {
    let mut head = [0; stream::HEAD.len()];
    if file.size() < head.len() as u64 {
        return Ok(false);
    }
    file.read_exact_at(0, &mut head)?;
    Ok(stream::is_head(&head))
}
