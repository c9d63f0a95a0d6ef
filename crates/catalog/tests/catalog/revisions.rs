//! Revisions, branches and uploads.

use sheaf_catalog::{CommitOutcome, Expected};
use sheaf_types::{ChunkId, RevisionId};

use crate::database::{Database, both};
use crate::{World, later, open_upload, store};

both!(a_revision_appears_whole_or_not_at_all);
async fn a_revision_appears_whole_or_not_at_all(database: Database) {
    let world = World::new(database).await;
    let outcome = world.commit("a", 1, Expected::Missing).await;
    assert_eq!(outcome, CommitOutcome::ChunkMissing(ChunkId([1; 32])));
    assert_eq!(world.head().await, None);
    store(&world.catalog, 1, "a", world.upload).await;
    let outcome = world.commit("a", 1, Expected::Missing).await;
    assert_eq!(outcome, CommitOutcome::Committed);
    let head = world.head().await.unwrap();
    assert_eq!(head.shown.revision, RevisionId([1; 20]));
    let files = world
        .catalog
        .files(head.revision, "", "", 10)
        .await
        .unwrap();
    assert_eq!(files[0].entry.path.as_str(), "a");
    let chunks = world.catalog.content_chunks(files[0].content, 50, 60, 10);
    assert_eq!(chunks.await.unwrap()[0].1.chunk, ChunkId([1; 32]));
}

both!(a_branch_moves_only_from_where_it_was_expected);
async fn a_branch_moves_only_from_where_it_was_expected(database: Database) {
    let world = World::new(database).await;
    store(&world.catalog, 1, "a", world.upload).await;
    world.commit("a", 1, Expected::Missing).await;
    let second = World {
        upload: open_upload(&world.catalog, world.repository, 2).await,
        ..world
    };
    store(&second.catalog, 2, "a", second.upload).await;
    let outcome = second.commit("b", 2, Expected::Missing).await;
    assert_eq!(outcome, CommitOutcome::HeadMoved);
    let head = second.head().await.unwrap();
    let outcome = second.commit("b", 2, Expected::At(head.revision)).await;
    assert_eq!(outcome, CommitOutcome::Committed);
    let head = second.head().await.unwrap();
    let history = second.catalog.history(head.revision, 10).await.unwrap();
    let ids: Vec<RevisionId> = history.iter().map(|row| row.revision.id).collect();
    assert_eq!(ids, [RevisionId([2; 20]), RevisionId([1; 20])]);
    assert_eq!(history[0].revision.parent, Some(RevisionId([1; 20])));
    let files = second.catalog.files(head.revision, "", "", 10).await;
    let paths: Vec<String> = files
        .unwrap()
        .iter()
        .map(|f| f.entry.path.to_string())
        .collect();
    assert_eq!(paths, ["a", "b"], "those of the parent, and the new one");
}

both!(uploads_expire_unless_something_is_sent);
async fn uploads_expire_unless_something_is_sent(database: Database) {
    let world = World::new(database).await;
    let other = open_upload(&world.catalog, world.repository, 2).await;
    assert!(
        world
            .catalog
            .reopen_upload(&other, later(600))
            .await
            .unwrap()
    );
    assert_eq!(world.catalog.expire_uploads(later(61)).await.unwrap(), 1);
    let left = world.catalog.list_uploads(world.repository).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].upload.id, other);
}
