//! The JSON API under `/api/v1`: one file for each noun.

pub(crate) mod blobs;
pub(crate) mod collection;
pub(crate) mod files;
pub(crate) mod jobs;
pub(crate) mod refs;
pub(crate) mod repositories;
pub(crate) mod revisions;
pub(crate) mod savings;
pub(crate) mod tokens;
pub(crate) mod uploads;
