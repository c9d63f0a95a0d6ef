//! What others do meanwhile is no fault.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use serde_json::json;
use sheaf_tests::{Access, content};

use super::checked;
use super::world::in_each;

#[test]
fn pushes_deletions_and_collections_meanwhile_are_no_faults() {
    in_each(|world| {
        let (done, checks) = (AtomicBool::new(false), AtomicU64::new(0));
        let admin = &world.admin();
        thread::scope(|scope| {
            let others: Vec<_> = (0..3)
                .map(|number| {
                    let (done, checks) = (&done, &checks);
                    scope.spawn(move || comes_and_goes(admin, number, done, checks))
                })
                .collect();
            let collector = scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    admin.post("/api/v1/collection", &json!({})).expect(200);
                }
            });
            let ended = thread::scope(|scope| {
                let checker = scope.spawn(|| {
                    for depth in ["listed", "stored", "decoded"].iter().cycle().take(9) {
                        let body = json!({"depth": depth, "repair": true});
                        let report = checked(admin, body);
                        assert_eq!(report["faults_found"], 0, "{}: {report}", world.name);
                        checks.fetch_add(1, Ordering::Relaxed);
                    }
                });
                checker.join()
            });
            done.store(true, Ordering::Relaxed);
            collector.join().unwrap();
            others.into_iter().for_each(|other| other.join().unwrap());
            assert!(ended.is_ok());
        });
        world.is_clean();
    });
}

/// The same content comes and goes, beside some of its own.
fn comes_and_goes(admin: &Access, client: u64, done: &AtomicBool, checks: &AtomicU64) {
    let repository = &format!("acme/m{client}");
    let shared = content::safetensors(1, 60_000);
    let mut round = 0;
    while !done.load(Ordering::Relaxed) {
        let own = content::noise(1000 * client + round, 300_000);
        admin.create(repository);
        admin
            .put(repository, "shared.safetensors", &shared)
            .expect(201);
        admin.put(repository, "own.bin", &own).expect(201);
        // Now and then something stays for a whole check.
        let seen = checks.load(Ordering::Relaxed);
        while round % 4 == 0
            && checks.load(Ordering::Relaxed) == seen
            && !done.load(Ordering::Relaxed)
        {
            assert!(admin.file(repository, "own.bin").expect(200).body == own);
        }
        admin
            .delete(&format!("/api/v1/repositories/{repository}"))
            .expect(204);
        round += 1;
    }
}
