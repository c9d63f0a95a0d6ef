//! Figures: what storage costs, what was sent; and what an operator finds in the log.

use sheaf_catalog::{ChunkRow, RepositoryId, SavingsScope, Sent};
use sheaf_types::RepositoryName;
use sheaf_types::savings::Savings;

use crate::{Caller, Error, Registry, Result};

impl Registry {
    /// The savings of a repository.
    pub async fn savings(&self, caller: &Caller, name: &RepositoryName) -> Result<Savings> {
        let repository = self.readable(caller, name).await?;
        self.flush_sent().await?;
        let scope = SavingsScope::Repository(repository.id);
        Ok(self.catalog.savings(&caller.visibility(), scope).await?)
    }

    /// The savings of all that the caller may read.
    pub async fn all_savings(&self, caller: &Caller) -> Result<Savings> {
        self.flush_sent().await?;
        let visibility = caller.visibility();
        Ok(self.catalog.savings(&visibility, SavingsScope::All).await?)
    }

    /// Counts bytes that went to a reader.
    pub(crate) fn count_sent(&self, repository: RepositoryId, raw: u64, wire: u64) {
        self.count(repository, |sent| {
            sent.raw_bytes += raw;
            sent.wire_bytes += wire;
        });
    }

    /// Counts what a reader was told to read in the bucket.
    pub(crate) fn count_direct(&self, repository: RepositoryId, blob: &ChunkRow) {
        self.count(repository, |sent| {
            sent.direct_raw_bytes += blob.raw_len;
            sent.direct_wire_bytes += blob.stored_len;
        });
    }

    fn count(&self, repository: RepositoryId, add: impl FnOnce(&mut Sent)) {
        let mut sent = self.sent.lock().unwrap_or_else(|e| e.into_inner());
        add(sent.entry(repository).or_default());
    }

    /// Writes the counts. They go into the catalog now and then: a sync for each download would cost
    /// more than they are worth.
    pub(crate) async fn flush_sent(&self) -> Result<()> {
        let sent: Vec<(RepositoryId, Sent)> = {
            let mut sent = self.sent.lock().unwrap_or_else(|e| e.into_inner());
            sent.drain().collect()
        };
        if sent.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.catalog.add_sent(&sent).await {
            for (id, again) in sent {
                self.count(id, |sent| *sent += again);
            }
            return Err(error.into());
        }
        Ok(())
    }
}

/// Tells the operator what the caller is not told.
pub fn log(error: &Error) {
    match error {
        Error::Internal(cause) => tracing::error!(cause = %chain(cause.as_ref()), "internal error"),
        Error::Unavailable(cause) => {
            tracing::error!(cause = %chain(cause.as_ref()), "catalog or object store does not answer");
        }
        Error::Damaged { object_key, reason } => {
            tracing::error!(object_key, reason, "a stored blob is damaged");
        }
        Error::Full => tracing::error!("no room left"),
        _ => {}
    }
}

/// What the operator is told of an error, in one sentence.
pub(crate) fn cause(error: &Error) -> String {
    match error {
        Error::Internal(cause) | Error::Unavailable(cause) => chain(cause.as_ref()),
        Error::Damaged { object_key, reason } => format!("{object_key}: {reason}"),
        error => error.to_string(),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text = format!("{text}: {error}");
        next = error.source();
    }
    text
}
