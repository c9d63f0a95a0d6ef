//! Files against their SHA-256.

use futures::TryStreamExt;
use sha2::Digest;
use sheaf_catalog::CheckedContent;
use sheaf_types::Sha256;
use sheaf_types::check::FaultKind;

use super::state::Place;
use super::{Checker, HURTS, fault};
use crate::{Error, Result};

/// How often a file is read of which a blob was replaced or collected meanwhile.
const TRIES: usize = 3;

impl Checker {
    /// One file: it may be large.
    pub(super) async fn files(&mut self, after: i64) -> Result<Place> {
        let catalog = self.registry.catalog.clone();
        let rows = catalog.contents_after(after, self.repository, 1).await?;
        let Some(row) = rows.into_iter().next() else {
            return Ok(self.in_the_end());
        };
        // What cannot be read was noted when lists were looked at.
        if let Ok(content) = row.row
            && self.state.takes(content.sha256.as_bytes())
        {
            self.state.report.files += 1;
            self.file(&content).await?;
        }
        Ok(Place::Files { after: row.number })
    }

    async fn file(&mut self, content: &CheckedContent) -> Result<()> {
        for _ in 0..TRIES {
            match self.hash(content).await {
                Ok(found) if found == content.sha256 => return Ok(()),
                Ok(found) => return self.other_file(content, found).await,
                Err(Error::Damaged { object_key, reason }) => {
                    if self.registry.catalog.is_live(&object_key).await? {
                        let message = format!("the blob of a chunk is damaged: {reason}");
                        let kind = FaultKind::BlobDamaged;
                        return self.note_chunk(kind, &object_key, message).await;
                    }
                }
                Err(Error::BlobNotFound(_)) => {}
                // Deleted meanwhile; a list that is too short was noted when lists were looked at.
                Err(Error::FileGone) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn other_file(&mut self, content: &CheckedContent, found: Sha256) -> Result<()> {
        let catalog = &self.registry.catalog;
        if catalog.has_content(content.id).await? {
            let hurt = catalog.hurt_by_content(content.id, HURTS).await?;
            let message = format!(
                "a file's chunks have the SHA-256 {found} together, not {}",
                content.sha256
            );
            self.note(fault(FaultKind::FileDamaged, message, None, None, hurt));
        }
        Ok(())
    }

    async fn hash(&mut self, content: &CheckedContent) -> Result<Sha256> {
        let mut bytes = self.registry.read_content(content.id, 0..content.size);
        let mut hasher = sha2::Sha256::new();
        while let Some(some) = bytes.try_next().await? {
            self.state.report.bytes_read += some.len() as u64;
            self.pace.read(some.len() as u64).await;
            let hash = move || {
                hasher.update(&some);
                hasher
            };
            hasher = self.registry.cpu.run(hash).await?;
        }
        Ok(Sha256(hasher.finalize().into()))
    }
}
