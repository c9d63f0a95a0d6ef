//! What is noted for the object store, and what is forgotten of it.

use sheaf_catalog::{Catalog, Expected, RepositoryId, Wanted};
use sheaf_types::RepositoryName;
use sheaf_types::records::{RefRecord, Subject};
use sheaf_types::repositories::RepositoryChange;
use sheaf_types::revisions::RefKind;

use crate::database::{Database, both};
use crate::{World, main_branch, store};

/// Notes that all records of a repository are written.
pub async fn write_all(catalog: &Catalog, repository: RepositoryId) {
    for record in catalog.wanted_records(repository, 100).await.unwrap() {
        catalog.record_written(record.id).await.unwrap();
    }
}

async fn wanted(world: &World) -> Vec<Wanted> {
    let records = world.catalog.wanted_records(world.repository, 100).await;
    records.unwrap().into_iter().map(|r| r.wanted).collect()
}

async fn unwanted(catalog: &Catalog) -> usize {
    catalog.unwanted_records("", 100).await.unwrap().len()
}

both!(each_change_is_noted_with_a_higher_generation);
async fn each_change_is_noted_with_a_higher_generation(database: Database) {
    let world = World::new(database).await;
    let catalog = &world.catalog;
    store(catalog, 1, "a", world.upload).await;
    world.commit("a", 1, Expected::Missing).await;
    let head = world.head().await.unwrap();
    let tag = "v1".parse().unwrap();
    catalog
        .set_ref(
            world.repository,
            &tag,
            RefKind::Tag,
            head.revision,
            Expected::Missing,
        )
        .await
        .unwrap();
    catalog.delete_ref(world.repository, &tag).await.unwrap();

    let records = catalog.wanted_records(world.repository, 100).await.unwrap();
    let generations: Vec<u64> = records.iter().map(|r| r.key.generation).collect();
    assert!(generations.is_sorted_by(|a, b| a < b), "{generations:?}");
    let id = head.shown.revision;
    let name: RepositoryName = "acme/model".parse().unwrap();
    let [repository, revision, branch, unset] = &wanted(&world).await[..] else {
        panic!("the tag that is gone again is not written: {records:?}")
    };
    assert!(matches!(repository, Wanted::Repository(is) if is.name == name));
    assert_eq!(*revision, Wanted::Revision(name.clone(), head.revision));
    let points = RefRecord {
        repository: name,
        name: main_branch(),
        kind: RefKind::Branch,
        revision: id,
    };
    assert_eq!(*branch, Wanted::Ref(points));
    assert_eq!(*unset, Wanted::Unset(tag));
    assert!(
        records
            .iter()
            .any(|r| r.key.subject == Subject::Revision(id))
    );
    assert_eq!(catalog.unrecorded(10).await.unwrap(), [world.repository]);

    write_all(catalog, world.repository).await;
    assert!(wanted(&world).await.is_empty());
    assert!(catalog.unrecorded(10).await.unwrap().is_empty());
    assert_eq!(
        unwanted(catalog).await,
        1,
        "what was written of the tag, if it was"
    );
}

both!(a_newer_record_takes_the_place_of_an_older_one);
async fn a_newer_record_takes_the_place_of_an_older_one(database: Database) {
    let world = World::new(database).await;
    let catalog = &world.catalog;
    write_all(catalog, world.repository).await;
    for private in [true, false, true] {
        let change = RepositoryChange {
            private: Some(private),
            description: None,
        };
        catalog
            .change_repository(world.repository, &change)
            .await
            .unwrap();
    }
    let records = catalog.wanted_records(world.repository, 100).await.unwrap();
    let [newest] = &records[..] else {
        panic!("{records:?}")
    };
    assert!(matches!(&newest.wanted, Wanted::Repository(is) if is.private));
    assert_eq!(unwanted(catalog).await, 0, "before the newest is written");
    catalog.record_written(newest.id.clone()).await.unwrap();
    let gone = catalog.unwanted_records("", 100).await.unwrap();
    assert_eq!(gone.len(), 3);
    catalog.forget_records(&gone).await.unwrap();
    assert_eq!(unwanted(catalog).await, 0);
}

both!(records_of_what_is_gone_go_and_that_it_is_gone_stays);
async fn records_of_what_is_gone_go_and_that_it_is_gone_stays(database: Database) {
    let world = World::new(database).await;
    let catalog = &world.catalog;
    store(catalog, 1, "a", world.upload).await;
    world.commit("a", 1, Expected::Missing).await;
    write_all(catalog, world.repository).await;
    catalog.delete_repository(world.repository).await.unwrap();
    assert_eq!(wanted(&world).await, [Wanted::Deleted]);
    write_all(catalog, world.repository).await;
    while catalog.purge_deleted().await.unwrap() {}
    catalog.mark_records().await.unwrap();
    let gone = catalog.unwanted_records("", 100).await.unwrap();
    assert_eq!(gone.len(), 3, "repository, revision and branch");
    assert!(gone.iter().all(|r| !r.object_key.ends_with("deleted")));
}

both!(what_an_older_version_did_is_noted_once);
async fn what_an_older_version_did_is_noted_once(database: Database) {
    let world = World::new(database).await;
    let catalog = &world.catalog;
    store(catalog, 1, "a", world.upload).await;
    world.commit("a", 1, Expected::Missing).await;
    let before = wanted(&world).await;
    assert!(!catalog.note_missing_records().await.unwrap());

    forget_records(&world._database.url).await;
    assert!(wanted(&world).await.is_empty());
    while catalog.note_missing_records().await.unwrap() {}
    assert_eq!(wanted(&world).await, before);
}

/// As in a catalog of the version before records.
async fn forget_records(url: &str) {
    sqlx::any::install_default_drivers();
    let pool = sqlx::AnyPool::connect(url).await.unwrap();
    for sql in ["DELETE FROM records", "UPDATE repositories SET uid = NULL"] {
        sqlx::query(sql).execute(&pool).await.unwrap();
    }
}
