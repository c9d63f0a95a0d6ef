//! What handlers take out of a request.

mod body;
mod caller;
mod drain;
mod headers;
mod params;
mod query;

pub(crate) use body::{JsonBody, byte_stream, list};
pub(crate) use caller::CallerOf;
pub(crate) use drain::drained;
pub(crate) use headers::{content_length, text};
pub(crate) use params::Params;
pub(crate) use query::{PageQuery, QueryOf, WaitQuery};
