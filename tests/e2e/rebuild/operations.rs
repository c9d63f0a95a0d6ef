//! What an administrator does around it: refusals, a rebuild that was cut short, an upgrade, backups.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::thread;

use sheaf_tests::{Postgres, Ran, content};

use super::world::{Catalog, Place, fill, names_below, state};

#[test]
fn a_catalog_that_is_in_use_is_left_alone() {
    let (place, [catalog, ..]) = (Place::folder(), Catalog::sqlite());
    let mut server = place.server(&catalog);
    server.admin().create("acme/model");
    server.kill();
    let refusal = place.rebuild(&catalog).failure();
    assert!(refusal.contains("the catalog is not empty"), "{refusal}");
    let server = place.server(&catalog);
    server
        .admin()
        .get("/api/v1/repositories/acme/model")
        .expect(200);
}

#[test]
fn a_rebuild_that_was_cut_short_is_not_served_and_goes_on() {
    let (place, [first, second, _]) = (Place::folder(), Catalog::sqlite());
    let mut server = place.server(&first);
    fill(&server);
    let before = state(&server.admin());
    server.kill();

    // A folder that cannot be listed to its end, the last one.
    let trap = place.store().join("records/ff/trap");
    symlink("..", &trap).unwrap();
    place.rebuild(&second).failure();
    let refusal = place.run(&second, &["serve"]).failure();
    assert!(
        refusal.contains("run 'sheaf rebuild-catalog' again"),
        "{refusal}"
    );
    fs::remove_file(&trap).unwrap();
    let told = place.rebuild(&second).json();
    assert_eq!(told["lost"], 0, "{told:#}");
    let server = place.server(&second);
    assert_eq!(state(&server.admin()), before);
}

#[test]
fn a_registry_from_before_records_gets_them() {
    let (place, [first, second, _]) = (Place::folder(), Catalog::sqlite());
    let mut server = place.server(&first);
    fill(&server);
    let before = state(&server.admin());
    server.kill();
    let records = place.store().join("records");
    fs::remove_dir_all(&records).unwrap();
    forget_records(first.url.strip_prefix("sqlite:").unwrap());

    let mut server = place.server(&first);
    // A repository's refs are written last.
    let repositories = before.as_object().unwrap().values();
    let refs: usize = repositories
        .map(|of| of["refs"].as_array().unwrap().len())
        .sum();
    let of_refs = || {
        names_below(&records)
            .iter()
            .filter(|name| name.contains(".ref-") && !name.contains('#'))
            .count()
    };
    while of_refs() < refs {
        thread::yield_now();
    }
    server.kill();
    let told = place.rebuild(&second).json();
    assert_eq!(told["lost"], 0, "{told:#}");
    let server = place.server(&second);
    assert_eq!(state(&server.admin()), before);
}

/// As in a catalog of the version before records.
fn forget_records(catalog: &str) {
    let script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); \
         c.execute('DELETE FROM records'); c.execute('UPDATE repositories SET uid = NULL'); \
         c.commit()";
    let done = Command::new("python3")
        .args(["-c", script, catalog])
        .status();
    assert!(done.unwrap().success());
}

/// Copies the object store, as `cp -a` or a bucket's replication does, after the catalog.
fn copy(from: &Place, to: &Place) {
    Ran::of(
        Command::new("cp")
            .arg("-a")
            .arg(from.store())
            .arg(to.store()),
    )
    .success();
}

#[test]
fn a_backup_of_sqlite_is_one_moment_of_a_running_server() {
    let (place, [catalog, ..]) = (Place::folder(), Catalog::sqlite());
    let server = place.server(&catalog);
    fill(&server);
    let (before, folder) = (state(&server.admin()), tempfile::tempdir().unwrap());
    let file = folder.path().join("catalog.sqlite");
    let said = place
        .run(&catalog, &["backup", file.to_str().unwrap()])
        .success();
    assert!(said.starts_with(&format!("{}: ", file.display())), "{said}");
    let again = place
        .run(&catalog, &["backup", file.to_str().unwrap()])
        .failure();
    assert!(again.contains("is there already"), "{again}");
    // What comes later is not in the backup.
    let later = content::noise(7, 100_000);
    server
        .admin()
        .put("acme/model", "later.bin", later)
        .expect(201);
    let restored = Place::folder();
    copy(&place, &restored);

    let server = restored.server(&Catalog::at(format!("sqlite:{}", file.display())));
    assert_eq!(state(&server.admin()), before);
    server
        .admin()
        .put("acme/model", "new.txt", "new")
        .expect(201);
}

#[test]
fn a_backup_of_postgres_is_what_pg_dump_makes() {
    let Some(postgres) = Postgres::shared() else {
        return;
    };
    let (place, [catalog, empty, _]) = (Place::folder(), Catalog::postgres(&postgres));
    let server = place.server(&catalog);
    fill(&server);
    let before = state(&server.admin());
    let refusal = place.run(&catalog, &["backup", "catalog.sqlite"]).failure();
    assert!(refusal.contains("pg_dump"), "{refusal}");
    assert!(!Path::new("catalog.sqlite").exists());
    postgres.copy(&catalog.url, &empty.url);
    let restored = Place::folder();
    copy(&place, &restored);
    let server = restored.server(&empty);
    assert_eq!(state(&server.admin()), before);
    server
        .admin()
        .put("acme/model", "new.txt", "new")
        .expect(201);
}
