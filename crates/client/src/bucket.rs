//! Blobs straight from the bucket, by URLs that the server gives out.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reqwest::redirect::Policy;
use sheaf_types::RepositoryName;
use sheaf_types::files::{BlobLocation, StoredChunk};

use crate::request::{Request, read_body};
use crate::route::repository;
use crate::{Address, Client, Error};

/// A bucket that is on a network where this machine is not must not take long to be given up.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The longest silence.
const SILENCE: Duration = Duration::from_secs(20);
/// URLs that are asked for, for one blob: one may have expired when its turn came.
const URLS: u32 = 3;
/// Failures in a row after which all goes through the server.
const PATIENCE: u32 = 8;

/// The way to the bucket. Requests on it hold no token, and go nowhere but where their URL says.
#[derive(Debug)]
pub(crate) struct Bucket {
    http: OnceLock<Option<reqwest::Client>>,
    /// Whether what the server says can be read on the way anyway.
    plain: bool,
    local: bool,
    closed: AtomicBool,
    failures: AtomicU32,
}

/// Why a URL gave no blob.
enum Failure {
    /// It was refused: it expired, say.
    Refused,
    /// The bucket is not where this machine gets to.
    Unreachable,
    Other,
}

impl Bucket {
    pub fn new(server: &Address) -> Self {
        Self {
            http: OnceLock::new(),
            plain: !server.is_encrypted(),
            local: server.is_local(),
            closed: AtomicBool::new(false),
            failures: AtomicU32::new(0),
        }
    }

    /// Whether it is worth asking.
    pub fn is_open(&self) -> bool {
        !self.closed.load(Ordering::Relaxed)
    }

    fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// What came was right.
    pub fn worked(&self) {
        self.failures.store(0, Ordering::Relaxed);
    }

    /// Nothing came, or it was wrong.
    pub fn failed(&self) {
        if self.failures.fetch_add(1, Ordering::Relaxed) + 1 >= PATIENCE {
            self.close();
        }
    }

    /// Made when it is first needed: a machine without certificates can talk to the server alone.
    fn http(&self) -> Option<&reqwest::Client> {
        let build = || {
            let mut builder = reqwest::Client::builder()
                .user_agent(concat!("sheaf/", env!("CARGO_PKG_VERSION")))
                .redirect(Policy::none())
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(SILENCE);
            if self.local {
                builder = builder.no_proxy();
            }
            builder.build().ok()
        };
        self.http.get_or_init(build).as_ref()
    }

    async fn get(&self, url: &str, limit: usize) -> Result<Bytes, Failure> {
        let http = self.http().ok_or(Failure::Unreachable)?;
        // Over an encrypted way the server would not have said it in the clear either.
        if !self.plain && !url.starts_with("https://") {
            return Err(Failure::Unreachable);
        }
        let sent = http.get(url).send().await;
        let response = sent.map_err(|error| match error.is_connect() {
            true => Failure::Unreachable,
            false => Failure::Other,
        })?;
        match response.status().as_u16() {
            200 => read_body(response, limit).await.map_err(|_| Failure::Other),
            400 | 401 | 403 => Err(Failure::Refused),
            _ => Err(Failure::Other),
        }
    }
}

impl Client {
    /// The bytes of a blob from the bucket, unverified. None: ask the server, which verifies what it
    /// sends, and can say what is wrong.
    pub(crate) async fn blob_from_bucket(
        &self,
        name: &RepositoryName,
        chunk: &StoredChunk,
    ) -> Option<Bytes> {
        let limit = usize::try_from(chunk.stored_size).ok()?;
        for _ in 0..URLS {
            if !self.bucket.is_open() {
                return None;
            }
            let url = self.blob_url(name, chunk).await?;
            match self.bucket.get(&url, limit).await {
                Ok(blob) => return Some(blob),
                Err(Failure::Refused) => {}
                Err(Failure::Unreachable) => self.bucket.close(),
                Err(Failure::Other) => break,
            }
        }
        self.bucket.failed();
        None
    }

    /// A URL to read a blob. A server that gives none, or knows of none, is not asked again.
    async fn blob_url(&self, name: &RepositoryName, chunk: &StoredChunk) -> Option<String> {
        let route = repository(name, &format!("/blobs/{}/location", chunk.blob));
        match self.json::<BlobLocation>(Request::get(route)).await {
            Ok(BlobLocation { url: Some(url), .. }) => return Some(url),
            Ok(_) => self.bucket.close(),
            Err(error) if is_unknown_route(&error) => self.bucket.close(),
            Err(_) => {}
        }
        None
    }
}

/// Whether the server is older than this route.
fn is_unknown_route(error: &Error) -> bool {
    error.is_not_found() && error.code() != Some("blob_not_found")
}
