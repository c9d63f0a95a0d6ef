//! What handlers take out of a request.

mod body;
mod caller;
mod drain;
mod params;
mod query;

pub(crate) use body::{JsonBody, byte_stream};
pub(crate) use caller::CallerOf;
pub(crate) use drain::drained;
pub(crate) use params::Params;
pub(crate) use query::{PageQuery, QueryOf};
