//! An upload of a push that did not come to its end.

use sheaf_types::uploads::UploadState;
use sheaf_types::{RepositoryName, UploadId};

use crate::{Client, Error};

/// The newest upload of a repository that still takes chunks: what it holds need not be sent again.
pub(super) async fn of_before(
    client: &Client,
    name: &RepositoryName,
) -> Result<Option<UploadId>, Error> {
    let page = client.uploads(name, None).await?;
    let takes_chunks = |state| matches!(state, UploadState::Open | UploadState::Failed);
    let newest = page
        .items
        .into_iter()
        .filter(|upload| takes_chunks(upload.state))
        .max_by_key(|upload| upload.created_at);
    Ok(newest.map(|upload| upload.id))
}

/// Whether a refusal says that an upload takes nothing any more.
pub(super) fn is_closed(error: &Error) -> bool {
    matches!(error.code(), Some("upload_not_found" | "upload_closed"))
}
