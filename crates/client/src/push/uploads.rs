//! An upload of a push that did not come to its end.

use sheaf_types::uploads::UploadState;
use sheaf_types::{RepositoryName, UploadId};

use crate::{Client, Error};

/// The newest open upload of a repository: what it holds need not be sent again.
pub(super) async fn of_before(
    client: &Client,
    name: &RepositoryName,
) -> Result<Option<UploadId>, Error> {
    let page = client.uploads(name, None).await?;
    let open = page.items.into_iter();
    let open = open.filter(|upload| upload.state == UploadState::Open);
    let newest = open.max_by_key(|upload| upload.created_at);
    Ok(newest.map(|upload| upload.id))
}

/// Whether a refusal says that an upload takes nothing any more.
pub(super) fn is_closed(error: &Error) -> bool {
    matches!(error.code(), Some("upload_not_found" | "upload_closed"))
}
