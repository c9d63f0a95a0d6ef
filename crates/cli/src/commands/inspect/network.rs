//! Files that are inspected where they are, over the network.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;
use std::{env, io};

use anyhow::Context;
use sheaf_client::remote::{RemoteFile, RemoteOptions};
use sheaf_formats::ReadAt;

use super::beside::{Beside, Revision};
use super::registered::Registered;
use super::subject::Subject;
use crate::globals::Globals;
use crate::remote;
use crate::target::FileTarget;

/// How a file is read over the network.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// The longest silence of a server.
    pub silence: Duration,
    /// The most that is received to find the tensors of a file.
    pub limit: Option<u64>,
}

/// Opens the file at an address.
pub async fn at_address(
    address: &str,
    token_from: Option<&str>,
    reading: Reading,
    globals: &Globals,
) -> anyhow::Result<Subject> {
    let token = match token_from {
        Some(variable) => Some(secret(variable)?),
        None => remote::token_for(globals, address)?,
    };
    let options = RemoteOptions {
        token,
        silence: reading.silence,
    };
    let file = RemoteFile::open(address, &options).await?;
    file.limit(reading.limit);
    let (shown, name) = (file.address(), file.name());
    subject(file, shown, name).await
}

/// Opens a file of a registry.
pub async fn in_registry(
    file: &FileTarget,
    reading: Reading,
    globals: &Globals,
) -> anyhow::Result<Subject> {
    let (name, path) = (&file.target.name, &file.path);
    let client = remote::connect(globals)?;
    let manifest = client
        .manifest(name, &file.target.reference(), path)
        .await?;
    // The branch may move meanwhile.
    let revision = manifest.revision.to_string();
    let opened = client
        .remote_file(name, &revision, path, reading.silence)
        .await?;
    opened.limit(reading.limit);
    let mut subject = subject(opened, file.to_string(), path.to_string()).await?;
    subject.beside = Beside::Revision(Revision {
        client,
        name: name.clone(),
        id: revision,
        path: path.clone(),
        reading,
    });
    let registered = Registered::of(name.clone(), manifest);
    if subject.near_lossless.is_none() {
        subject.near_lossless.clone_from(&registered.near_lossless);
    }
    subject.registered = Some(registered);
    Ok(subject)
}

fn secret(variable: &str) -> anyhow::Result<String> {
    let secret = env::var(variable).ok().filter(|secret| !secret.is_empty());
    secret.with_context(|| format!("--token-from: the variable {variable} is not set"))
}

async fn subject(file: RemoteFile, shown: String, name: String) -> anyhow::Result<Subject> {
    let file = Arc::new(file);
    let shared = Shared(Arc::clone(&file));
    let opened = tokio::task::spawn_blocking(move || Subject::of(shared, shown, name)).await?;
    let mut subject = opened?;
    subject.remote = Some(file);
    Ok(subject)
}

/// A file that two look at: one reads it, the other asks what that took.
struct Shared(Arc<RemoteFile>);

impl ReadAt for Shared {
    fn size(&self) -> u64 {
        self.0.size()
    }

    fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(offset, buffer)
    }

    fn expect(&self, ranges: &[Range<u64>]) {
        self.0.expect(ranges);
    }
}
