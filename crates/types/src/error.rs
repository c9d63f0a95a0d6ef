use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What every failed request answers with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorDetail,
}

/// A stable code for programs and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorDetail {
    /// Stable, in snake case: `repository_not_found`.
    pub code: String,
    /// One sentence that says what to do.
    pub message: String,
}
