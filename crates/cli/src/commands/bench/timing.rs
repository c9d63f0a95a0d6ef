//! How long work takes, on several threads.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Barrier, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

/// Runs of which the median is taken.
const RUNS: usize = 5;
/// Seconds that a run takes at least, so that clock and threads do not matter: short work is repeated.
const RUN_SECONDS: f64 = 0.05;

/// Seconds in which the workers, a thread each, do so many jobs. Whoever is free takes the next.
pub fn seconds<W: Send>(
    workers: Vec<W>,
    jobs: usize,
    work: impl Fn(&mut W, usize) -> anyhow::Result<()> + Sync,
) -> anyhow::Result<f64> {
    let shared = Shared {
        barrier: Barrier::new(workers.len() + 1),
        next: AtomicUsize::new(0),
        end: AtomicUsize::new(0),
        failed: Mutex::new(None),
    };
    let (shared_ref, work) = (&shared, &work);
    let mut runs = thread::scope(|scope| {
        for mut worker in workers {
            scope.spawn(move || shared_ref.take_part(|job| work(&mut worker, job % jobs)));
        }
        let passes = shared_ref.warm_up(jobs);
        let run = |_| shared_ref.run(passes * jobs) / passes as f64;
        let runs: Vec<f64> = (0..RUNS).map(run).collect();
        shared_ref.run(0);
        runs
    });
    if let Some(error) = shared.failed().take() {
        return Err(error);
    }
    runs.sort_by(f64::total_cmp);
    Ok(runs[RUNS / 2])
}

/// What the threads share. All begin and end a run together.
struct Shared {
    barrier: Barrier,
    next: AtomicUsize,
    end: AtomicUsize,
    failed: Mutex<Option<anyhow::Error>>,
}

impl Shared {
    /// Does the jobs until they have been done often enough for a run; returns how often that is.
    fn warm_up(&self, jobs: usize) -> usize {
        let mut passes = 1;
        while self.run(passes * jobs) < RUN_SECONDS && self.failed().is_none() {
            passes *= 2;
        }
        passes
    }

    /// Has the threads do so many jobs; returns the seconds that it took. After none they end.
    fn run(&self, jobs: usize) -> f64 {
        self.next.store(0, Ordering::Relaxed);
        self.end.store(jobs, Ordering::Relaxed);
        // Before the others may begin: this thread may have to wait for its turn.
        let start = Instant::now();
        self.barrier.wait();
        self.barrier.wait();
        start.elapsed().as_secs_f64()
    }

    /// A thread's part of all runs. Also one that fails goes on to the last, since all wait for each
    /// other.
    fn take_part(&self, mut work: impl FnMut(usize) -> anyhow::Result<()>) {
        loop {
            self.barrier.wait();
            let end = self.end.load(Ordering::Relaxed);
            if let Err(error) = self.jobs(end, &mut work) {
                *self.failed() = Some(error);
            }
            self.barrier.wait();
            if end == 0 {
                return;
            }
        }
    }

    fn failed(&self) -> MutexGuard<'_, Option<anyhow::Error>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn jobs(
        &self,
        end: usize,
        work: &mut impl FnMut(usize) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        loop {
            let job = self.next.fetch_add(1, Ordering::Relaxed);
            if job >= end {
                return Ok(());
            }
            work(job)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[test]
    fn every_job_is_done_equally_often() {
        let done: [AtomicUsize; 7] = Default::default();
        let seconds = seconds(vec![(); 3], 7, |(), job| {
            done[job].fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
        assert!(seconds.unwrap() > 0.0);
        let counts = done.map(AtomicUsize::into_inner);
        assert!(counts[0] > RUNS && counts == [counts[0]; 7], "{counts:?}");
    }

    #[test]
    fn a_failure_is_told() {
        let error = seconds(vec![(); 2], 5, |(), job| match job {
            3 => bail!("job 3"),
            _ => Ok(()),
        });
        assert_eq!(error.unwrap_err().to_string(), "job 3");
    }
}
