//! Ids, names, manifests and the JSON of the API: plain data that the server, the client and the
//! catalog share. No logic beyond the grammar of each name.

mod collisions;
mod error;
mod ids;
mod names;
mod text;

pub mod access;
pub mod check;
pub mod collection;
pub mod files;
pub mod jobs;
pub mod pickles;
pub mod rebuild;
pub mod records;
pub mod repositories;
pub mod revisions;
pub mod savings;
pub mod tokens;
pub mod uploads;

pub use collisions::find_collision;
pub use error::{ErrorBody, ErrorDetail};
pub use ids::{BlobId, ChunkId, IdError, RepositoryUid, RevisionId, Sha256, TokenId, UploadId};
pub use names::{FilePath, NameError, RefName, RepositoryName};
