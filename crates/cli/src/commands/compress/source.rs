//! A file, or standard input, as chunks.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use anyhow::Context;
use sha2::{Digest, Sha256};
use sheaf_codec::stream::NearLossless;
use sheaf_formats::{Chunk, Chunker, Sniff, sniff};

use crate::beside;
use crate::in_order::Take;

/// Bytes per read.
const READ_LEN: usize = 1 << 20;

/// What was read.
pub struct Whole {
    /// How many bytes.
    pub size: u64,
    /// Their SHA-256.
    pub sha256: [u8; 32],
    /// What was done to them before.
    pub near_lossless: Option<NearLossless>,
}

/// Something to read from its beginning to its end.
pub enum Source {
    /// A file whose layout can be read before its bytes, and where it is.
    File(File, PathBuf),
    /// What comes only once: standard input, or a pipe with a name.
    Pipe(Box<dyn Read + Send>),
}

impl Source {
    /// Opens a file; `-` is standard input.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Pipe(Box::new(io::stdin())));
        }
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::of(file, path).with_context(|| format!("cannot read {}", path.display()))
    }

    fn of(file: File, path: &Path) -> io::Result<Self> {
        let metadata = file.metadata()?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(if metadata.is_file() {
            Self::File(file, path.into())
        } else {
            Self::Pipe(Box::new(file))
        })
    }

    /// A file that can be read more than once.
    pub fn into_file(self) -> io::Result<File> {
        match self {
            Self::File(file, _) => Ok(file),
            Self::Pipe(pipe) => spooled(pipe),
        }
    }

    /// Hands out the chunks.
    pub fn read(self, take: &mut Take<'_, Chunk>) -> anyhow::Result<Whole> {
        Ok(match self {
            Self::File(file, path) => cut(beside::chunker(&file, &path)?, file, take)?,
            Self::Pipe(pipe) => read_pipe(pipe, take)?,
        })
    }
}

/// Reads the beginning until it says where to cut; where the end says that, all goes to a file first.
fn read_pipe(mut pipe: impl Read, take: &mut Take<'_, Chunk>) -> io::Result<Whole> {
    let mut head = vec![];
    let mut wanted = 0;
    loop {
        pipe.by_ref()
            .take((wanted - head.len()) as u64)
            .read_to_end(&mut head)?;
        match sniff(&head, head.len() < wanted) {
            Sniff::NeedMore(len) => wanted = len,
            Sniff::Stream(chunker) => return cut(*chunker, head.chain(pipe), take),
            Sniff::Unknown => return cut(Chunker::unknown(), head.chain(pipe), take),
            Sniff::WholeFile => {
                let file = spooled(head.chain(pipe))?;
                return cut(Chunker::for_file(&file)?, file, take);
            }
        }
    }
}

/// All bytes in a file that goes away by itself.
fn spooled(mut pipe: impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut pipe, &mut file)?;
    file.rewind()?;
    Ok(file)
}

/// Cuts all bytes into chunks, as long as they are taken.
pub fn cut(
    mut chunker: Chunker,
    mut bytes: impl Read,
    take: &mut Take<'_, Chunk>,
) -> io::Result<Whole> {
    let (mut size, mut sha256) = (0, Sha256::new());
    let mut wanted = ControlFlow::Continue(());
    let mut buffer = vec![0; READ_LEN];
    while wanted.is_continue() {
        let read = match bytes.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        size += read as u64;
        sha256.update(&buffer[..read]);
        chunker.push(&buffer[..read], &mut |chunk| wanted = take(chunk));
    }
    chunker.finish(&mut |chunk| wanted = take(chunk));
    Ok(Whole {
        size,
        sha256: sha256.finalize().into(),
        near_lossless: None,
    })
}
