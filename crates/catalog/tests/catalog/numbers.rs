//! The numbers of rows, by which what goes on for long knows what it is about.

use sheaf_catalog::{Catalog, ContentId, Expected, FileRow};
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Row, SqliteConnection};

use crate::database::{Database, both};
use crate::{World, create, later, now, open_upload, store};

/// The only file of `main`, and the number of its chunk.
async fn file_and_chunk(world: &World, url: &str) -> (FileRow, i64) {
    let head = world.head().await.unwrap();
    let files = world.catalog.all_files(head.revision).await.unwrap();
    let mut connection = AnyConnection::connect(url).await.unwrap();
    let chunk = sqlx::query_scalar("SELECT id FROM chunks")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    (files.into_iter().next().unwrap(), chunk)
}

async fn collect(world: &World) {
    let catalog = &world.catalog;
    catalog.delete_repository(world.repository).await.unwrap();
    while catalog.purge_deleted().await.unwrap() {}
    catalog.collect_contents().await.unwrap();
    catalog.mark_chunks(now()).await.unwrap();
    assert_eq!(catalog.collect_chunks(later(1)).await.unwrap().rows, 1);
}

async fn chunks_of(world: &World, content: ContentId) -> usize {
    world.catalog.list_of(content).await.unwrap().len()
}

both!(what_is_gone_leaves_its_number_to_nobody);
async fn what_is_gone_leaves_its_number_to_nobody(database: Database) {
    let url = database.url.clone();
    let mut world = World::new(database).await;
    store(&world.catalog, 1, "a", world.upload).await;
    world.commit("a", 1, Expected::Missing).await;
    let (was, was_chunk) = file_and_chunk(&world, &url).await;
    let (was_in, was_head) = (world.repository, world.head().await.unwrap().revision);
    assert_eq!(chunks_of(&world, was.content).await, 1);
    collect(&world).await;

    world.repository = create(&world.catalog, "acme/other", false).await;
    world.upload = open_upload(&world.catalog, world.repository, 2).await;
    store(&world.catalog, 2, "b", world.upload).await;
    world.commit("b", 2, Expected::Missing).await;
    let (is, is_chunk) = file_and_chunk(&world, &url).await;
    assert_ne!(is_chunk, was_chunk);
    assert_ne!(is.content, was.content);
    assert_ne!(world.repository, was_in);
    assert_ne!(world.head().await.unwrap().revision, was_head);
    assert_eq!(chunks_of(&world, was.content).await, 0);
}

/// All rows of all tables but those of migrations, as text.
async fn rows(connection: &mut SqliteConnection) -> Vec<String> {
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, 1) <> '_' \
         AND name <> 'sqlite_sequence' ORDER BY name";
    let tables: Vec<String> = sqlx::query_scalar(tables)
        .fetch_all(&mut *connection)
        .await
        .unwrap();
    let mut all = Vec::new();
    for table in tables {
        let columns = format!(
            "SELECT group_concat('quote(' || name || ')', ' || '' '' || ') FROM pragma_table_info('{table}')"
        );
        let columns: String = sqlx::query_scalar(AssertSqlSafe(columns))
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        let query = AssertSqlSafe(format!("SELECT {columns} FROM {table} ORDER BY 1"));
        let rows = sqlx::query(query).fetch_all(&mut *connection).await;
        let rows = rows.unwrap();
        all.extend(
            rows.iter()
                .map(|row| format!("{table} {}", row.get::<String, _>(0))),
        );
    }
    all
}

#[tokio::test]
async fn tables_that_are_made_anew_keep_their_rows_and_those_that_point_to_them() {
    let database = Database::sqlite();
    let url = database.url.clone();
    let world = World::new(database).await;
    store(&world.catalog, 1, "a", world.upload).await;
    world.commit("a", 1, Expected::Missing).await;
    let pinning = open_upload(&world.catalog, world.repository, 2).await;
    store(&world.catalog, 2, "b", pinning).await;
    world.catalog.close().await;

    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let were = rows(&mut connection).await;
    for table in [
        "chunks",
        "content_chunks",
        "refs",
        "revision_files",
        "upload_pins",
        "uploads",
    ] {
        assert!(
            were.iter().any(|row| row.starts_with(table)),
            "{table}: {were:#?}"
        );
    }
    // As if the migration had been interrupted before it was noted.
    sqlx::query("DELETE FROM _sqlx_migrations WHERE description = '0010_numbers'")
        .execute(&mut connection)
        .await
        .unwrap();
    let again = Catalog::open(&url).await.unwrap();
    assert_eq!(rows(&mut connection).await, were);
    let broken = sqlx::query("PRAGMA foreign_key_check").fetch_all(&mut connection);
    assert!(broken.await.unwrap().is_empty());
    // Keys are looked at again.
    again.delete_repository(world.repository).await.unwrap();
    while again.purge_deleted().await.unwrap() {}
    let left = rows(&mut connection).await;
    assert!(
        !left.iter().any(|row| row.starts_with("refs ")),
        "{left:#?}"
    );
}
