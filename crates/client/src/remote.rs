//! A file on a server, read in parts: what it takes to look into one without fetching it.
//!
//! No answer is believed: each part must be the one that was asked for, of the file that was opened,
//! and no longer than it says. Bytes that came are kept for a while, since who reads a layout comes back
//! to them.

mod answer;
mod ask;
mod beginning;
mod error;
mod failure;
mod pages;
mod place;

use std::io;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::{StreamExt, stream};
use reqwest::header::HeaderValue;
use sheaf_formats::ReadAt;
use tokio::runtime::Handle;

use self::ask::{Asker, Part};
use self::beginning::Beginning;
use self::pages::Pages;
use self::place::Place;
use crate::client::bearer;

pub use error::RemoteError;
pub use place::shown;

/// What is asked for first: it has the header of most files.
const FIRST_LEN: u64 = 128 << 10;

/// What is asked for at a place that does not follow what was read before.
const JUMP_LEN: u64 = 16 << 10;

/// The most that is asked for beyond what is wanted.
const MAX_AHEAD: u64 = 1 << 20;

/// The most that one request asks for.
const MAX_ASKED: u64 = 4 << 20;

/// Parts that are this near each other are asked for together.
const NEAR: u64 = 16 << 10;

/// How many requests are under way where it is known what will be read.
const IN_FLIGHT: usize = 8;

/// How a remote file is read.
#[derive(Debug, Clone)]
pub struct RemoteOptions {
    /// The secret of a token. It goes to the host of the address, and to no other that this one
    /// sends us to.
    pub token: Option<String>,
    /// The longest silence of a server.
    pub silence: Duration,
}

impl Default for RemoteOptions {
    fn default() -> Self {
        Self {
            token: None,
            silence: Duration::from_secs(30),
        }
    }
}

/// What was asked of the server so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteUsage {
    /// Requests for parts.
    pub requests: u64,
    /// Bytes of the file that came.
    pub received: u64,
}

/// A file on a server. Reading blocks and needs the runtime in which it was opened, so it belongs on a
/// thread outside of that.
pub struct RemoteFile {
    runtime: Handle,
    asker: Asker,
    size: u64,
    state: Mutex<State>,
}

struct State {
    pages: Pages,
    /// Where the last read that asked the server ended, and how much it asked for.
    end: u64,
    asked: u64,
    /// The file from its first byte on, where the server gives no other parts.
    beginning: Option<Beginning>,
}

impl RemoteFile {
    /// Opens the file at an `http` or `https` address, by reading its beginning.
    pub async fn open(address: &str, options: &RemoteOptions) -> Result<Self, RemoteError> {
        let place = Place::parse(address)?;
        let token = options.token.as_deref();
        if token.is_some() && !place.is_private() {
            let text = "a token is sent over https only, where nobody on the way can read it";
            return Err(RemoteError::Setting(text.into()));
        }
        let wrong = |error: crate::Error| RemoteError::Setting(error.to_string());
        let authorization = token.map(bearer).transpose().map_err(wrong)?;
        Self::open_as(address, authorization, options.silence).await
    }

    pub(crate) async fn open_as(
        address: &str,
        authorization: Option<HeaderValue>,
        silence: Duration,
    ) -> Result<Self, RemoteError> {
        let asker = Asker::new(Place::parse(address)?, authorization, silence)?;
        let (part, size) = asker.open(FIRST_LEN).await?;
        let mut state = State {
            pages: Pages::new(size),
            end: 0,
            asked: FIRST_LEN,
            beginning: None,
        };
        match part {
            Part::Bytes(bytes) => {
                state.end = bytes.len() as u64;
                state.pages.insert(0, &bytes);
            }
            Part::Beginning(beginning) => state.beginning = Some(beginning),
        }
        Ok(Self {
            runtime: Handle::current(),
            asker,
            size,
            state: Mutex::new(state),
        })
    }

    /// Its address, as [`shown`] has it.
    pub fn address(&self) -> String {
        self.asker.place().shown()
    }

    /// The last part of its address.
    pub fn name(&self) -> String {
        self.asker.place().file_name()
    }

    /// From now on no more than so many bytes are received; `None` is no limit.
    pub fn limit(&self, bytes: Option<u64>) {
        self.asker.limit(bytes);
    }

    /// What was asked of the server so far.
    pub fn usage(&self) -> RemoteUsage {
        self.asker.usage()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fill(&self, offset: u64, buffer: &mut [u8]) -> Result<(), RemoteError> {
        let mut state = self.state();
        if let Some(beginning) = &mut state.beginning {
            let read = beginning.read(&self.asker, offset, buffer);
            return self.runtime.block_on(read);
        }
        for (at, part) in buffer.chunks_mut(MAX_ASKED as usize).enumerate() {
            let start = offset + at as u64 * MAX_ASKED;
            let wanted = start..start + part.len() as u64;
            for missing in state.pages.missing(wanted) {
                let asked = state.widened(missing, self.size);
                let bytes = self.runtime.block_on(self.asker.part(asked.clone()))?;
                state.pages.insert(asked.start, &bytes);
            }
            state.pages.copy(start, part);
        }
        Ok(())
    }

    /// Fetches parts, several at once. What goes wrong shows when they are read.
    async fn fetch(&self, parts: Vec<Range<u64>>) -> Vec<(u64, Vec<u8>)> {
        let asked = parts.into_iter().map(|range| async move {
            let bytes = self.asker.part(range.clone()).await.ok()?;
            Some((range.start, bytes))
        });
        let came = stream::iter(asked).buffer_unordered(IN_FLIGHT);
        came.filter_map(|part| async move { part }).collect().await
    }
}

impl State {
    /// What to ask for where this is missing: more and more of a file that is read on and on.
    fn widened(&mut self, missing: Range<u64>, size: u64) -> Range<u64> {
        let follows = missing.start == self.end;
        let len = if follows {
            (self.asked * 2).min(MAX_AHEAD)
        } else {
            JUMP_LEN
        };
        let end = self.pages.next_held(missing.start).min(size);
        let asked = missing.start..end.min(missing.start.saturating_add(len)).max(missing.end);
        (self.end, self.asked) = (asked.end, len);
        asked
    }
}

impl ReadAt for RemoteFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(buffer.len() as u64);
        if end.is_none_or(|end| end > self.size) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.fill(offset, buffer).map_err(io::Error::other)
    }

    fn expect(&self, ranges: &[Range<u64>]) {
        let mut state = self.state();
        if state.beginning.is_some() {
            return;
        }
        let parts = state.pages.missing_of(ranges, NEAR, MAX_ASKED);
        if parts.len() < 2 {
            return;
        }
        for (start, bytes) in self.runtime.block_on(self.fetch(parts)) {
            state.pages.insert(start, &bytes);
        }
    }
}
