//! Servers of one version on the catalog of another.

use sheaf_catalog::{Catalog, Error, Expected};
use sqlx::{AnyConnection, AssertSqlSafe, Connection};

use crate::database::{Database, both};
use crate::{World, store};

/// Does to a database what a newer server does that has one more migration.
async fn migrate(url: &str, number: u32, name: &str, change: &str) {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(url).await.unwrap();
    let noted = format!(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         SELECT {number}, '{name}', success, checksum, execution_time FROM _sqlx_migrations \
         WHERE version = 1"
    );
    for sql in [change, &noted] {
        let done = sqlx::query(AssertSqlSafe(sql.to_owned()));
        done.execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
}

both!(a_server_starts_again_after_a_newer_one_has_upgraded_the_catalog);
async fn a_server_starts_again_after_a_newer_one_has_upgraded_the_catalog(database: Database) {
    let url = database.url.clone();
    let world = World::new(database).await;
    let change = "ALTER TABLE chunks ADD COLUMN new BIGINT NOT NULL DEFAULT 0";
    migrate(&url, 9001, "9001_new", change).await;

    let again = Catalog::open(&url).await.unwrap();
    store(&again, 1, "a", world.upload).await;
    world.commit("a", 1, Expected::Missing).await;
    assert!(world.head().await.is_some());
}

both!(a_server_that_cannot_work_beside_a_newer_one_says_so);
async fn a_server_that_cannot_work_beside_a_newer_one_says_so(database: Database) {
    let url = database.url.clone();
    let world = World::new(database).await;
    world.catalog.close().await;
    let change = "ALTER TABLE chunks RENAME TO pieces";
    migrate(&url, 9001, "9001_pieces_breaking", change).await;

    let refused = Catalog::open(&url).await;
    assert!(matches!(refused, Err(Error::Newer)));
}
