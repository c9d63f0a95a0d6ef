use std::time::Duration;

use sheaf_types::jobs::{Job, JobId, JobKind, JobState, NewJob};
use sheaf_types::repositories::Page;

use crate::request::Request;
use crate::route::{API, query};
use crate::{Client, Error};

impl Client {
    /// One page of the jobs, newest first.
    pub async fn jobs(
        &self,
        kind: Option<JobKind>,
        state: Option<JobState>,
        cursor: Option<&str>,
    ) -> Result<Page<Job>, Error> {
        let parameters = [
            ("kind", kind.map(|kind| kind.to_string())),
            ("state", state.map(|state| state.to_string())),
            ("cursor", cursor.map(str::to_owned)),
        ];
        let route = query(format!("{API}/jobs"), &parameters);
        self.json(Request::get(route)).await
    }

    /// A job, once it has ended or so much time is over.
    pub async fn job(&self, id: JobId, wait: Duration) -> Result<Job, Error> {
        let route = format!("{API}/jobs/{id}?wait={}", wait.as_secs());
        self.json(Request::get(route)).await
    }

    /// Starts a job, or gives the one that does the same already.
    pub async fn start_job(&self, new: &NewJob) -> Result<Job, Error> {
        let request = Request::post(format!("{API}/jobs")).json(new)?;
        // The same job is there once.
        self.json(request.idempotent()).await
    }

    /// Tries a job again that failed.
    pub async fn retry_job(&self, id: JobId) -> Result<Job, Error> {
        self.json(Request::post(format!("{API}/jobs/{id}/retry")))
            .await
    }

    /// Drops a job.
    pub async fn drop_job(&self, id: JobId) -> Result<(), Error> {
        self.done(Request::delete(format!("{API}/jobs/{id}"))).await
    }
}
