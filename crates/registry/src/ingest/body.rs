//! A request's body: a stream of bytes that can end early.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use futures::stream::BoxStream;

use crate::{Error, Result};

/// The body could not be read to its end.
#[derive(Debug, thiserror::Error)]
#[error("the body could not be read")]
pub struct BodyError;

/// The bytes of a request's body.
pub type ByteStream = BoxStream<'static, std::result::Result<Bytes, BodyError>>;

/// How long a client may send nothing. It holds memory that others wait for.
const IDLE: Duration = Duration::from_secs(60);

/// Bytes of a piece that is copied to the one before it: what keeps a piece costs more than itself.
const SMALL: usize = 4096;

/// Reads a body in batches, so that work is handed to the CPU pool in pieces worth it.
pub(crate) struct Body {
    stream: ByteStream,
}

impl Body {
    pub fn new(stream: ByteStream) -> Self {
        Self { stream }
    }

    /// The next bytes: at least `wanted` unless the body ends before, which gives fewer, and then
    /// none.
    pub async fn next(&mut self, wanted: usize) -> Result<Vec<Bytes>> {
        let mut batch: Vec<Bytes> = Vec::new();
        let mut small = BytesMut::new();
        let mut len = 0;
        while len < wanted {
            let Some(bytes) = self.some().await? else {
                break;
            };
            len += bytes.len();
            if bytes.len() < SMALL {
                small.extend_from_slice(&bytes);
                continue;
            }
            if !small.is_empty() {
                batch.push(small.split().freeze());
            }
            batch.push(bytes);
        }
        if !small.is_empty() {
            batch.push(small.freeze());
        }
        Ok(batch)
    }

    /// What is left of a body whose length is known, behind `begun`.
    pub async fn rest(&mut self, begun: Vec<Bytes>, len: usize) -> Result<Vec<u8>> {
        let mut all = BytesMut::with_capacity(len);
        for bytes in begun {
            all.extend_from_slice(&bytes);
        }
        while let Some(bytes) = self.some().await? {
            if all.len() + bytes.len() > len {
                return Err(Error::Body);
            }
            all.extend_from_slice(&bytes);
        }
        if all.len() != len {
            return Err(Error::Body);
        }
        Ok(all.into())
    }

    async fn some(&mut self) -> Result<Option<Bytes>> {
        let some = tokio::time::timeout(IDLE, self.stream.next()).await;
        let some = some.map_err(|_| Error::Body)?;
        some.transpose().map_err(|BodyError| Error::Body)
    }
}
