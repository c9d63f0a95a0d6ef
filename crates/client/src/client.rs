use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{ClientBuilder, RequestBuilder, Response};
use serde::de::DeserializeOwned;
use sheaf_types::{FilePath, RepositoryName};

use crate::bucket::Bucket;
use crate::remote::{RemoteError, RemoteFile};
use crate::request::{Answer, Body, BodyError, Request, read_body};
use crate::retry::{Again, Retry, again_after};
use crate::route::resolve;
use crate::{Address, Error};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest silence. It covers the sending of a blob over a slow line too.
const SILENCE: Duration = Duration::from_secs(300);
const KEEPALIVE: Duration = Duration::from_secs(20);

/// A server and who asks. Cheap to clone; clones share connections.
#[derive(Debug, Clone)]
pub struct Client {
    http: reqwest::Client,
    /// Without a slash at its end.
    server: String,
    /// Whether the server ever answered: if not, it hardly will in a few seconds.
    reached: Arc<AtomicBool>,
    /// Where blobs are had without the server, as far as it lets us.
    pub(crate) bucket: Arc<Bucket>,
    authorization: Option<HeaderValue>,
}

impl Client {
    /// A client of a server. Nothing is sent yet. Fails when the token holds what no header may.
    pub fn new(server: &Address, token: Option<&str>) -> Result<Self, Error> {
        let authorization = token.map(bearer).transpose()?;
        let headers = authorization.clone().map(|value| (AUTHORIZATION, value));
        let mut builder = http_builder(server)
            .default_headers(headers.into_iter().collect())
            .read_timeout(SILENCE);
        if !server.is_encrypted() {
            // A machine without certificates can still talk plainly.
            builder = builder.tls_certs_only([]);
        }
        let http = builder
            .build()
            .map_err(|error| Error::Setting(reason(&error)))?;
        Ok(Self {
            http,
            server: server.to_string(),
            reached: Arc::default(),
            bucket: Arc::new(Bucket::new(server)),
            authorization,
        })
    }

    /// A file of a revision, whose bytes are fetched as they are read.
    pub async fn remote_file(
        &self,
        name: &RepositoryName,
        reference: &str,
        file: &FilePath,
        silence: Duration,
    ) -> Result<RemoteFile, RemoteError> {
        let address = format!("{}{}", self.server, resolve(name, reference, file));
        RemoteFile::open_as(&address, self.authorization.clone(), silence).await
    }

    /// Sends a request and takes JSON.
    pub(crate) async fn json<T: DeserializeOwned>(&self, request: Request) -> Result<T, Error> {
        self.send(request).await?.json()
    }

    /// Sends a request of which only the success counts.
    pub(crate) async fn done(&self, request: Request) -> Result<(), Error> {
        self.send(request).await?.success().map(|_| ())
    }

    /// Sends a request, again where that may help and does no harm.
    pub(crate) async fn send(&self, request: Request) -> Result<Answer, Error> {
        let mut retry = Retry::default();
        loop {
            let failure = match self.try_once(&request).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            match self
                .is_worth_trying(&request, &failure)
                .then(|| retry.wait(failure.asked))
                .flatten()
            {
                Some(wait) => tokio::time::sleep(wait).await,
                None => return failure.outcome,
            }
        }
    }

    fn is_worth_trying(&self, request: &Request, failure: &Failure) -> bool {
        self.reached.load(Ordering::Relaxed)
            && match failure.again {
                Again::Never => false,
                Again::Harmless => true,
                Again::MayHaveArrived => request.idempotent,
            }
    }

    async fn try_once(&self, request: &Request) -> Result<Answer, Failure> {
        let sent = self.builder(request).send().await;
        let response = sent.map_err(|error| self.broken(&error))?;
        self.reached.store(true, Ordering::Relaxed);
        let status = response.status().as_u16();
        let asked = retry_after(&response);
        let body = match read_body(response, request.limit).await {
            Ok(body) => body,
            Err(BodyError::Broken(error)) => return Err(self.broken(&error)),
            Err(BodyError::TooLong) => return Err(too_long(request)),
        };
        let answer = Answer { status, body };
        match again_after(status) {
            Again::Never => Ok(answer),
            again => Err(Failure {
                outcome: Ok(answer),
                again,
                asked,
            }),
        }
    }

    fn builder(&self, request: &Request) -> RequestBuilder {
        let url = format!("{}{}", self.server, request.route);
        let builder = self.http.request(request.method.clone(), url);
        match request.body.clone() {
            Body::Empty => builder,
            Body::Json(bytes) => builder.header(CONTENT_TYPE, "application/json").body(bytes),
            Body::Raw(bytes) => builder
                .header(CONTENT_TYPE, "application/octet-stream")
                .body(bytes),
        }
    }

    fn broken(&self, error: &reqwest::Error) -> Failure {
        let server = self.server.clone();
        let reason = reason(error);
        let (error, again) = if error.is_connect() {
            (Error::Unreachable { server, reason }, Again::Harmless)
        } else {
            let error = Error::Connection { server, reason };
            (error, Again::MayHaveArrived)
        };
        Failure {
            outcome: Err(error),
            again,
            asked: None,
        }
    }
}

/// What all our HTTP has.
pub(crate) fn http_builder(server: &Address) -> ClientBuilder {
    // Another may have chosen a provider for the whole process already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .user_agent(concat!("sheaf/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_keepalive(KEEPALIVE)
        .tcp_nodelay(true);
    if server.is_local() {
        builder.no_proxy()
    } else {
        builder
    }
}

/// A try that may be worth another.
struct Failure {
    /// What it comes to when it was the last.
    outcome: Result<Answer, Error>,
    again: Again,
    /// How long the server wants to be left alone.
    asked: Option<Duration>,
}

fn too_long(request: &Request) -> Failure {
    let text = format!("more than {} bytes", request.limit);
    Failure {
        outcome: Err(Error::Answer(text)),
        again: Again::Never,
        asked: None,
    }
}

/// What says who asks.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
        .map_err(|_| Error::Setting("the token holds characters that none has".into()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Seconds; a date is not understood and counts as nothing asked.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    seconds.parse().ok().map(Duration::from_secs)
}

/// The innermost cause in plain words: what is around it says where in our code it was.
pub(crate) fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it does not answer in time".into();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let text = cause.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests;
