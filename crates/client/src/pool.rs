//! Work that is kept away from the async threads: for the processor on rayon's pool, which is sized
//! to the cores, for the disk on a thread of its own.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use tokio::sync::oneshot;

/// Runs a job on the pool. A panic in it comes out here.
pub(crate) async fn run<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = oneshot::channel();
    rayon::spawn(move || {
        // The receiver is gone when nobody waits any more.
        let _ = sender.send(catch_unwind(AssertUnwindSafe(job)));
    });
    match receiver.await {
        Ok(Ok(value)) => value,
        Ok(Err(panic)) => resume_unwind(panic),
        Err(_) => unreachable!("the job sends what comes of it"),
    }
}

/// Runs a job that waits for the disk. A panic in it comes out here.
pub(crate) async fn block<T: Send + 'static>(job: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(job).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(_) => unreachable!("nobody cancels the job"),
        },
    }
}

#[cfg(test)]
mod tests {
    #[tokio::test]
    async fn a_job_gives_its_value() {
        assert_eq!(super::run(|| 6 * 7).await, 42);
    }
}
