//! The upload of a request that does all in one.

use std::sync::Arc;

use sheaf_catalog::RepositoryId;
use sheaf_types::UploadId;

use crate::{Registry, Result};

/// Is dropped with the request, also when its client went away: nothing resumes it.
pub(crate) struct OwnUpload {
    registry: Arc<Registry>,
    upload: UploadId,
}

impl OwnUpload {
    pub fn id(&self) -> &UploadId {
        &self.upload
    }
}

impl Registry {
    pub(crate) async fn own_upload(
        self: &Arc<Self>,
        repository: RepositoryId,
    ) -> Result<OwnUpload> {
        Ok(OwnUpload {
            upload: self.open_upload(repository).await?.id,
            registry: Arc::clone(self),
        })
    }
}

impl Drop for OwnUpload {
    fn drop(&mut self) {
        let registry = Arc::clone(&self.registry);
        let upload = self.upload;
        self.registry.tasks.spawn(async move {
            if let Err(error) = registry.catalog.drop_upload(&upload).await {
                tracing::warn!(%error, "an upload stays until it expires");
            }
        });
    }
}
