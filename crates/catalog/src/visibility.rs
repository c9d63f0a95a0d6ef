//! What a caller may read, as a condition in SQL.

use sqlx::Any;
use sqlx::any::AnyArguments;
use sqlx::query::Query;

/// Which private repositories are seen; public ones always are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Visibility {
    /// All of them.
    pub all: bool,
    /// Those of a namespace, in lower case.
    pub namespace: Option<String>,
    /// The one with this key.
    pub key: Option<String>,
}

impl Visibility {
    /// Everything.
    pub fn all() -> Self {
        Self {
            all: true,
            ..Self::default()
        }
    }

    /// Binds $1, $2 and $3 of [`visible`]. No namespace and no key is empty.
    pub(crate) fn bind<'q>(
        &'q self,
        query: Query<'q, Any, AnyArguments>,
    ) -> Query<'q, Any, AnyArguments> {
        query
            .bind(i64::from(self.all))
            .bind(self.namespace.as_deref().unwrap_or_default())
            .bind(self.key.as_deref().unwrap_or_default())
    }
}

/// The condition that repository `r` is visible. Takes $1, $2 and $3 ([`Visibility::bind`]).
macro_rules! visible {
    () => {
        "(r.deleted = 0 AND \
          (r.private = 0 OR CAST($1 AS BIGINT) = 1 OR r.namespace = $2 OR r.key = $3))"
    };
}

pub(crate) use visible;
