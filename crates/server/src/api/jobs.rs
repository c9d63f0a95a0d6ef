use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use sheaf_registry::{JobQuery, Registry};
use sheaf_types::RepositoryName;
use sheaf_types::jobs::{Job, JobKind, JobState, NewJob};
use sheaf_types::repositories::Page;
use utoipa::IntoParams;

use crate::error::ApiError;
use crate::request::{CallerOf, JsonBody, PageQuery, Params, QueryOf, WaitQuery};

/// Which jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only of this kind.
    kind: Option<JobKind>,
    /// Only in this state.
    state: Option<JobState>,
    /// Only about this repository: whoever may write to it sees them.
    #[param(value_type = Option<String>)]
    repository: Option<RepositoryName>,
}

/// Jobs, newest first. All of them are for administrators.
#[utoipa::path(
    operation_id = "jobs_list",
    get,
    path = "/api/v1/jobs",
    tag = "jobs",
    params(Which, PageQuery),
    responses((status = 200, description = "the jobs", body = Page<Job>)),
)]
pub(crate) async fn list(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    QueryOf(which): QueryOf<Which>,
    QueryOf(page): QueryOf<PageQuery>,
) -> Result<Json<Page<Job>>, ApiError> {
    let query = JobQuery {
        kind: which.kind,
        state: which.state,
        repository: which.repository,
    };
    let page = registry.list_jobs(&caller, &query, &page.into()).await?;
    Ok(Json(page))
}

/// Starts a job.
#[utoipa::path(
    operation_id = "jobs_start",
    post,
    path = "/api/v1/jobs",
    tag = "jobs",
    request_body = NewJob,
    responses(
        (status = 201, description = "the job", body = Job),
        (status = 200, description = "the job that was there already for the same thing", body = Job),
    ),
)]
pub(crate) async fn start(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    JsonBody(new): JsonBody<NewJob>,
) -> Result<(StatusCode, Json<Job>), ApiError> {
    let (job, new) = registry.start_job(&caller, &new).await?;
    let status = match new {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    Ok((status, Json(job)))
}

/// One job; waits for its end when asked to.
#[utoipa::path(
    operation_id = "jobs_show",
    get,
    path = "/api/v1/jobs/{job}",
    tag = "jobs",
    params(("job" = i64, Path), WaitQuery),
    responses((status = 200, description = "the job", body = Job)),
)]
pub(crate) async fn show(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
    QueryOf(query): QueryOf<WaitQuery>,
) -> Result<Json<Job>, ApiError> {
    let id = params.parse("job")?;
    Ok(Json(registry.job(&caller, id, query.into()).await?))
}

/// Tries a job again that was given up.
#[utoipa::path(
    operation_id = "jobs_retry",
    post,
    path = "/api/v1/jobs/{job}/retry",
    tag = "jobs",
    params(("job" = i64, Path)),
    responses(
        (status = 200, description = "the job, which is queued", body = Job),
        (status = 409, description = "it has not failed, or its client went on by itself"),
    ),
)]
pub(crate) async fn retry(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<Json<Job>, ApiError> {
    let job = params.parse("job")?;
    Ok(Json(registry.retry_job(&caller, job).await?))
}

/// Drops a job. One that runs is stopped.
#[utoipa::path(
    operation_id = "jobs_drop",
    delete,
    path = "/api/v1/jobs/{job}",
    tag = "jobs",
    params(("job" = i64, Path)),
    responses((status = 204, description = "it is gone")),
)]
pub(crate) async fn discard(
    State(registry): State<Arc<Registry>>,
    CallerOf(caller): CallerOf,
    params: Params,
) -> Result<StatusCode, ApiError> {
    registry.drop_job(&caller, params.parse("job")?).await?;
    Ok(StatusCode::NO_CONTENT)
}
