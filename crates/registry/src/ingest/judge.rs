//! The pickles in a file that is to be committed.

use std::sync::Arc;

use sheaf_catalog::Scanned;
use sheaf_formats::scan;
use sheaf_types::files::ChunkRef;
use sheaf_types::pickles::{PickleState, PickleVerdict};
use sheaf_types::{FilePath, Sha256, UploadId};
use tokio::runtime::Handle;

use super::uploaded_file::UploadedFile;
use super::verdict::verdict_of;
use crate::settings::PicklePolicy;
use crate::{Error, Registry, Result};

/// What a scan may take, with the chunks that it reads.
const MEMORY: u64 = 96 << 20;

impl Registry {
    /// Scans a file for pickles, whatever its client says, and refuses it where the policy does. The
    /// same bytes are not scanned again, unless by a newer scanner.
    pub(crate) async fn judge(
        self: &Arc<Self>,
        upload: &UploadId,
        path: &FilePath,
        (sha256, list): (&Sha256, &[u8; 32]),
        chunks: &[ChunkRef],
    ) -> Result<Scanned> {
        let named = scan::is_named(path.as_str());
        let known = self
            .catalog
            .find_scanned(sha256, list, named, scan::VERSION)
            .await?;
        let scanned = match known {
            Some(scanned) => scanned,
            None => {
                let scanned = Scanned {
                    named,
                    scanner: scan::VERSION,
                    verdict: self.scan(*upload, path, chunks).await?,
                };
                self.catalog.renew_scanned(sha256, list, &scanned).await?;
                scanned
            }
        };
        check(self.settings.suspicious_pickles, path, &scanned)?;
        Ok(scanned)
    }

    async fn scan(
        self: &Arc<Self>,
        upload: UploadId,
        path: &FilePath,
        chunks: &[ChunkRef],
    ) -> Result<Option<PickleVerdict>> {
        let reserved = self.ingest_budget.reserve(MEMORY).await?;
        let file = UploadedFile::new(Arc::clone(self), Handle::current(), upload, chunks);
        let name = path.as_str().to_owned();
        let work = move || {
            let found = scan::scan(&file, &name);
            drop(reserved);
            found
        };
        let found = tokio::task::spawn_blocking(work).await;
        Ok(found.map_err(Error::internal)??.map(verdict_of))
    }
}

fn check(policy: PicklePolicy, path: &FilePath, scanned: &Scanned) -> Result<()> {
    let Some(verdict) = &scanned.verdict else {
        return Ok(());
    };
    let refused = match policy {
        PicklePolicy::Allow => false,
        PicklePolicy::Refuse => verdict.state == PickleState::Suspicious,
        PicklePolicy::RefuseUnknown => verdict.state != PickleState::Clean,
    };
    if !refused {
        return Ok(());
    }
    Err(Error::PickleRefused {
        path: path.clone(),
        why: verdict.why.clone(),
    })
}
