//! Group commit: what many tasks want written at once goes to disk in one transaction, since each
//! transaction costs a sync.

use std::future::Future;
use std::pin::Pin;

use tokio::sync::{mpsc, oneshot};

use crate::engine::Writer;
use crate::{Error, Result};

/// The most that goes into one transaction.
const MAX_ITEMS: usize = 256;

type Answer<R> = oneshot::Sender<Result<R>>;
type Work<T, R> =
    fn(Writer, Vec<T>) -> Pin<Box<dyn Future<Output = Result<Vec<R>>> + Send + 'static>>;

/// A queue of one kind of write.
pub(crate) struct Group<T, R> {
    queue: mpsc::Sender<(T, Answer<R>)>,
}

impl<T: Send + 'static, R: Send + 'static> Group<T, R> {
    /// `work` writes all of a batch or none, and answers for each in order.
    pub fn new(writer: Writer, work: Work<T, R>) -> Self {
        let (queue, receiver) = mpsc::channel(MAX_ITEMS);
        tokio::spawn(drain(writer, receiver, work));
        Self { queue }
    }

    /// Writes one, together with whatever else waits.
    pub async fn submit(&self, item: T) -> Result<R> {
        let (answer, receiver) = oneshot::channel();
        self.queue
            .send((item, answer))
            .await
            .map_err(|_| Error::Closed)?;
        receiver.await.map_err(|_| Error::Closed)?
    }
}

async fn drain<T, R>(writer: Writer, mut queue: mpsc::Receiver<(T, Answer<R>)>, work: Work<T, R>) {
    let mut batch = Vec::new();
    while queue.recv_many(&mut batch, MAX_ITEMS).await > 0 {
        let (items, answers): (Vec<T>, Vec<Answer<R>>) = batch.drain(..).unzip();
        match work(writer.clone(), items).await {
            Ok(results) => {
                for (answer, result) in answers.into_iter().zip(results) {
                    let _ = answer.send(Ok(result));
                }
            }
            Err(error) => {
                for answer in answers {
                    let _ = answer.send(Err(error.clone()));
                }
            }
        }
    }
}
