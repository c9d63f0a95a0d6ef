//! What is opened, and opened again.

use sheaf_catalog::Catalog;

use crate::create;
use crate::database::{Database, both};

both!(what_was_written_is_there_after_a_restart);
async fn what_was_written_is_there_after_a_restart(database: Database) {
    let catalog = Catalog::open(&database.url).await.unwrap();
    create(&catalog, "acme/model", false).await;
    catalog.close().await;
    let catalog = Catalog::open(&database.url).await.unwrap();
    let found = catalog
        .find_repository(&"acme/model".parse().unwrap())
        .await;
    assert!(found.unwrap().is_some());
}

#[tokio::test]
async fn another_database_is_refused_with_a_sentence() {
    let error = Catalog::open("mysql://me:secret@localhost/sheaf")
        .await
        .err()
        .unwrap();
    assert_eq!(
        error.to_string(),
        "the catalog's URL is not one that is supported: \
         use sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE"
    );
}
