//! The end of a push: a commit that may take a while.

use std::time::Duration;

use sheaf_types::revisions::Revision;
use sheaf_types::uploads::{CommitRequest, NewFile, Upload, UploadState};
use sheaf_types::{ErrorDetail, FilePath, RepositoryName, UploadId};

use crate::{Client, Error};

/// Seconds that the server may take to answer how far it is.
const WAIT: u32 = 30;
/// Between questions, should the server answer at once.
const PAUSE: Duration = Duration::from_millis(100);

impl Client {
    /// Commits, and waits until the revision is there.
    pub(crate) async fn finish(
        &self,
        name: &RepositoryName,
        id: UploadId,
        commit: &CommitRequest,
    ) -> Result<Revision, Error> {
        let upload = self.commit_surely(name, id, commit).await?;
        result(self.settled(name, upload).await?)
    }

    /// The upload once it is not committing any more.
    pub(crate) async fn settled(
        &self,
        name: &RepositoryName,
        mut upload: Upload,
    ) -> Result<Upload, Error> {
        while upload.state == UploadState::Committing {
            tokio::time::sleep(PAUSE).await;
            upload = self.upload(name, upload.id, Some(WAIT)).await?;
        }
        Ok(upload)
    }

    /// When the answer is lost, the upload tells whether the question was.
    async fn commit_surely(
        &self,
        name: &RepositoryName,
        id: UploadId,
        commit: &CommitRequest,
    ) -> Result<Upload, Error> {
        let error = match self.commit(name, id, commit).await {
            Err(error) if is_lost(&error) => error,
            answer => return answer,
        };
        let upload = self.upload(name, id, None).await.map_err(|_| error)?;
        if upload.state == UploadState::Open {
            return self.commit(name, id, commit).await;
        }
        Ok(upload)
    }
}

fn is_lost(error: &Error) -> bool {
    matches!(error, Error::Connection { .. }) || matches!(error.status(), Some(502..=504))
}

fn result(upload: Upload) -> Result<Revision, Error> {
    if let Some(revision) = upload.revision {
        return Ok(revision);
    }
    let nameless = || ErrorDetail {
        code: "commit_failed".into(),
        message: "the server refused the revision and does not say why".into(),
    };
    Err(Error::Refused {
        status: 422,
        detail: upload.error.unwrap_or_else(nameless),
    })
}

/// What a push says of itself when its maker does not.
pub(super) fn message(files: &[NewFile], delete: &[FilePath]) -> String {
    let pushed = files.iter().map(|file| &file.path);
    let parts = [
        ("push", pushed.collect::<Vec<_>>()),
        ("delete", delete.iter().collect()),
    ];
    let parts = parts.into_iter().filter(|(_, paths)| !paths.is_empty());
    let parts: Vec<String> = parts
        .map(|(verb, paths)| match paths[..] {
            [path] => format!("{verb} {path}"),
            _ => format!("{verb} {} files", paths.len()),
        })
        .collect();
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use sheaf_types::Sha256;

    use super::*;

    fn file(path: &str) -> NewFile {
        NewFile {
            path: path.parse().unwrap(),
            size: 0,
            sha256: Sha256([0; 32]),
            near_lossless: None,
            chunks: vec![],
        }
    }

    #[test]
    fn a_push_says_what_it_does() {
        let gone = ["old.bin".parse().unwrap()];
        assert_eq!(message(&[file("a")], &[]), "push a");
        assert_eq!(
            message(&[file("a"), file("b")], &gone),
            "push 2 files, delete old.bin"
        );
    }
}
