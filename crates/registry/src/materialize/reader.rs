//! A stored file as something that can be read anywhere, for the parsers of formats.

use std::io;
use std::sync::{Arc, Mutex};

use futures::TryStreamExt;
use sheaf_catalog::ContentId;
use sheaf_formats::ReadAt;
use tokio::runtime::Handle;

use crate::{Registry, Result};

/// What is read and kept at once: parsers read a little here and a little next to it.
const WINDOW_LEN: u64 = 256 << 10;

/// Reads a stored file. Blocks, so it belongs on a thread for that.
pub(crate) struct StoredFile {
    registry: Arc<Registry>,
    content: ContentId,
    size: u64,
    runtime: Handle,
    /// Where the window begins, and its bytes.
    window: Mutex<(u64, Vec<u8>)>,
}

impl StoredFile {
    pub fn new(registry: &Arc<Registry>, runtime: &Handle, content: ContentId, size: u64) -> Self {
        StoredFile {
            registry: Arc::clone(registry),
            content,
            size,
            runtime: runtime.clone(),
            window: Mutex::default(),
        }
    }

    fn read(&self, start: u64, end: u64) -> io::Result<Vec<u8>> {
        let stream = self.registry.read_content(self.content, start..end);
        let read: Result<Vec<u8>> = self.runtime.block_on(stream.try_fold(
            Vec::new(),
            async |mut all: Vec<u8>, bytes| {
                all.extend_from_slice(&bytes);
                Ok(all)
            },
        ));
        read.map_err(io::Error::other)
    }
}

impl ReadAt for StoredFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset
            .checked_add(buffer.len() as u64)
            .filter(|end| *end <= self.size)
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut window = self.window.lock().unwrap_or_else(|e| e.into_inner());
        let inside = offset >= window.0 && end <= window.0 + window.1.len() as u64;
        if !inside {
            let start = offset - offset % WINDOW_LEN;
            let stop = end.next_multiple_of(WINDOW_LEN).min(self.size);
            *window = (start, self.read(start, stop)?);
        }
        let from = (offset - window.0) as usize;
        let bytes = window
            .1
            .get(from..from + buffer.len())
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }
}
