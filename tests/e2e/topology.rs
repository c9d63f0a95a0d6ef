//! Two servers behind a balancer, over Postgres and Garage: clients do not notice when one of them dies or
//! is started anew.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use sheaf_tests::{Topology, content};

use crate::midway;

#[test]
fn a_push_and_a_pull_go_on_when_a_server_is_killed() {
    let Some(topology) = Topology::start() else {
        return;
    };
    let pusher = topology.client();
    let (mut push, bytes) = midway::push(&pusher, &topology.admin());
    topology.kill("sheaf-1");
    assert!(push.wait().unwrap().success());

    topology.wait("sheaf-1");
    let puller = topology.client();
    let mut pull = midway::pull(&puller);
    topology.kill("sheaf-2");
    assert!(pull.wait().unwrap().success());
    let pulled = fs::read(puller.path("here").join("model.safetensors")).unwrap();
    assert!(pulled == bytes);
    puller.run(["check", "--full"]).success();
}

#[test]
fn servers_are_restarted_one_after_the_other_and_nobody_notices() {
    let Some(topology) = Topology::start() else {
        return;
    };
    let (over, rounds) = (AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let (topology, over, rounds) = (&topology, &over, &rounds);
        let workers = [1, 2].map(|number| {
            scope.spawn(move || {
                for round in 0.. {
                    work(topology, number, round);
                    rounds.fetch_add(1, Ordering::Relaxed);
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                }
            })
        });
        for server in ["sheaf-1", "sheaf-2", "sheaf-1", "sheaf-2"] {
            let before = rounds.load(Ordering::Relaxed);
            topology.restart(server);
            // Somebody worked beside it, and somebody does after it.
            while rounds.load(Ordering::Relaxed) < before + 2 {
                assert!(workers.iter().all(|worker| !worker.is_finished()));
                thread::yield_now();
            }
        }
        over.store(true, Ordering::Relaxed);
    });
    assert!(rounds.load(Ordering::Relaxed) >= 8);
    topology.client().run(["check", "--full"]).success();
}

/// Pushes, uploads and reads something new, all of which must go well.
fn work(topology: &Topology, number: u64, round: u64) {
    let (client, repository) = (topology.client(), format!("acme/model-{number}"));
    let seed = number * 1000 + round;
    let bytes = content::safetensors_of(seed, &[70_000, 120_000]);
    fs::write(client.path("model.safetensors"), &bytes).unwrap();
    client
        .run(["push", "model.safetensors", &repository])
        .success();
    client.run(["pull", &repository, "here"]).success();
    let pulled = fs::read(client.path("here").join("model.safetensors")).unwrap();
    assert!(pulled == bytes);
    let raw = content::noise(seed, 400_000);
    topology
        .admin()
        .put(&repository, "raw.bin", &raw)
        .expect(201);
    assert!(
        topology
            .admin()
            .file(&repository, "raw.bin")
            .expect(200)
            .body
            == raw
    );
}
