//! Work on all cores whose results are taken in the order of the work, in bounded memory.

use std::num::NonZero;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use anyhow::{Context, anyhow};

/// Items under way beyond one for each core.
const SPARE: usize = 2;

/// How many things this machine does at once.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Takes items to work on; it says when no more are wanted.
pub type Take<'a, T> = dyn FnMut(T) -> ControlFlow<()> + 'a;

/// Works on what `produce` hands out, on all cores, and gives the results to `consume` in the order
/// of the items. Both run beside the work. What `produce` returns is returned.
///
/// No more items than cores and a few are under way. After an error, which is returned, nothing more
/// is consumed.
pub fn in_order<T: Send, R: Send, P: Send>(
    produce: impl FnOnce(&mut Take<'_, T>) -> anyhow::Result<P> + Send,
    work: impl Fn(T) -> R + Sync,
    mut consume: impl FnMut(R) -> anyhow::Result<()>,
) -> anyhow::Result<P> {
    let (jobs, queue) = channel::<Job<T, R>>();
    let (order, results) = sync_channel::<Receiver<R>>(cores() + SPARE);
    let queue = Mutex::new(queue);
    thread::scope(|scope| {
        for _ in 0..cores() {
            scope.spawn(|| worker(&queue, &work));
        }
        let producer = scope.spawn(move || produce(&mut |item| submit(item, &order, &jobs)));
        let consumed = results
            .iter()
            .try_for_each(|result| consume(result.recv().context("a thread died")?));
        // Whoever waits for room learns that there will be none.
        drop(results);
        let produced = producer.join().map_err(|_| anyhow!("a thread died"))?;
        consumed.and(produced)
    })
}

/// An item, and where its result goes.
type Job<T, R> = (T, Sender<R>);

fn submit<T, R>(
    item: T,
    order: &SyncSender<Receiver<R>>,
    jobs: &Sender<Job<T, R>>,
) -> ControlFlow<()> {
    let (answer, result) = channel();
    let sent = order.send(result).is_ok() && jobs.send((item, answer)).is_ok();
    if sent {
        ControlFlow::Continue(())
    } else {
        ControlFlow::Break(())
    }
}

fn worker<T, R>(queue: &Mutex<Receiver<Job<T, R>>>, work: impl Fn(T) -> R) {
    loop {
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok((item, answer)) = job else {
            return;
        };
        // Nobody waits for it where the consumer has failed.
        let _ = answer.send(work(item));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    fn numbers(take: &mut Take<'_, usize>) -> usize {
        (0..1000)
            .take_while(|&number| take(number).is_continue())
            .count()
    }

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let mut results = vec![];
        let produced = in_order(
            |take| Ok(numbers(take)),
            |number| number * 2,
            |result| {
                results.push(result);
                Ok(())
            },
        );
        assert_eq!(produced.unwrap(), 1000);
        assert!(results.into_iter().eq((0..1000).map(|number| number * 2)));
    }

    #[test]
    fn few_items_are_under_way() {
        let consumed = AtomicUsize::new(0);
        let checked = |number: usize| {
            let ahead = number - consumed.load(Ordering::SeqCst);
            assert!(ahead <= cores() + SPARE + 2, "{ahead} items ahead");
        };
        in_order(
            |take| {
                numbers(take);
                Ok(())
            },
            checked,
            |()| {
                consumed.fetch_add(1, Ordering::SeqCst);
                Ok(())
            },
        )
        .unwrap();
        assert_eq!(consumed.into_inner(), 1000);
    }

    #[test]
    fn an_error_ends_it() {
        let refused = in_order(
            |take| Ok(numbers(take)),
            |number| number,
            |number| match number {
                10 => Err(anyhow!("ten")),
                _ => Ok(()),
            },
        );
        assert_eq!(refused.unwrap_err().to_string(), "ten");

        let mut consumed = 0;
        let broken = in_order(
            |take| {
                let _ = take(1);
                Err::<(), _>(anyhow!("no more"))
            },
            |number| number,
            |number| {
                consumed += number;
                Ok(())
            },
        );
        assert_eq!(broken.unwrap_err().to_string(), "no more");
        assert_eq!(consumed, 1);
    }
}
