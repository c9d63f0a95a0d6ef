//! Connections whose client takes nothing any more are closed: what was decoded for them is memory
//! that others wait for.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep};

/// How long a client may take nothing of what is written to it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Connections at once. Others wait to be accepted.
const MAX_CONNECTIONS: usize = 1024;

/// How long a connection may be idle, in both directions: longer than any answer takes to begin, such
/// as that to a large file which was spooled and is then encoded.
const IDLE: Duration = Duration::from_secs(3600);

/// Accepts connections that are closed when they stall.
pub(crate) struct Patient {
    listener: TcpListener,
    places: Arc<Semaphore>,
}

impl Patient {
    pub fn new(listener: TcpListener) -> Self {
        Self {
            listener,
            places: Arc::new(Semaphore::new(MAX_CONNECTIONS)),
        }
    }
}

impl Listener for Patient {
    type Io = Watched<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        // It is never closed.
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        let (stream, address) = Listener::accept(&mut self.listener).await;
        // Small answers must not wait for more to send.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "no TCP_NODELAY");
        }
        (Watched::new(stream, place), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection that fails when a write does not go on for a while, or nothing does for longer.
pub(crate) struct Watched<S> {
    stream: S,
    /// Runs while a write waits.
    waiting: Option<Pin<Box<Sleep>>>,
    /// Runs since something was last read or written.
    idle: Pin<Box<Sleep>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl<S> Watched<S> {
    fn new(stream: S, place: Option<OwnedSemaphorePermit>) -> Self {
        Self {
            stream,
            waiting: None,
            idle: Box::pin(tokio::time::sleep(IDLE)),
            _place: place,
        }
    }

    fn stir(&mut self) {
        self.idle.as_mut().reset(Instant::now() + IDLE);
    }

    fn watch<T>(
        &mut self,
        cx: &mut Context<'_>,
        write: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if write.is_ready() {
            self.waiting = None;
            self.stir();
            return write;
        }
        let waiting = self
            .waiting
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(PATIENCE)));
        waiting
            .as_mut()
            .poll(cx)
            .map(|()| Err(timed_out("the client takes nothing any more")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if read.is_ready() {
            self.stir();
            return read;
        }
        self.idle
            .as_mut()
            .poll(cx)
            .map(|()| Err(timed_out("the client sends nothing any more")))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.watch(cx, write)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let write = Pin::new(&mut self.stream).poll_write_vectored(cx, bytes);
        self.watch(cx, write)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

fn timed_out(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, message)
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// Time stands still in this test but for those who wait: nothing takes a minute.
    #[tokio::test(start_paused = true)]
    async fn a_write_fails_only_when_none_goes_on() {
        let (ours, mut theirs) = tokio::io::duplex(4);
        let mut ours = Watched::new(ours, None);
        ours.write_all(b"full").await.unwrap();
        // Taken late, but taken.
        let taking = tokio::spawn(async move {
            tokio::time::sleep(PATIENCE / 2).await;
            let mut taken = [0; 4];
            theirs.read_exact(&mut taken).await.unwrap();
            theirs
        });
        ours.write_all(b"more").await.unwrap();
        let _theirs = taking.await.unwrap();
        let error = ours.write_all(b"stalled").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_read_fails_only_when_nothing_goes_either_way() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let mut ours = Watched::new(ours, None);
        let mut byte = [0];
        for _ in 0..3 {
            tokio::time::sleep(IDLE * 2 / 3).await;
            ours.write_all(b"a").await.unwrap();
            tokio::time::sleep(IDLE * 2 / 3).await;
            theirs.write_all(b"b").await.unwrap();
            ours.read_exact(&mut byte).await.unwrap();
        }
        let error = ours.read_exact(&mut byte).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
