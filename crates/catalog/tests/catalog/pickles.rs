//! What scans found, by scanners of several versions.

use sheaf_catalog::{Expected, NewRevision, Scanned};
use sheaf_types::Sha256;
use sheaf_types::pickles::{PickleState, PickleVerdict};

use crate::database::{Database, both};
use crate::{World, file, main_branch, revision, store};

const BYTES: (Sha256, [u8; 32]) = (Sha256([1; 32]), [1; 32]);

fn scanned(scanner: u32, state: PickleState) -> Scanned {
    Scanned {
        named: true,
        scanner,
        verdict: Some(PickleVerdict {
            state,
            why: String::new(),
            pickles: 1,
            imports: vec![],
            calls: vec![],
        }),
    }
}

async fn commit(world: &World, found: Scanned) {
    let mut put = file("model.pt", &[1]);
    put.scanned = Some(found);
    let new = NewRevision {
        repository: world.repository,
        branch: &main_branch(),
        expected: Expected::Missing,
        revision: &revision(1),
        put: &[put],
        delete: &[],
    };
    world.catalog.commit(&world.upload, &new).await.unwrap();
}

async fn renew(world: &World, found: Scanned) {
    let catalog = &world.catalog;
    let renewed = catalog.renew_scanned(&BYTES.0, &BYTES.1, &found).await;
    renewed.unwrap();
}

async fn found(world: &World, least: u32) -> Option<Scanned> {
    let catalog = &world.catalog;
    let found = catalog.find_scanned(&BYTES.0, &BYTES.1, true, least).await;
    found.unwrap()
}

both!(a_newer_scanner_looks_again_and_its_verdict_stays);
async fn a_newer_scanner_looks_again_and_its_verdict_stays(database: Database) {
    let world = World::new(database).await;
    let old = scanned(1, PickleState::Suspicious);
    let new = scanned(2, PickleState::Clean);
    store(&world.catalog, 1, "a", world.upload).await;
    // Of bytes that are not there yet nothing is kept before they are committed.
    renew(&world, old.clone()).await;
    assert_eq!(found(&world, 0).await, None);
    commit(&world, old.clone()).await;
    assert_eq!(found(&world, 1).await, Some(old.clone()));
    assert_eq!(found(&world, 2).await, None);
    renew(&world, new.clone()).await;
    assert_eq!(found(&world, 2).await, Some(new.clone()));
    // A server of before that is still there.
    renew(&world, old).await;
    assert_eq!(found(&world, 1).await, Some(new));
}
