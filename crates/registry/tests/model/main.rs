//! Random sequences of operations on a whole registry, each beside what a model of it says.
//!
//! The model is what a user believes a registry to be: repositories, refs, revisions, files, and who may see
//! them. It knows neither rows nor objects. After each operation both must answer the same, and show the
//! same to everybody; in the end the store holds what is reached, and nothing else.

#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;
mod files;
mod model;
mod operation;
mod pair;
mod real;

use operation::Operation;
use pair::Pair;
use proptest::prelude::*;
use real::Database;
use sheaf_tests::Postgres;

fn run(database: Database, operations: Vec<Operation>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut pair = Pair::new(database).await;
        for operation in operations {
            pair.step(operation).await;
        }
        pair.finish().await;
    });
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    prop::collection::vec(operation::any(), 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(24)))]

    #[test]
    fn a_registry_on_sqlite_is_what_its_users_believe(operations in operations()) {
        run(Database::sqlite(), operations);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases(8)))]

    #[test]
    fn a_registry_on_postgres_is_what_its_users_believe(operations in operations()) {
        if let Some(postgres) = Postgres::shared() {
            run(Database::postgres(postgres), operations);
        }
    }
}

/// `PROPTEST_CASES` asks for more.
fn cases(unless_asked: u32) -> u32 {
    let asked = std::env::var("PROPTEST_CASES").ok();
    asked.and_then(|n| n.parse().ok()).unwrap_or(unless_asked)
}
