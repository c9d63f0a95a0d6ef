//! An S3-compatible store.
//!
//! Nothing here depends on conditional writes, which several stores ignore: a key belongs to the one
//! write that made it, so that a put can be sent again, and can hit nothing else.

use std::time::Duration;

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::signer::{Method, Signer};
use object_store::{BackoffConfig, ClientConfigKey, ClientOptions, RetryConfig};

use crate::{Error, S3Options};

const USER_AGENT: &str = concat!("sheaf/", env!("CARGO_PKG_VERSION"));
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The longest silence.
const READ_TIMEOUT: Duration = Duration::from_secs(20);
/// The most that one try takes: a chunk over a slow line.
const TIMEOUT: Duration = Duration::from_secs(120);

/// A request is tried again for so long. What waits for it answers its own client soon after, who
/// tries again too.
const RETRIES: RetryConfig = RetryConfig {
    backoff: BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(2),
        base: 2.0,
    },
    max_retries: 5,
    retry_timeout: Duration::from_secs(10),
};

/// Where in a store: `s3://BUCKET/PREFIX`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub bucket: String,
    /// Without slashes around it; empty for the whole bucket.
    pub prefix: String,
}

impl Place {
    /// None when the URL is of something else.
    pub fn parse(url: &str) -> Option<Self> {
        let rest = url.strip_prefix("s3://")?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let in_bucket = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let in_prefix = |part: &str| !part.is_empty() && part.chars().all(in_bucket);
        let prefix = prefix.trim_end_matches('/');
        let named = !bucket.is_empty() && bucket.chars().all(in_bucket);
        let plain = prefix.is_empty() || prefix.split('/').all(in_prefix);
        (named && plain).then(|| Self {
            bucket: bucket.into(),
            prefix: prefix.into(),
        })
    }
}

/// Makes the client of a bucket. Nothing is sent yet.
pub(crate) fn client(place: &Place, options: &S3Options) -> Result<AmazonS3, Error> {
    // Another may have chosen a provider for the whole process already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let path_style = options.path_style.unwrap_or(options.endpoint.is_some());
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&place.bucket)
        .with_region(options.region.as_deref().unwrap_or("us-east-1"))
        .with_virtual_hosted_style_request(!path_style)
        // Not every store has the request that deletes many.
        .with_disable_bulk_delete(true)
        .with_client_options(client_options(options.allow_http))
        .with_retry(RETRIES);
    if let Some(endpoint) = &options.endpoint {
        let endpoint = endpoint_of(endpoint, &place.bucket, path_style, options.allow_http)?;
        builder = builder.with_endpoint(endpoint);
    }
    if let Some(keys) = &options.keys {
        builder = builder
            .with_access_key_id(&keys.access_key_id)
            .with_secret_access_key(&keys.secret_access_key);
        if let Some(token) = &keys.session_token {
            builder = builder.with_token(token);
        }
    }
    builder.build().map_err(|error| Error::setting(&error))
}

/// Makes URLs for those who have no keys.
pub(crate) struct Signing {
    client: AmazonS3,
    prefix: Path,
}

impl Signing {
    /// For the bucket of a client, as others reach it.
    pub fn new(client: &AmazonS3, place: &Place, options: &S3Options) -> Result<Self, Error> {
        let client = match &options.direct_endpoint {
            None => client.clone(),
            Some(endpoint) => {
                let mut options = options.clone();
                options.endpoint = Some(endpoint.clone());
                self::client(place, &options)?
            }
        };
        let prefix = place.prefix.as_str().into();
        Ok(Self { client, prefix })
    }

    /// A URL that answers a GET of an object for so long.
    pub async fn url(&self, key: &Path, lifetime: Duration) -> object_store::Result<String> {
        let path = self.prefix.parts().chain(key.parts()).collect();
        let url = self.client.signed_url(Method::GET, &path, lifetime).await?;
        Ok(url.into())
    }
}

fn client_options(allow_http: bool) -> ClientOptions {
    ClientOptions::new()
        .with_config(ClientConfigKey::UserAgent, USER_AGENT)
        .with_connect_timeout(CONNECT_TIMEOUT)
        .with_read_timeout(READ_TIMEOUT)
        .with_timeout(TIMEOUT)
        .with_allow_http(allow_http)
}

/// The endpoint with the bucket in its host's name, unless that goes into the path.
fn endpoint_of(
    endpoint: &str,
    bucket: &str,
    path_style: bool,
    allow_http: bool,
) -> Result<String, Error> {
    let (scheme, host) = match endpoint.split_once("://") {
        Some((scheme @ ("http" | "https"), host)) if !host.is_empty() => (scheme, host),
        _ => return Err(Error::BadEndpoint(endpoint.into())),
    };
    if scheme == "http" && !allow_http {
        return Err(Error::PlainHttp(endpoint.into()));
    }
    let host = host.trim_end_matches('/');
    Ok(match path_style {
        true => format!("{scheme}://{host}"),
        false => format!("{scheme}://{bucket}.{host}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(url: &str) -> Option<(String, String)> {
        Place::parse(url).map(|place| (place.bucket, place.prefix))
    }

    #[test]
    fn a_url_names_a_bucket_and_perhaps_a_prefix() {
        let some = |bucket: &str, prefix: &str| Some((bucket.to_owned(), prefix.to_owned()));
        assert_eq!(place("s3://b"), some("b", ""));
        assert_eq!(place("s3://b/"), some("b", ""));
        assert_eq!(
            place("s3://my.bucket-1/a/b_c/"),
            some("my.bucket-1", "a/b_c")
        );
        for bad in [
            "",
            "s3://",
            "s3:///a",
            "s3://b//a",
            "s3://k:s@b",
            "s3://b/a?c",
            "gs://b",
        ] {
            assert_eq!(place(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_bucket_goes_into_path_or_host() {
        let of = |path_style| endpoint_of("https://s3.example:9/", "b", path_style, false).unwrap();
        assert_eq!(of(true), "https://s3.example:9");
        assert_eq!(of(false), "https://b.s3.example:9");
    }

    #[test]
    fn plain_http_is_refused_unless_said() {
        let refusal = endpoint_of("http://s3", "b", true, false).unwrap_err();
        let sentence = "http://s3 is not encrypted: use https://, or allow plain HTTP with \
                        blobs.allow_http or AWS_ALLOW_HTTP=true";
        assert_eq!(refusal.to_string(), sentence);
        assert!(endpoint_of("http://s3", "b", true, true).is_ok());
        for bad in ["s3.example", "ftp://s3", "https://"] {
            let refusal = endpoint_of(bad, "b", true, true).unwrap_err();
            assert!(
                refusal.to_string().contains("such as https://"),
                "{refusal}"
            );
        }
    }
}
