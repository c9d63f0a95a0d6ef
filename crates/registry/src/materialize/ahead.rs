//! What goes out is decoded a little ahead of the reader, as far as memory is free.
//!
//! Each reader has one piece in the making whatever the others hold, so that readers that do not read
//! can slow the others down and never stop them. Where memory is short that piece is one frame.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt, stream};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

use super::run::Run;
use crate::budget::Reserved;
use crate::{Error, Registry, Result};

/// Pieces that are in the making at once, for one reader.
const AHEAD: usize = 4;

/// What goes out next.
pub(crate) enum Piece {
    /// These bytes.
    Bytes(Bytes),
    /// Frames, decoded or stored.
    Run(Run),
}

/// Bytes that go out, and how many of a file's they stand for.
pub(crate) struct Out {
    pub bytes: Bytes,
    pub raw_len: u64,
}

struct Ahead {
    registry: Arc<Registry>,
    pieces: BoxStream<'static, Result<Piece>>,
    /// A piece for which there was no memory yet.
    held: Option<Piece>,
    making: VecDeque<AbortOnDropHandle<Result<Out>>>,
}

/// Makes the pieces, in their order, several at once.
pub(crate) fn ahead(
    registry: Arc<Registry>,
    pieces: BoxStream<'static, Result<Piece>>,
) -> BoxStream<'static, Result<Out>> {
    let ahead = Ahead {
        registry,
        pieces,
        held: None,
        making: VecDeque::new(),
    };
    stream::try_unfold(ahead, |mut ahead| async move {
        ahead.begin().await?;
        let Some(next) = ahead.making.pop_front() else {
            return Ok(None);
        };
        let out = next.await.map_err(Error::internal)??;
        Ok(Some((out, ahead)))
    })
    .boxed()
}

impl Ahead {
    /// Begins as many pieces as there is memory for, at least one.
    async fn begin(&mut self) -> Result<()> {
        while self.making.len() < AHEAD {
            let piece = match self.held.take() {
                Some(piece) => piece,
                None => match self.pieces.try_next().await? {
                    Some(piece) => piece,
                    None => return Ok(()),
                },
            };
            let Some((piece, reserved)) = self.admit(piece) else {
                return Ok(());
            };
            let task = make(Arc::clone(&self.registry), piece, reserved);
            let task = AbortOnDropHandle::new(tokio::spawn(task.in_current_span()));
            self.making.push_back(task);
        }
        Ok(())
    }

    /// A piece that may begin now. One for which there is no memory is held, or cut down when it is
    /// the reader's only one.
    fn admit(&mut self, piece: Piece) -> Option<(Piece, Option<Reserved>)> {
        let run = match piece {
            Piece::Bytes(_) => return Some((piece, None)),
            Piece::Run(run) => run,
        };
        if let Some(reserved) = self.registry.serve_budget.try_reserve(run.memory()) {
            return Some((Piece::Run(run), Some(reserved)));
        }
        if !self.making.is_empty() {
            self.held = Some(Piece::Run(run));
            return None;
        }
        let (first, others) = run.split();
        self.held = others.map(Piece::Run);
        Some((Piece::Run(first), None))
    }
}

/// On a task of its own, so that it goes on while the reader is not looking.
async fn make(registry: Arc<Registry>, piece: Piece, reserved: Option<Reserved>) -> Result<Out> {
    match piece {
        Piece::Bytes(bytes) => Ok(Out { bytes, raw_len: 0 }),
        Piece::Run(run) => registry.make_run(run, reserved).await,
    }
}
