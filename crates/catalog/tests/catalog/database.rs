//! An empty database of either kind.

use sheaf_tests::Postgres;
use tempfile::TempDir;

/// An empty database, for as long as this value lives.
pub struct Database {
    pub url: String,
    _folder: Option<TempDir>,
}

impl Database {
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            url: format!("sqlite:{}", folder.path().join("catalog").display()),
            _folder: Some(folder),
        }
    }

    /// `None` where this machine has no Postgres, which is said.
    pub fn postgres() -> Option<Self> {
        Some(Self {
            url: Postgres::shared()?.database(),
            _folder: None,
        })
    }
}

/// Makes tests of a function that takes a database: one for each kind.
macro_rules! both {
    ($test:ident) => {
        mod $test {
            #[tokio::test]
            async fn on_sqlite() {
                super::$test(super::Database::sqlite()).await;
            }

            #[tokio::test]
            async fn on_postgres() {
                if let Some(database) = super::Database::postgres() {
                    super::$test(database).await;
                }
            }
        }
    };
}

pub(crate) use both;
