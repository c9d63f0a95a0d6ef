//! The catalog is lost: the object store alone brings everything back that was acknowledged.

mod damage;
mod operations;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde_json::json;
use sheaf_tests::{Access, Garage, Postgres, content, sha256};
use tokio::runtime::Runtime;

use crate::light::Light;
use world::{Catalog, Place, fill, push_real, state};

/// Everything comes back, twice, and outlives a collection.
fn comes_back(place: &Place, catalogs: &[Catalog; 3]) {
    let mut server = place.server(&catalogs[0]);
    let token = server.token("read", "acme/secret");
    fill(&server);
    push_real(&server);
    let before = state(&server.admin());
    server.kill();

    for catalog in &catalogs[1..] {
        let told = place.rebuild(catalog).json();
        assert_eq!(told["lost"], 0, "{told:#}");
        assert_eq!(told["problems"], json!([]), "{told:#}");
        assert_eq!(told["deleted_repositories"], 2, "{told:#}");
        let server = place.server(catalog);
        let admin = server.admin();
        assert_eq!(state(&admin), before);
        let holder = server.with_secret(&token);
        holder.get("/api/v1/repositories").expect(401);
        server
            .anybody()
            .get("/api/v1/repositories/acme/secret")
            .expect(404);

        // What nothing reaches goes, and nothing else.
        admin.post("/api/v1/collection", &json!({})).expect(200);
        assert_eq!(state(&admin), before);
        admin.put("acme/secret", "new.txt", "new").expect(201);
        let unset = "/api/v1/repositories/acme/secret/refs/main";
        assert!(admin.get_json(unset)["revision"].is_string());
        assert_eq!(
            admin.file("acme/secret", "new.txt").expect(200).body,
            b"new"
        );
        let branch = "/api/v1/repositories/acme/secret/branches/main";
        let refs = &before["acme/secret"]["refs"];
        let back = json!({
            "target": refs[0]["revision"],
            "expected": admin.get_json(unset)["revision"],
        });
        let moved = admin.request(branch).method("PUT").json(&back).send();
        moved.expect(200);
        assert_eq!(state(&admin), before);
    }
}

#[test]
fn from_a_folder_into_sqlite() {
    comes_back(&Place::folder(), &Catalog::sqlite());
}

#[test]
fn from_a_folder_into_postgres() {
    if let Some(postgres) = Postgres::shared() {
        comes_back(&Place::folder(), &Catalog::postgres(&postgres));
    }
}

#[test]
fn from_a_bucket_into_sqlite() {
    let runtime = Runtime::new().unwrap();
    let light = runtime.block_on(Light::start());
    let place = Place::bucket("s3://models/r", |command| light.set(command));
    comes_back(&place, &Catalog::sqlite());
}

#[test]
fn from_garage_into_postgres() {
    let (Some(garage), Some(postgres)) = (Garage::start(), Postgres::shared()) else {
        return;
    };
    let place = Place::bucket("s3://models/registry", |command| garage.set(command));
    comes_back(&place, &Catalog::postgres(&postgres));
}

/// Puts files until the server is gone, and notes each that it acknowledged.
fn put_until_killed(admin: &Access, client: u64, acknowledged: &Mutex<Vec<(String, String)>>) {
    let repository = format!("acme/m{client}");
    for number in 0.. {
        let bytes = content::noise(1000 * client + number, 40_000);
        let path = format!("{number}.bin");
        if admin.put(&repository, &path, &bytes).status != 201 {
            return;
        }
        let mut all = acknowledged.lock().unwrap();
        all.push((format!("/{repository}/resolve/main/{path}"), sha256(&bytes)));
    }
}

#[test]
fn what_was_acknowledged_before_a_kill_survives_the_loss_of_the_catalog() {
    let (place, [first, second, _]) = (Place::folder(), Catalog::sqlite());
    let mut server = place.server(&first);
    let admin = server.admin();
    let (acknowledged, done) = (Mutex::default(), AtomicUsize::new(0));
    for client in 0..4 {
        admin.create(&format!("acme/m{client}"));
    }
    thread::scope(|scope| {
        for client in 0..4 {
            let (admin, acknowledged, done) = (&admin, &acknowledged, &done);
            scope.spawn(move || {
                put_until_killed(admin, client, acknowledged);
                done.fetch_add(1, Ordering::Relaxed);
            });
        }
        while acknowledged.lock().unwrap().len() < 40 {
            assert_eq!(done.load(Ordering::Relaxed), 0, "a client gave up");
            thread::yield_now();
        }
        server.kill();
    });
    let told = place.rebuild(&second).json();
    assert_eq!(told["lost"], 0, "{told:#}");
    let server = place.server(&second);
    for (path, sha) in acknowledged.into_inner().unwrap() {
        assert_eq!(
            sha256(server.admin().get(&path).expect(200).body),
            sha,
            "{path}"
        );
    }
}

#[test]
fn what_could_not_be_recorded_is_said_and_recorded_later() {
    let runtime = Runtime::new().unwrap();
    let mut light = runtime.block_on(Light::start());
    let place = Place::bucket("s3://models/r", |command| light.set(command));
    let [first, second, third] = Catalog::sqlite();
    let mut server = place.server(&first);
    let admin = server.admin();
    admin.create("acme/model");
    admin.put("acme/model", "a.txt", "a").expect(201);

    runtime.block_on(light.stop());
    let tag = admin.request("/api/v1/repositories/acme/model/tags/v1");
    let tag = tag.method("PUT").json(&json!({"target": "main"})).send();
    assert!(tag.header("retry-after").is_some());
    tag.expect_error(503, "unrecorded");
    server.kill();
    runtime.block_on(light.start_again());
    let told = place.rebuild(&second).json();
    assert_eq!((&told["refs"], &told["lost"]), (&json!(1), &json!(0)));

    // Any server that knows of it records it.
    let mut server = place.server(&first);
    let records = light.bucket().join("r/records");
    let is_tag = |name: &str| name.contains(".ref-");
    while world::names_below(&records)
        .iter()
        .filter(|n| is_tag(n))
        .count()
        < 2
    {
        thread::yield_now();
    }
    server.kill();
    let told = place.rebuild(&third).json();
    assert_eq!((&told["refs"], &told["lost"]), (&json!(2), &json!(0)));
}
