//! The upload that a push sends to.

use sheaf_types::UploadId;
use sheaf_types::uploads::UploadState;

use super::Push;
use crate::Error;
use crate::error::NotFound;

impl Push<'_> {
    /// The upload of the last push of the same, if it still takes chunks.
    pub(super) async fn noted_upload(&self) -> Result<Option<UploadId>, Error> {
        let Some(id) = self.note.read() else {
            return Ok(None);
        };
        let upload = self.client.upload(self.name, id, None).await.found()?;
        let Some(upload) = upload else {
            return Ok(None);
        };
        let upload = self.client.settled(self.name, upload).await?;
        let takes_chunks = matches!(upload.state, UploadState::Open | UploadState::Failed);
        Ok(takes_chunks.then_some(id))
    }

    /// A new upload, noted for the next push.
    pub(super) async fn open_upload(&self) -> Result<UploadId, Error> {
        let upload = self.client.open_upload(self.name).await?.id;
        self.note.write(upload);
        Ok(upload)
    }
}

/// Whether a refusal says that an upload takes nothing any more.
pub(super) fn is_closed(error: &Error) -> bool {
    matches!(error.code(), Some("upload_not_found" | "upload_closed"))
}
