//! Records and blobs that are not what they were: each is told, and harms nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use sheaf_codec::{Header, Parsed};
use sheaf_tests::{Chunk, Server, content, objects};

use super::world::{Catalog, Place, fill, state};

/// A registry whose server is gone, and how it was.
struct Left {
    place: Place,
    before: Value,
    catalogs: [Catalog; 3],
}

impl Left {
    fn new() -> Self {
        let (place, catalogs) = (Place::folder(), Catalog::sqlite());
        let mut server = place.server(&catalogs[0]);
        fill(&server);
        let before = state(&server.admin());
        server.kill();
        Self {
            place,
            before,
            catalogs,
        }
    }

    /// Records of one kind of a repository, newest last.
    fn records(&self, repository: &str, kind: &str) -> Vec<PathBuf> {
        let uid = self.uid_of(repository);
        let mut found = files_below(&self.place.store().join("records"));
        let mark = format!(".{kind}");
        found.retain(|path| {
            let name = name_of(path);
            name.starts_with(&uid) && name.contains(&mark)
        });
        found.sort();
        found
    }

    /// The number of a repository, which is in a record beside its name.
    fn uid_of(&self, repository: &str) -> String {
        let all = files_below(&self.place.store().join("records"));
        let names = |path: &PathBuf| {
            name_of(path).ends_with(".repository") && holds(&fs::read(path).unwrap(), repository)
        };
        let mut of: Vec<_> = all.iter().filter(|path| names(path)).collect();
        of.sort_by_key(|path| name_of(path)[33..].to_owned());
        let newest = of
            .last()
            .unwrap_or_else(|| panic!("no record of {repository}"));
        name_of(newest)[..32].to_owned()
    }

    /// The catalog anew, in which something is lost, and a server on it.
    fn rebuilt(&self) -> (Value, Server) {
        let ran = self.place.rebuild(&self.catalogs[1]);
        assert!(!ran.succeeded(), "{ran:#?}");
        assert!(ran.stderr.contains("did not come back"), "{ran:#?}");
        let told: Value = serde_json::from_str(&ran.stdout).unwrap();
        (told, self.place.server(&self.catalogs[1]))
    }

    /// All but one repository are as they were.
    fn others_are_well(&self, server: &Server, but: &str) -> Value {
        let mut after = state(&server.admin());
        let mut before = self.before.clone();
        let it = after.as_object_mut().unwrap().remove(but);
        before.as_object_mut().unwrap().remove(but);
        assert_eq!(after, before);
        it.unwrap_or_default()
    }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let (folders, mut files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files.extend(folders.iter().flat_map(|folder| files_below(folder)));
    files
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|part| part == text.as_bytes())
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = at.min(bytes.len() - 1);
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

/// What is told of a problem whose subject holds this text.
#[track_caller]
fn problem<'a>(told: &'a Value, of: &str) -> &'a str {
    let problems = told["problems"].as_array().unwrap();
    let found = problems
        .iter()
        .find(|problem| problem["of"].as_str().unwrap().contains(of));
    let found = found.unwrap_or_else(|| panic!("nothing of {of} in {told:#}"));
    found["what"].as_str().unwrap()
}

#[test]
fn a_repository_whose_record_is_damaged_comes_back_private() {
    let left = Left::new();
    for record in left.records("acme/model", "repository") {
        flip(&record, 70);
    }
    let (told, server) = left.rebuilt();
    assert!(problem(&told, ".repository").contains("damaged"));
    let mut model = left.others_are_well(&server, "acme/model");
    assert_eq!(model["is"]["private"], true);
    model["is"] = left.before["acme/model"]["is"].clone();
    assert_eq!(model, left.before["acme/model"]);
    server
        .anybody()
        .get("/acme/model/resolve/main/a.bin")
        .expect(404);
}

#[test]
fn a_ref_whose_record_is_damaged_leaves_its_revisions() {
    let left = Left::new();
    let head = &left.before["acme/model"]["refs"][1];
    assert_eq!(head["name"], "main");
    for record in left.records("acme/model", "ref-") {
        if holds(&fs::read(&record).unwrap(), "main") {
            fs::write(&record, &fs::read(&record).unwrap()[..40]).unwrap();
        }
    }
    let (told, server) = left.rebuilt();
    assert!(problem(&told, ".ref-").contains("damaged"));
    let model = left.others_are_well(&server, "acme/model");
    let revision = head["revision"].as_str().unwrap();
    let name = format!("recovered/{}", &revision[..12]);
    assert!(problem(&told, &name).contains("may have pointed here"));
    let refs = model["refs"].as_array().unwrap();
    let recovered = refs.iter().find(|of| of["name"] == *name).unwrap();
    assert_eq!(recovered["revision"], revision);
    assert_eq!(model["revisions"], left.before["acme/model"]["revisions"]);
    // Nor does a collection take them.
    let collection = serde_json::json!({});
    server
        .admin()
        .post("/api/v1/collection", &collection)
        .expect(200);
    left.others_are_well(&server, "acme/model");
    let path = format!("/acme/model/resolve/{revision}/a.bin");
    assert_eq!(server.admin().get(&path).expect(200).body, b"3");
}

#[test]
fn a_revision_that_is_lost_takes_neither_those_before_nor_those_after_with_it() {
    let left = Left::new();
    let history = left.before["acme/model"]["revisions"].as_object().unwrap();
    let second = history
        .iter()
        .find(|(_, of)| of[0]["message"] == "Add b/c.bin");
    let (lost, _) = second.unwrap();
    let [record] = &left.records("acme/model", &format!("revision-{lost}"))[..] else {
        panic!("not one record of {lost}");
    };
    fs::remove_file(record).unwrap();
    let (told, server) = left.rebuilt();
    assert!(problem(&told, "acme/model@v1").contains(lost.as_str()));
    let model = left.others_are_well(&server, "acme/model");
    let refs = model["refs"].as_array().unwrap();
    let names: Vec<_> = refs.iter().map(|of| of["name"].as_str().unwrap()).collect();
    assert!(names.starts_with(&["dev", "main"]), "{names:?}");
    let back = model["revisions"].as_object().unwrap();
    assert_eq!(back.len(), history.len() - 1);
    for (id, of) in back {
        assert_eq!(of[1], history[id][1], "the files of {id}");
    }
}

#[test]
fn a_revision_whose_blob_is_damaged_is_lost_and_told_with_its_chunk() {
    let left = Left::new();
    let history = left.before["acme/model"]["revisions"].as_object().unwrap();
    let first = history
        .values()
        .find(|of| of[0]["parent"].is_null())
        .unwrap();
    let chunk = first[1][0]["chunks"][0]["id"].as_str().unwrap();
    let blobs = objects(&left.place.store());
    let blob = blobs
        .iter()
        .find(|o| name_of(&o.path).starts_with(chunk))
        .unwrap();
    flip(&blob.path, 20);
    let (told, server) = left.rebuilt();
    assert!(problem(&told, chunk).contains("something else"));
    let id = first[0]["id"].as_str().unwrap();
    assert!(problem(&told, &format!("acme/model@{id}")).contains(chunk));
    let model = left.others_are_well(&server, "acme/model");
    let main = &model["refs"][1];
    assert_eq!(main, &left.before["acme/model"]["refs"][1]);
    assert!(blob.path.exists(), "what cannot be read is not deleted");
}

#[test]
fn a_blob_that_holds_other_bytes_than_it_says_is_found_where_all_are_read() {
    let left = Left::new();
    let chunk = Chunk::new(b"1".to_vec());
    let blob = chunk.lying_blob(b"x");
    let Ok(Parsed::Header(header, _)) = Header::parse(&blob) else {
        panic!("no header");
    };
    let blobs = objects(&left.place.store());
    let there = blobs
        .iter()
        .find(|o| name_of(&o.path).starts_with(&chunk.id))
        .unwrap();
    fs::remove_file(&there.path).unwrap();
    let id = hex::encode(header.blob_id());
    let lie = format!("{}.{id}.{}", chunk.id, "0".repeat(16));
    fs::write(there.path.with_file_name(lie), blob).unwrap();

    let full = ["rebuild-catalog", "--json", "--full"];
    let ran = left.place.run(&left.catalogs[1], &full);
    assert!(!ran.succeeded(), "{ran:#?}");
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert!(problem(&told, &chunk.id).starts_with("the blob "));

    let told = left.place.rebuild(&left.catalogs[2]).json();
    assert_eq!(told["lost"], 0);
    let server = left.place.server(&left.catalogs[2]);
    let check = ["check", "--full", "acme/model"];
    let said = server.client().run(check).found();
    assert!(said.contains("decodes to other bytes"), "{said}");
}

#[test]
fn what_was_deleted_stays_so_even_if_that_is_damaged() {
    let left = Left::new();
    let tombstones: Vec<PathBuf> = files_below(&left.place.store().join("records"))
        .into_iter()
        .filter(|path| name_of(path).ends_with(".deleted"))
        .collect();
    assert_eq!(tombstones.len(), 2);
    for tombstone in &tombstones {
        fs::write(tombstone, "").unwrap();
    }
    let told = left.place.rebuild(&left.catalogs[1]).json();
    assert_eq!(told["deleted_repositories"], 2);
    let server = left.place.server(&left.catalogs[1]);
    assert_eq!(state(&server.admin()), left.before);
}

#[test]
fn what_is_foreign_or_hostile_is_passed_over_and_stays() {
    let left = Left::new();
    let store = left.place.store();
    let blobs = objects(&store);
    let of_model = left.records("acme/model", "repository").pop().unwrap();
    let of_again = left.records("acme/again", "repository").pop().unwrap();
    let uid = left.uid_of("acme/model");
    let folder = store.join("records").join(&uid[..2]);
    let planted = [
        (store.join("blobs/ab/readme.txt"), b"not a blob".to_vec()),
        (
            store.join("records/cd/readme.txt"),
            b"not a record".to_vec(),
        ),
        // Of a later time, and yet none: what it is of comes back private.
        (
            folder.join(format!("{uid}.3fffffffffffffff.repository")),
            fs::read(&of_again).unwrap(),
        ),
        (
            folder.join(format!("{uid}.3ffffffffffffffe.ref-{}", "0".repeat(32))),
            content::noise(1, 90),
        ),
        (
            folder.join(format!(
                "{uid}.3ffffffffffffffd.revision-{}",
                "0".repeat(40)
            )),
            vec![],
        ),
    ];
    for (path, bytes) in &planted {
        fs::write(path, bytes).unwrap();
    }
    // A second blob of each chunk that is there is worth nothing where it holds other bytes.
    for pair in blobs.windows(2) {
        let key = name_of(&pair[0].path);
        let imitation = pair[0]
            .path
            .with_file_name(format!("{}.{}", &key[..129], "0".repeat(16)));
        fs::write(imitation, fs::read(&pair[1].path).unwrap()).unwrap();
    }
    let (told, server) = left.rebuilt();
    assert_eq!(told["foreign"], 2, "{told:#}");
    assert!(problem(&told, "3fffffffffffffff").contains("something else"));
    assert!(problem(&told, "ref-000").contains("damaged"));
    assert!(problem(&told, "revision-000").contains("empty"));
    let mut model = left.others_are_well(&server, "acme/model");
    assert_eq!(model["is"]["private"], true);
    model["is"] = left.before["acme/model"]["is"].clone();
    assert_eq!(model["revisions"], left.before["acme/model"]["revisions"]);
    let admin = server.admin();
    admin
        .post("/api/v1/collection", &serde_json::json!({}))
        .expect(200);
    admin.put("acme/model", "new.txt", "new").expect(201);
    assert!(planted.iter().all(|(path, _)| path.exists()));
    assert!(of_model.exists());
}
