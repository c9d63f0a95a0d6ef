//! Requests for parts of a file, and whether the answers are those parts.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, HeaderValue, IF_RANGE, RANGE};
use reqwest::{Response, StatusCode, Url, redirect};
use tokio::time::{Instant, timeout_at};

use super::answer::{self, Version};
use super::beginning::Beginning;
use super::failure::{Failure, again};
use super::place::Place;
use super::{RemoteError, RemoteUsage};
use crate::client::{http_builder, reason};
use crate::retry::Retry;

/// How often a request is tried in all.
const TRIES: u32 = 4;

const MAX_REDIRECTS: usize = 10;

/// What a line must carry, in bytes a second: a server that trickles is not waited for.
const SLOWEST: u64 = 8 << 10;

/// Asks a server for parts of a file.
pub(super) struct Asker {
    http: reqwest::Client,
    place: Place,
    /// Where the server sent us last.
    current: Mutex<Url>,
    authorization: Option<HeaderValue>,
    silence: Duration,
    /// Of the file that was opened.
    version: Mutex<Option<Version>>,
    requests: AtomicU64,
    received: AtomicU64,
    /// Bytes that may still be received.
    left: AtomicU64,
}

/// What came when a file was opened.
pub(super) enum Part {
    /// Its first bytes.
    Bytes(Vec<u8>),
    /// All of it is coming, since the server gives no parts.
    Beginning(Beginning),
}

impl Asker {
    /// Who asks is told to the host of this place only.
    pub fn new(
        place: Place,
        authorization: Option<HeaderValue>,
        silence: Duration,
    ) -> Result<Self, RemoteError> {
        let builder = || {
            http_builder(&place.server())
                .read_timeout(silence)
                .redirect(redirect::Policy::custom(redirected))
        };
        // A machine without certificates can still talk plainly.
        let plainly = || match place.url().scheme() {
            "http" => builder().tls_certs_only([]).build(),
            _ => builder().build(),
        };
        let http = builder().build().or_else(|_| plainly());
        Ok(Self {
            http: http.map_err(|error| RemoteError::Setting(reason(&error)))?,
            current: Mutex::new(place.url().clone()),
            authorization,
            place,
            silence,
            version: Mutex::default(),
            requests: AtomicU64::new(0),
            received: AtomicU64::new(0),
            left: AtomicU64::new(u64::MAX),
        })
    }

    pub fn place(&self) -> &Place {
        &self.place
    }

    pub fn limit(&self, bytes: Option<u64>) {
        self.left
            .store(bytes.unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub fn usage(&self) -> RemoteUsage {
        RemoteUsage {
            requests: self.requests.load(Ordering::Relaxed),
            received: self.received.load(Ordering::Relaxed),
        }
    }

    /// The file's first bytes, and its size.
    pub async fn open(&self, len: u64) -> Result<(Part, u64), RemoteError> {
        let mut retry = Retry::of(TRIES);
        loop {
            match self.try_open(len).await {
                Err(failure) => self.wait(&mut retry, failure).await?,
                Ok(opened) => return Ok(opened),
            }
        }
    }

    async fn try_open(&self, len: u64) -> Result<(Part, u64), Failure> {
        let response = self.send(&(0..len)).await?;
        let headers = response.headers();
        match response.status() {
            StatusCode::PARTIAL_CONTENT => {
                self.check_kind(&response)?;
                let (range, size) = self.place_of(&response)?;
                if range.start != 0 || range.end != len.min(size) {
                    return Err(self.wrong_part(&range).into());
                }
                let version = Version::of(headers, size);
                let bytes = self.body(response, range.end).await?;
                *self.version.lock().unwrap_or_else(PoisonError::into_inner) = Some(version);
                Ok((Part::Bytes(bytes), size))
            }
            StatusCode::OK => {
                self.check_kind(&response)?;
                let size = answer::content_length(headers);
                let mut beginning = Beginning::new(response);
                let size = match size {
                    Some(size) => size,
                    None => beginning.measure(self).await?,
                };
                Ok((Part::Beginning(beginning), size))
            }
            // An empty file has no part that could be asked for.
            StatusCode::RANGE_NOT_SATISFIABLE if answer::unsatisfied_size(headers) == Some(0) => {
                Ok((Part::Bytes(vec![]), 0))
            }
            status => Err(self.refused(status)),
        }
    }

    /// The bytes of a part of the file that was opened.
    pub async fn part(&self, range: Range<u64>) -> Result<Vec<u8>, RemoteError> {
        let mut retry = Retry::of(TRIES);
        loop {
            match self.try_part(&range).await {
                Err(failure) => self.wait(&mut retry, failure).await?,
                Ok(bytes) => return Ok(bytes),
            }
        }
    }

    async fn try_part(&self, range: &Range<u64>) -> Result<Vec<u8>, Failure> {
        self.take_from_limit(range.end - range.start)?;
        let mut response = self.send(range).await?;
        // Where we were sent to may be good for some minutes only.
        if is_expired(response.status()) && self.return_to_place() {
            response = self.send(range).await?;
        }
        match response.status() {
            StatusCode::PARTIAL_CONTENT => {}
            // What If-Range asks for where the file is another.
            StatusCode::OK | StatusCode::RANGE_NOT_SATISFIABLE => {
                return Err(self.changed().into());
            }
            status => return Err(self.refused(status)),
        }
        self.check_kind(&response)?;
        let (found, size) = self.place_of(&response)?;
        if !self.is_version(&Version::of(response.headers(), size)) {
            return Err(self.changed().into());
        }
        if found != *range {
            return Err(self.wrong_part(&found).into());
        }
        self.body(response, range.end - range.start).await
    }

    /// Asks, and remembers where the server sent us.
    async fn send(&self, range: &Range<u64>) -> Result<Response, Failure> {
        let url = self.current();
        let is_home = url.origin() == self.place.url().origin();
        let range = format!("bytes={}-{}", range.start, range.end - 1);
        let mut request = self
            .http
            .get(url)
            .header(RANGE, range)
            .header(ACCEPT_ENCODING, "identity");
        if let Some(authorization) = self.authorization.clone().filter(|_| is_home) {
            request = request.header(AUTHORIZATION, authorization);
        }
        if let Some(etag) = self.version().as_ref().and_then(Version::strong_etag) {
            request = request.header(IF_RANGE, etag);
        }
        self.requests.fetch_add(1, Ordering::Relaxed);
        let response = request.send().await.map_err(|error| self.broken(&error))?;
        self.remember(response.url());
        Ok(response)
    }

    /// A body that must have just so many bytes, and come at a bearable pace.
    async fn body(&self, mut response: Response, len: u64) -> Result<Vec<u8>, Failure> {
        let said = answer::content_length(response.headers());
        if said.is_some_and(|said| said != len) {
            let text = format!(
                "{len} bytes that are said to be {}",
                said.unwrap_or_default()
            );
            return Err(self.unexpected(text).into());
        }
        let mut bytes = Vec::with_capacity(len as usize);
        // A second more than silence is borne, which has a line of its own.
        let until = Instant::now() + self.silence + Duration::from_secs(1 + len / SLOWEST);
        loop {
            let piece = timeout_at(until, self.next_piece(&mut response)).await;
            let piece = piece.map_err(|_| self.too_slow())?;
            let Some(piece) = piece.map_err(again)? else {
                break;
            };
            if bytes.len() as u64 + piece.len() as u64 > len {
                return Err(self.unexpected("more bytes than it says").into());
            }
            bytes.extend_from_slice(&piece);
        }
        if bytes.len() as u64 != len {
            return Err(self.unexpected("fewer bytes than it says").into());
        }
        Ok(bytes)
    }

    /// The next bytes of a body; none where it ends.
    pub async fn next_piece(&self, response: &mut Response) -> Result<Option<Bytes>, RemoteError> {
        let piece = response.chunk().await;
        let piece = piece.map_err(|error| self.broken(&error).error)?;
        let len = piece.as_ref().map_or(0, |piece| piece.len() as u64);
        self.received.fetch_add(len, Ordering::Relaxed);
        Ok(piece)
    }

    async fn wait(&self, retry: &mut Retry, failure: Failure) -> Result<(), RemoteError> {
        let wait = retry.wait(None).filter(|_| failure.again);
        tokio::time::sleep(wait.ok_or(failure.error)?).await;
        Ok(())
    }

    fn take_from_limit(&self, len: u64) -> Result<(), RemoteError> {
        let take = |left: u64| match left {
            u64::MAX => Some(left),
            _ => left.checked_sub(len),
        };
        let taken = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        taken.map(|_| ()).map_err(|_| RemoteError::Limit)
    }

    pub fn current(&self) -> Url {
        let current = self.current.lock();
        current.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where the server sent us; a name and password in an address are not in what answers from there.
    fn remember(&self, url: &Url) {
        let url = match self.place.is(url) {
            true => self.place.url(),
            false => url,
        };
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        current.clone_from(url);
    }

    /// Whether that is another place than where we were.
    fn return_to_place(&self) -> bool {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let elsewhere = *current != *self.place.url();
        current.clone_from(self.place.url());
        elsewhere
    }

    fn version(&self) -> Option<Version> {
        let version = self.version.lock();
        version.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_version(&self, found: &Version) -> bool {
        self.version().is_none_or(|version| version.agrees(found))
    }

    fn check_kind(&self, response: &Response) -> Result<(), RemoteError> {
        let wrong = answer::misleads(response.headers());
        wrong.map_or(Ok(()), |what| Err(self.unexpected(what)))
    }

    fn place_of(&self, response: &Response) -> Result<(Range<u64>, u64), RemoteError> {
        answer::content_range(response.headers()).map_err(|what| self.unexpected(what))
    }
}

fn is_expired(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 401 | 403 | 404 | 410)
}

/// Follows a redirection, but not without end, and not from where nobody listens to where anybody can.
fn redirected(attempt: redirect::Attempt<'_>) -> redirect::Action {
    let before = attempt.previous();
    if before.len() > MAX_REDIRECTS {
        return attempt.error("it sends us from one address to the next");
    }
    let was_private = before.last().is_some_and(|url| url.scheme() == "https");
    if was_private && attempt.url().scheme() != "https" {
        return attempt.error("it sends us from https to an address that is not");
    }
    attempt.follow()
}
