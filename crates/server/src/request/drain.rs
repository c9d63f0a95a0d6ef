//! Bodies that are read to their end also when nobody wants the rest: a client that is still sending
//! when the connection closes never gets to read why.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody};
use axum::extract::Request;
use futures::{Stream, StreamExt};

/// How much of a body that nobody wants is read, and for how long.
const MAX_LEN: usize = 64 << 20;
const MAX_TIME: Duration = Duration::from_secs(10);

/// Makes a request's body one that is drained.
pub(crate) async fn drained(request: Request) -> Request {
    request.map(|body| match body.is_end_stream() {
        true => body,
        false => Body::from_stream(Drained(Some(body.into_data_stream()))),
    })
}

/// Holds the body until its end or an error.
struct Drained(Option<BodyDataStream>);

impl Stream for Drained {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(body) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let polled = body.poll_next_unpin(context);
        if !matches!(polled, Poll::Pending | Poll::Ready(Some(Ok(_)))) {
            self.0 = None;
        }
        polled
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        if let Some(rest) = self.0.take() {
            tokio::spawn(tokio::time::timeout(MAX_TIME, drain(rest)));
        }
    }
}

async fn drain(mut rest: BodyDataStream) {
    let mut len = 0;
    while let Some(Ok(bytes)) = rest.next().await {
        len += bytes.len();
        if len > MAX_LEN {
            return;
        }
    }
}
