//! Collections and checks in between.

use sheaf_types::check::{CheckDepth, NewCheck};
use sheaf_types::jobs::{JobResult, JobState, NewJob};

use super::{AT_ONCE, Pair};
use crate::model::Who;

impl Pair {
    pub(super) async fn collect(&mut self) {
        let real = &self.real;
        let done = real.registry.collect(real.caller(Who::Admin)).await;
        assert_eq!(done.unwrap().revisions.waiting, 0);
        self.model.collect();
        let (stored, _) = self.real.stored();
        assert!(stored.is_superset(&self.model.chunks()));
    }

    pub(super) async fn check(&self) {
        let (registry, admin) = (&self.real.registry, self.real.caller(Who::Admin));
        let check = NewJob::Check(NewCheck {
            depth: CheckDepth::Decoded,
            ..NewCheck::default()
        });
        let (mut job, _) = registry.start_job(admin, &check).await.unwrap();
        while matches!(job.state, JobState::Queued | JobState::Running) {
            job = registry.job(admin, job.id, AT_ONCE).await.unwrap();
        }
        match job.result {
            Some(JobResult::Check(found)) => {
                assert_eq!(found.faults_found, 0, "{:?}", found.faults)
            }
            other => panic!("a check that found {other:?}: {:?}", job.error),
        }
    }
}
