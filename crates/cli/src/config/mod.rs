//! The server's configuration: flags, then `SHEAF_…` variables, then a file, then defaults.
//! `config/sheaf.toml` documents every key.

mod file;
mod keys;
mod s3;
mod units;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use sheaf_registry::{PicklePolicy, S3Options};

use crate::folders;
use crate::level::LevelName;
use keys::KEYS;
use s3::S3Settings;
pub use units::size;

/// No store signs for longer.
const LONGEST_URL: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// What is done with files whose pickles may do harm when loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum PicklePolicyName {
    #[default]
    Allow,
    Refuse,
    RefuseUnknown,
}

impl From<PicklePolicyName> for PicklePolicy {
    fn from(name: PicklePolicyName) -> Self {
        match name {
            PicklePolicyName::Allow => Self::Allow,
            PicklePolicyName::Refuse => Self::Refuse,
            PicklePolicyName::RefuseUnknown => Self::RefuseUnknown,
        }
    }
}

/// All that can be configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `HOST:PORT`.
    pub listen: String,
    /// The data folder; none is the platform's.
    data: Option<PathBuf>,
    /// None is a file in the data folder.
    catalog_url: Option<String>,
    /// None is a folder in the data folder.
    blobs_url: Option<String>,
    /// How a bucket is reached, as far as it was said.
    s3: S3Settings,
    /// Whether clients may read straight from the bucket.
    direct: bool,
    direct_for: Duration,
    /// Bytes.
    pub ingest_memory: u64,
    /// Bytes.
    pub serve_memory: u64,
    pub upload_expiry: Duration,
    /// 0 is only when asked.
    pub collection_every: Duration,
    pub collection_grace: Duration,
    pub writes_abandoned_after: Duration,
    pub job_lease: Duration,
    /// Bytes.
    pub spool_limit: u64,
    pub suspicious_pickles: PicklePolicyName,
    pub level: LevelName,
    /// How long requests are taken after the first signal.
    pub announce_for: Duration,
    /// 0 is one for each core.
    pub threads: usize,
    pub log_filter: String,
    pub log_format: LogFormat,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".into(),
            data: None,
            catalog_url: None,
            blobs_url: None,
            s3: S3Settings::default(),
            direct: false,
            direct_for: Duration::from_secs(15 * 60),
            ingest_memory: 192 << 20,
            serve_memory: 128 << 20,
            upload_expiry: Duration::from_secs(24 * 60 * 60),
            collection_every: Duration::from_secs(60 * 60),
            collection_grace: Duration::from_secs(24 * 60 * 60),
            writes_abandoned_after: Duration::from_secs(60 * 60),
            job_lease: Duration::from_secs(30),
            spool_limit: 256 << 30,
            suspicious_pickles: PicklePolicyName::Allow,
            level: LevelName::Default,
            announce_for: Duration::ZERO,
            threads: 0,
            log_filter: "info".into(),
            log_format: LogFormat::Text,
        }
    }
}

/// What the command line says of the configuration.
#[derive(Debug, Default, clap::Args)]
pub struct Flags {
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    #[command(flatten)]
    place: Place,
}

/// Where a server's data and configuration are.
#[derive(Debug, Default, clap::Args)]
pub struct Place {
    /// Data folder [default: the platform's]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Configuration file [default: sheaf.toml in the data folder, if there is one]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl From<Place> for Flags {
    fn from(place: Place) -> Self {
        Self {
            listen: None,
            place,
        }
    }
}

/// What a variable of the environment is set to.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<OsString>;

impl Config {
    /// Reads the configuration from all its sources.
    pub fn load(flags: impl Into<Flags>, variables: Variables<'_>) -> anyhow::Result<Self> {
        let mut config = Self::default();
        let flags = flags.into();
        if let Some(path) = find_file(&flags.place, variables)? {
            config.read_file(&path)?;
        }
        config.read_variables(variables)?;
        config.listen = flags.listen.unwrap_or(config.listen);
        config.data = flags.place.data.or(config.data);
        Ok(config)
    }

    /// The configuration of a data folder, or in a file: with no variables and no flags.
    pub fn of(path: &Path) -> anyhow::Result<Self> {
        let mut flags = Flags::default();
        if path.is_dir() || !path.exists() && path.extension().is_none() {
            flags.place.data = Some(path.to_owned());
        } else {
            flags.place.config = Some(path.to_owned());
        }
        Self::load(flags, &|_| None)
    }

    /// The data folder. It may not exist.
    pub fn data(&self) -> anyhow::Result<PathBuf> {
        match &self.data {
            Some(folder) => Ok(folder.clone()),
            None => folders::platform_data(),
        }
    }

    /// The catalog's URL, with the data folder as it is called in full.
    pub fn catalog_url(&self, data: &Path) -> anyhow::Result<String> {
        match &self.catalog_url {
            Some(url) => Ok(url.clone()),
            None => Ok(format!("sqlite:{}", text(&data.join("catalog.sqlite"))?)),
        }
    }

    /// The object store's URL, with the data folder as it is called in full.
    pub fn blobs_url(&self, data: &Path) -> anyhow::Result<String> {
        match &self.blobs_url {
            Some(url) => Ok(url.clone()),
            None => Ok(format!("file:{}", text(&data.join("blobs"))?)),
        }
    }

    /// How a bucket is reached: what is not configured is as the usual variables say.
    pub fn s3(&self, variables: Variables<'_>) -> anyhow::Result<S3Options> {
        self.s3.options(&|name| variable(variables, name))
    }

    /// For how long clients get URLs of the bucket, if they do.
    pub fn direct(&self) -> anyhow::Result<Option<Duration>> {
        if !self.direct {
            return Ok(None);
        }
        let url = self.blobs_url.as_deref().unwrap_or_default();
        if !url.starts_with("s3://") {
            bail!("blobs.direct is only for a bucket: set blobs.url to s3://BUCKET/PREFIX");
        }
        if self.direct_for.is_zero() || self.direct_for > LONGEST_URL {
            bail!("blobs.direct_for must be from 1s to 7d");
        }
        if self.direct_for > self.collection_grace {
            bail!(
                "blobs.direct_for must not be longer than collection.grace: a blob could be deleted \
                 while clients have a URL to read it"
            );
        }
        Ok(Some(self.direct_for))
    }

    fn read_file(&mut self, path: &Path) -> anyhow::Result<()> {
        for (key, value) in file::read(path)? {
            key.set(self, &value)
                .with_context(|| format!("{}: {}", path.display(), key.name))?;
        }
        Ok(())
    }

    fn read_variables(&mut self, variables: Variables<'_>) -> anyhow::Result<()> {
        for key in KEYS {
            if let Some(value) = variable(variables, &key.variable())? {
                key.set(self, &value).with_context(|| key.variable())?;
            }
        }
        Ok(())
    }
}

/// The file that is named, else the one in the data folder when it is there.
fn find_file(place: &Place, variables: Variables<'_>) -> anyhow::Result<Option<PathBuf>> {
    if let Some(path) = &place.config {
        return Ok(Some(path.clone()));
    }
    if let Some(path) = variable(variables, "SHEAF_CONFIG")? {
        return Ok(Some(path.into()));
    }
    let data = match &place.data {
        Some(folder) => folder.clone(),
        None => match variable(variables, folders::DATA_VARIABLE)? {
            Some(folder) => folder.into(),
            None => folders::platform_data()?,
        },
    };
    let path = data.join("sheaf.toml");
    Ok(path.exists().then_some(path))
}

/// A variable's text. An empty one is not set: scripts and containers cannot always leave it out.
fn variable(variables: Variables<'_>, name: &str) -> anyhow::Result<Option<String>> {
    match variables(name).map(OsString::into_string) {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some(value).filter(|value| !value.is_empty())),
        Some(Err(_)) => Err(anyhow!("{name} is not UTF-8 text")),
    }
}

fn text(path: &Path) -> anyhow::Result<&str> {
    path.to_str()
        .with_context(|| format!("the path {} is not UTF-8 text", path.display()))
}

#[cfg(test)]
mod tests;
