//! The queue: who gets a job, for how long, and what becomes of it.

use std::time::Duration;

use sheaf_catalog::{
    CommitOutcome, Dropped, Expected, JobFilter, Lease, NewJob, Progress, Queued, Retried,
};
use sheaf_types::jobs::{JobId, JobKind, JobState};
use sheaf_types::uploads::UploadState;
use sheaf_types::{ChunkId, ErrorDetail};

use crate::database::{Database, both};
use crate::{World, later};

const LONG: Duration = Duration::from_secs(3600);
/// Over as soon as it begins.
const NONE: Duration = Duration::ZERO;

fn error(code: &str) -> ErrorDetail {
    ErrorDetail {
        code: code.into(),
        message: format!("it is {code}"),
    }
}

impl World {
    async fn queue(&self, key: &str) -> Queued {
        self.queue_unless_done(key, NONE).await
    }

    async fn queue_unless_done(&self, key: &str, unless_done_within: Duration) -> Queued {
        let new = NewJob {
            kind: JobKind::Collect,
            key,
            repository: Some(self.repository),
            what: "all of it",
            payload: key,
            unless_done_within,
        };
        self.catalog.queue_job(&new).await.unwrap()
    }

    /// Claims a job, and gives what was asked and the lease.
    async fn claim(&self, lease: Duration) -> Option<(String, Lease)> {
        let job = self.catalog.claim_job(JobKind::Collect, "me", lease).await;
        job.unwrap().map(|job| (job.payload, job.lease))
    }

    async fn claim_commit(&self, lease: Duration) -> Option<sheaf_catalog::Job> {
        let job = self.catalog.claim_job(JobKind::Commit, "me", lease).await;
        job.unwrap()
    }

    async fn job(&self, job: JobId) -> sheaf_types::jobs::Job {
        self.catalog.find_job(job).await.unwrap().unwrap().job
    }

    async fn upload_state(&self) -> (UploadState, Option<ErrorDetail>) {
        let row = self
            .catalog
            .find_upload(self.repository, &self.upload)
            .await;
        let upload = row.unwrap().unwrap().upload;
        (upload.state, upload.error)
    }

    async fn renew(&self, lease: &Lease) -> bool {
        self.catalog.renew_job(lease, LONG).await.unwrap()
    }
}

both!(a_promised_commit_is_worked_on_by_one_at_a_time);
async fn a_promised_commit_is_worked_on_by_one_at_a_time(database: Database) {
    let world = World::new(database).await;
    let catalog = &world.catalog;
    assert!(catalog.queue_commit(&world.upload, "{}").await.unwrap());
    assert!(!catalog.queue_commit(&world.upload, "{}").await.unwrap());
    assert_eq!(world.claim(LONG).await, None, "of another kind");
    let job = world.claim_commit(LONG).await.unwrap();
    assert_eq!(
        (job.upload, job.repository, job.fruitless),
        (Some(world.upload), Some(world.repository), 1)
    );
    assert_eq!(world.claim_commit(LONG).await, None);
    let pinned = catalog.pin_shown(&world.upload, &ChunkId([7; 32])).await;
    assert_eq!(pinned.unwrap(), None, "an upload that is being committed");

    let moved = error("branch_moved");
    let refused = catalog.refuse_commit(&job.lease, &world.upload, &moved, later(99));
    assert!(refused.await.unwrap());
    let failed = (UploadState::Failed, Some(moved));
    assert_eq!(world.upload_state().await, failed);
    assert_eq!(catalog.find_job(job.lease.job).await.unwrap(), None);
}

both!(a_commit_ends_with_its_upload);
async fn a_commit_ends_with_its_upload(database: Database) {
    let world = World::new(database).await;
    let catalog = &world.catalog;
    catalog.queue_commit(&world.upload, "{}").await.unwrap();
    let job = world.claim_commit(LONG).await.unwrap();
    assert_eq!(catalog.expire_uploads(later(999)).await.unwrap(), 0);
    assert!(world.renew(&job.lease).await);
    assert!(catalog.drop_upload(&world.upload).await.unwrap());
    assert!(!world.renew(&job.lease).await);
    assert_eq!(world.claim_commit(NONE).await, None);
    let outcome = world.commit("a", 1, Expected::Missing).await;
    assert_eq!(outcome, CommitOutcome::UploadGone);
    assert_eq!(world.head().await, None);
}

both!(a_commit_that_is_given_up_tells_its_client_and_can_be_tried_again);
async fn a_commit_that_is_given_up_tells_its_client_and_can_be_tried_again(database: Database) {
    let world = World::new(database).await;
    let catalog = &world.catalog;
    catalog.queue_commit(&world.upload, "{}").await.unwrap();
    let job = world.claim_commit(LONG).await.unwrap();
    let (cause, told) = (error("internal"), error("told"));
    let commit = Some((&world.upload, &told, later(99)));
    let given_up = catalog.give_up_job(&job.lease, &cause, commit);
    given_up.await.unwrap();
    assert_eq!(
        world.upload_state().await,
        (UploadState::Failed, Some(told))
    );
    let dead = world.job(job.lease.job).await;
    assert_eq!((dead.state, dead.error), (JobState::Failed, Some(cause)));
    assert_eq!(world.claim_commit(NONE).await, None);

    let retried = catalog.retry_job(job.lease.job).await.unwrap();
    assert_eq!(retried, Retried::Queued);
    assert_eq!(world.upload_state().await, (UploadState::Committing, None));
    let again = world.claim_commit(LONG).await.unwrap();
    assert_eq!((again.lease.job, again.fruitless), (job.lease.job, 1));
    let running = catalog.retry_job(job.lease.job).await.unwrap();
    assert_eq!(running, Retried::NotFailed);
}

both!(a_commit_that_was_given_up_makes_way_for_its_clients_next);
async fn a_commit_that_was_given_up_makes_way_for_its_clients_next(database: Database) {
    let world = World::new(database).await;
    let catalog = &world.catalog;
    catalog.queue_commit(&world.upload, "first").await.unwrap();
    let first = world.claim_commit(LONG).await.unwrap();
    let told = error("internal");
    let commit = Some((&world.upload, &told, later(99)));
    let given_up = catalog.give_up_job(&first.lease, &told, commit);
    given_up.await.unwrap();
    assert!(
        catalog
            .reopen_upload(&world.upload, later(99))
            .await
            .unwrap()
    );
    let retried = catalog.retry_job(first.lease.job).await.unwrap();
    assert_eq!(retried, Retried::Superseded);

    assert!(catalog.queue_commit(&world.upload, "next").await.unwrap());
    let next = world.claim_commit(LONG).await.unwrap();
    assert_eq!(next.payload, "next");
    let every = JobFilter::default();
    let all = catalog.list_jobs(&every, JobId(i64::MAX), 9).await;
    assert_eq!(all.unwrap().len(), 1);
}

both!(a_commit_that_is_dropped_tells_its_client);
async fn a_commit_that_is_dropped_tells_its_client(database: Database) {
    let world = World::new(database).await;
    let catalog = &world.catalog;
    catalog.queue_commit(&world.upload, "{}").await.unwrap();
    let job = world.claim_commit(LONG).await.unwrap().lease;
    let told = error("job_dropped");
    let dropped = catalog.drop_job(job.job, &told, later(99)).await.unwrap();
    assert_eq!(dropped, Dropped::Dropped);
    assert!(!world.renew(&job).await, "whoever works on it is to stop");
    assert_eq!(
        world.upload_state().await,
        (UploadState::Failed, Some(told.clone()))
    );
    let outcome = world.commit("a", 1, Expected::Missing).await;
    assert_eq!(outcome, CommitOutcome::UploadGone, "the client was told");
    let again = catalog.drop_job(job.job, &told, later(99)).await.unwrap();
    assert_eq!(again, Dropped::Gone);
}

both!(a_lease_that_is_over_can_be_taken_and_the_first_holder_has_lost_it);
async fn a_lease_that_is_over_can_be_taken_and_the_first_holder_has_lost_it(database: Database) {
    let world = World::new(database).await;
    let catalog = &world.catalog;
    let queued = world.queue("x").await;
    let (_, first) = world.claim(NONE).await.unwrap();
    let (_, second) = world.claim(LONG).await.unwrap();
    assert_eq!((first.job, second.job), (queued.job, queued.job));
    assert!(!world.renew(&first).await);
    assert!(world.renew(&second).await);

    // What the first says of it is passed over.
    catalog.end_job(&first, "null").await.unwrap();
    let told = error("internal");
    catalog.give_up_job(&first, &told, None).await.unwrap();
    catalog.retry_job_later(&first, &told, NONE).await.unwrap();
    catalog.put_back_job(&first).await.unwrap();
    assert_eq!(world.job(queued.job).await.state, JobState::Running);
    assert_eq!(world.claim(LONG).await, None);
    catalog.end_job(&second, "null").await.unwrap();
    let done = world.job(queued.job).await;
    assert_eq!((done.state, done.attempts), (JobState::Done, 2));
    assert_eq!(done.runner.as_deref(), Some("me"));
}

both!(the_same_is_queued_once_until_it_has_ended);
async fn the_same_is_queued_once_until_it_has_ended(database: Database) {
    let world = World::new(database).await;
    let first = world.queue("x").await;
    assert!(first.new);
    let second = world.queue("x").await;
    assert_eq!((second.job, second.new), (first.job, false));
    let other = world.queue("y").await;
    assert!(other.new);
    let (what, lease) = world.claim(LONG).await.unwrap();
    assert_eq!(what, "x", "first come, first served");
    assert!(!world.queue("x").await.new, "it runs");
    world.catalog.end_job(&lease, "null").await.unwrap();
    assert!(!world.queue_unless_done("x", LONG).await.new);
    let again = world.queue("x").await;
    assert!(again.new && again.job > other.job);
    assert_eq!(world.catalog.find_job(first.job).await.unwrap(), None);
}

both!(a_job_that_failed_waits_before_it_is_tried_again);
async fn a_job_that_failed_waits_before_it_is_tried_again(database: Database) {
    let world = World::new(database).await;
    let catalog = &world.catalog;
    let job = world.queue("x").await.job;
    let (_, lease) = world.claim(LONG).await.unwrap();
    let why = error("unavailable");
    catalog.retry_job_later(&lease, &why, LONG).await.unwrap();
    assert_eq!(world.claim(LONG).await, None);
    let waiting = world.job(job).await;
    assert_eq!(
        (waiting.state, waiting.error),
        (JobState::Queued, Some(why))
    );
    assert!(waiting.retry_at > waiting.started_at);

    world.queue("y").await;
    let (what, lease) = world.claim(LONG).await.unwrap();
    assert_eq!(what, "y", "others go on meanwhile");
    let why = error("unavailable");
    catalog.retry_job_later(&lease, &why, NONE).await.unwrap();
    let again = world.claim(LONG).await.unwrap();
    assert_eq!(again.0, "y");
}

both!(attempts_that_get_on_are_not_counted_against_a_job);
async fn attempts_that_get_on_are_not_counted_against_a_job(database: Database) {
    let world = World::new(database).await;
    let catalog = &world.catalog;
    world.queue("x").await;
    for fruitless in 1..3 {
        let claimed = catalog.claim_job(JobKind::Collect, "me", NONE).await;
        assert_eq!(claimed.unwrap().unwrap().fruitless, fruitless);
    }
    let (_, lease) = world.claim(LONG).await.unwrap();
    let progress = Progress {
        done: 3,
        total: 9,
        note: "of nine",
        memory: "three",
        got_on: true,
    };
    assert!(
        catalog
            .note_progress(&lease, &progress, NONE)
            .await
            .unwrap()
    );
    let claimed = catalog.claim_job(JobKind::Collect, "you", LONG).await;
    let next = claimed.unwrap().unwrap();
    assert_eq!((next.fruitless, next.memory.as_deref()), (1, Some("three")));
    let none = Progress {
        got_on: false,
        ..progress
    };
    assert!(
        catalog
            .note_progress(&next.lease, &none, LONG)
            .await
            .unwrap()
    );
    let fruitless = catalog.fruitless_attempts(&next.lease).await;
    assert_eq!(fruitless.unwrap(), 1);
    assert!(
        !catalog
            .note_progress(&lease, &progress, NONE)
            .await
            .unwrap()
    );
    let shown = world.job(next.lease.job).await;
    assert_eq!((shown.progress.done, shown.progress.total), (3, 9));
    assert_eq!((shown.attempts, shown.runner.as_deref()), (4, Some("you")));

    // A server that ends in good order has not tried in vain.
    catalog.put_back_job(&next.lease).await.unwrap();
    let claimed = catalog.claim_job(JobKind::Collect, "me", LONG).await;
    assert_eq!(claimed.unwrap().unwrap().fruitless, 1);
}

both!(jobs_are_listed_newest_first_by_what_is_asked);
async fn jobs_are_listed_newest_first_by_what_is_asked(database: Database) {
    let world = World::new(database).await;
    let catalog = &world.catalog;
    catalog.queue_commit(&world.upload, "{}").await.unwrap();
    world.queue("x").await;
    world.claim(LONG).await.unwrap();
    world.queue("y").await;
    let kinds = async |filter: JobFilter, before: i64, limit: u32| {
        let rows = catalog.list_jobs(&filter, JobId(before), limit).await;
        let jobs = rows.unwrap().into_iter().map(|row| row.job);
        jobs.map(|job| (job.kind, job.state)).collect::<Vec<_>>()
    };
    let (commit, x, y) = (
        (JobKind::Commit, JobState::Queued),
        (JobKind::Collect, JobState::Running),
        (JobKind::Collect, JobState::Queued),
    );
    let all = JobFilter::default();
    assert_eq!(kinds(all, i64::MAX, 9).await, [y, x, commit]);
    assert_eq!(kinds(all, i64::MAX, 1).await, [y]);
    assert_eq!(kinds(all, world.queue("y").await.job.0, 1).await, [x]);
    let some = JobFilter {
        kind: Some(JobKind::Commit),
        ..all
    };
    assert_eq!(kinds(some, i64::MAX, 9).await, [commit]);
    let some = JobFilter {
        state: Some(JobState::Queued),
        repository: Some(world.repository),
        ..all
    };
    assert_eq!(kinds(some, i64::MAX, 9).await, [y, commit]);
    let other = crate::create(catalog, "acme/other", false).await;
    let some = JobFilter {
        repository: Some(other),
        ..all
    };
    assert_eq!(kinds(some, i64::MAX, 9).await, []);
    let row = catalog.list_jobs(&all, JobId(i64::MAX), 1).await.unwrap();
    assert_eq!(
        row[0].job.repository.as_ref().unwrap().to_string(),
        "acme/model"
    );
}
