//! Every key, and how its text becomes a value: the same for the file and for variables.

use std::time::Duration;

use anyhow::{Context, bail};
use clap::ValueEnum;
use tracing_subscriber::EnvFilter;

use super::{Config, units};

/// A key of the configuration.
#[derive(Debug)]
pub struct Key {
    /// As in the file, with its section: `section.key`.
    pub name: &'static str,
    set: Set,
}

type Set = fn(&mut Config, &str) -> anyhow::Result<()>;

impl Key {
    const fn new(name: &'static str, set: Set) -> Self {
        Self { name, set }
    }

    /// The variable that sets it.
    pub fn variable(&self) -> String {
        format!("SHEAF_{}", self.name.replace('.', "_").to_uppercase())
    }

    /// Parses a value and puts it in its place.
    pub fn set(&self, config: &mut Config, value: &str) -> anyhow::Result<()> {
        (self.set)(config, value)
    }
}

/// All keys, in the order of `config/sheaf.toml`.
pub const KEYS: [Key; 28] = [
    Key::new("listen", |c, v| put(&mut c.listen, address(v))),
    Key::new("data", |c, v| put(&mut c.data, Ok(given(v)))),
    Key::new("catalog.url", |c, v| put(&mut c.catalog_url, Ok(given(v)))),
    Key::new("blobs.url", |c, v| put(&mut c.blobs_url, Ok(given(v)))),
    Key::new("blobs.endpoint", |c, v| {
        put(&mut c.s3.endpoint, Ok(given(v)))
    }),
    Key::new("blobs.region", |c, v| put(&mut c.s3.region, Ok(given(v)))),
    Key::new("blobs.access_key_id", |c, v| {
        put(&mut c.s3.access_key_id, Ok(given(v)))
    }),
    Key::new("blobs.secret_access_key", |c, v| {
        put(&mut c.s3.secret_access_key, Ok(given(v)))
    }),
    Key::new("blobs.session_token", |c, v| {
        put(&mut c.s3.session_token, Ok(given(v)))
    }),
    Key::new("blobs.path_style", |c, v| {
        put(&mut c.s3.path_style, given_bool(v))
    }),
    Key::new("blobs.allow_http", |c, v| {
        put(&mut c.s3.allow_http, given_bool(v))
    }),
    Key::new("blobs.direct", |c, v| put(&mut c.direct, yes_or_no(v))),
    Key::new("blobs.direct_endpoint", |c, v| {
        put(&mut c.s3.direct_endpoint, Ok(given(v)))
    }),
    Key::new("blobs.direct_for", |c, v| {
        put(&mut c.direct_for, units::duration(v))
    }),
    Key::new("memory.ingest", |c, v| {
        put(&mut c.ingest_memory, units::size(v))
    }),
    Key::new("memory.serve", |c, v| {
        put(&mut c.serve_memory, units::size(v))
    }),
    Key::new("uploads.expire_after", |c, v| {
        put(&mut c.upload_expiry, units::duration(v))
    }),
    Key::new("uploads.spool_limit", |c, v| {
        put(&mut c.spool_limit, units::size(v))
    }),
    Key::new("uploads.suspicious_pickles", |c, v| {
        put(&mut c.suspicious_pickles, one_of(v))
    }),
    Key::new("uploads.level", |c, v| put(&mut c.level, one_of(v))),
    Key::new("collection.every", |c, v| {
        put(&mut c.collection_every, units::duration(v))
    }),
    Key::new("collection.grace", |c, v| {
        put(&mut c.collection_grace, units::duration(v))
    }),
    Key::new("collection.writes_abandoned_after", |c, v| {
        put(&mut c.writes_abandoned_after, units::duration(v))
    }),
    Key::new("jobs.lease", |c, v| put(&mut c.job_lease, lease(v))),
    Key::new("shutdown.announce_for", |c, v| {
        put(&mut c.announce_for, units::duration(v))
    }),
    Key::new("cpu.threads", |c, v| put(&mut c.threads, number(v))),
    Key::new("log.filter", |c, v| put(&mut c.log_filter, filter(v))),
    Key::new("log.format", |c, v| put(&mut c.log_format, one_of(v))),
];

/// The key of that name. The error says which there are.
pub fn find(name: &str) -> anyhow::Result<Key> {
    KEYS.into_iter()
        .find(|key| key.name == name)
        .with_context(|| {
            let known = KEYS.map(|key| key.name).join(", ");
            format!("unknown key '{name}' (the keys are {known})")
        })
}

/// Whether keys are below this name.
pub fn is_section(name: &str) -> bool {
    let above = |key: &Key| {
        key.name
            .strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('.'))
    };
    KEYS.iter().any(above)
}

fn put<T>(place: &mut T, value: anyhow::Result<T>) -> anyhow::Result<()> {
    *place = value?;
    Ok(())
}

/// Empty means the default.
fn given<T: for<'a> From<&'a str>>(value: &str) -> Option<T> {
    (!value.is_empty()).then(|| value.into())
}

/// Empty means the default.
fn given_bool(value: &str) -> anyhow::Result<Option<bool>> {
    match value {
        "" => Ok(None),
        value => yes_or_no(value).map(Some),
    }
}

fn yes_or_no(value: &str) -> anyhow::Result<bool> {
    let parsed = value.parse().ok();
    parsed.with_context(|| format!("'{value}' is not true or false"))
}

fn address(value: &str) -> anyhow::Result<String> {
    let port = value.rsplit_once(':').map(|(_, port)| port.parse::<u16>());
    if !matches!(port, Some(Ok(_))) {
        bail!("'{value}' is no address and port, such as 127.0.0.1:8080");
    }
    Ok(value.into())
}

/// It is renewed a few times before it ends.
fn lease(value: &str) -> anyhow::Result<Duration> {
    let lease = units::duration(value)?;
    if lease.is_zero() {
        bail!("'{value}' is too short: 1s at least");
    }
    Ok(lease)
}

fn number(value: &str) -> anyhow::Result<usize> {
    value
        .parse()
        .ok()
        .with_context(|| format!("'{value}' is no whole number"))
}

fn one_of<T: ValueEnum>(value: &str) -> anyhow::Result<T> {
    T::from_str(value, false).ok().with_context(|| {
        let names: Vec<String> = T::value_variants()
            .iter()
            .filter_map(|variant| Some(variant.to_possible_value()?.get_name().to_owned()))
            .collect();
        format!("'{value}' is not one of {}", names.join(", "))
    })
}

fn filter(value: &str) -> anyhow::Result<String> {
    EnvFilter::builder()
        .parse(value)
        .with_context(|| format!("'{value}' is no filter of log lines"))?;
    Ok(value.into())
}
