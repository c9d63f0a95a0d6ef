//! What handlers take out of a request.

mod body;
mod caller;
mod params;
mod query;

pub(crate) use body::{JsonBody, byte_stream};
pub(crate) use caller::CallerOf;
pub(crate) use params::Params;
pub(crate) use query::{PageQuery, QueryOf};
