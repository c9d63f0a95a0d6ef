//! `/{namespace}/{name}/resolve/{ref}/{path}`: the raw bytes of files.

mod conditions;
mod content_type;
mod delete;
mod encoding;
mod get;
mod put;
mod range;

pub(crate) use delete::{__path_delete, delete};
pub(crate) use get::{__path_get, __path_head, get, head};
pub(crate) use put::{__path_put, put};
