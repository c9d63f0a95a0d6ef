use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use sheaf_client::pull::{PullOptions, PullReport};
use sheaf_client::push::PushOptions;
use sheaf_client::{Error, Filter, NoProgress};
use tempfile::TempDir;

use crate::fake::{Fake, Held, name};
use crate::files::{noise, read, write};

/// A server that holds what is in the folder.
async fn pushed() -> (Fake, TempDir) {
    let fake = Fake::start().await;
    let folder = tempfile::tempdir().unwrap();
    let files = [
        ("a/empty", vec![]),
        ("a/same.bin", vec![7; 20_000_000]),
        ("a/weights.bin", noise(1, 8_000_000)),
        ("config.json", b"{}".to_vec()),
        ("readme.md", b"# Model".to_vec()),
    ];
    write(folder.path(), &files);
    let options = PushOptions::default();
    let (name, progress) = (name(), Arc::new(NoProgress));
    let push = fake.client.push(folder.path(), &name, &options, progress);
    push.await.unwrap();
    (fake, folder)
}

async fn pull(fake: &Fake, to: &Path) -> Result<PullReport, Error> {
    let options = PullOptions::default();
    pull_with(fake, to, &options).await
}

async fn pull_with(fake: &Fake, to: &Path, options: &PullOptions) -> Result<PullReport, Error> {
    let client = &fake.client;
    client
        .pull(&name(), to, options, Arc::new(NoProgress))
        .await
}

#[tokio::test]
async fn what_was_pushed_comes_back() {
    let (fake, folder) = pushed().await;
    let to = tempfile::tempdir().unwrap();
    let report = pull(&fake, &to.path().join("new")).await.unwrap();
    assert_eq!(read(&to.path().join("new")), read(folder.path()));
    assert_eq!((report.files, report.skipped), (5, 0));
    let held = fake.held();
    let chunks: usize = held.files.values().map(|file| file.chunks.len()).sum();
    assert!(held.gets < chunks);
    assert_eq!(held.gets, held.blobs.len(), "each is fetched once");
}

#[tokio::test]
async fn what_is_there_is_not_fetched_and_what_is_not_meant_stays() {
    let (fake, folder) = pushed().await;
    let to = tempfile::tempdir().unwrap();
    pull(&fake, to.path()).await.unwrap();
    write(
        to.path(),
        &[("mine", vec![1]), ("config.json", b"[]".to_vec())],
    );
    let gets = fake.held().gets;
    let report = pull(&fake, to.path()).await.unwrap();
    assert_eq!((report.skipped, fake.held().gets - gets), (4, 1));
    let mut expected = read(folder.path());
    expected.insert("mine".into(), vec![1]);
    assert_eq!(read(to.path()), expected);
}

#[tokio::test]
async fn only_what_is_meant_comes() {
    let (fake, _folder) = pushed().await;
    let to = tempfile::tempdir().unwrap();
    let options = PullOptions {
        filter: Filter::new(&["*.json".into()], &[]).unwrap(),
        ..PullOptions::default()
    };
    pull_with(&fake, to.path(), &options).await.unwrap();
    assert_eq!(
        read(to.path()).into_keys().collect::<Vec<_>>(),
        ["config.json"]
    );
}

#[tokio::test]
async fn an_interrupted_pull_goes_on_from_where_it_was() {
    let (fake, folder) = pushed().await;
    let to = tempfile::tempdir().unwrap();
    let options = PullOptions {
        filter: Filter::new(&["*/weights.bin".into()], &[]).unwrap(),
        in_flight: 1,
        ..PullOptions::default()
    };
    fake.held().gives = Some(3);
    let error = pull_with(&fake, to.path(), &options).await.unwrap_err();
    assert_eq!(error.status(), Some(500));
    let left = read(to.path());
    assert!(
        left.keys().all(|name| name.ends_with(".sheaf-part")),
        "{:?}",
        left.keys()
    );

    fake.held().gives = None;
    let report = pull_with(&fake, to.path(), &options).await.unwrap();
    assert!(report.reused_bytes > 0);
    let weights = &read(folder.path())["a/weights.bin"];
    assert_eq!(
        read(to.path()),
        BTreeMap::from([("a/weights.bin".into(), weights.clone())])
    );
}

#[tokio::test]
async fn a_replaced_blob_is_asked_for_again() {
    let (fake, folder) = pushed().await;
    let to = tempfile::tempdir().unwrap();
    fake.held().replaced = 2;
    pull(&fake, to.path()).await.unwrap();
    assert_eq!(read(to.path()), read(folder.path()));
    fake.held().replaced = usize::MAX;
    let again = tempfile::tempdir().unwrap();
    let error = pull(&fake, again.path()).await.unwrap_err();
    assert!(matches!(error, Error::Replaced { .. }), "{error}");
}

#[tokio::test]
async fn little_memory_is_slow_and_no_standstill() {
    let (fake, folder) = pushed().await;
    let to = tempfile::tempdir().unwrap();
    let options = PullOptions {
        memory: 1,
        ..PullOptions::default()
    };
    pull_with(&fake, to.path(), &options).await.unwrap();
    assert_eq!(read(to.path()), read(folder.path()));
}

/// Pulls from a server that lies. Returns the names in the destination.
async fn lied_to(lie: fn(&mut Held)) -> (Error, Vec<String>) {
    let (fake, _folder) = pushed().await;
    lie(&mut fake.held());
    let parent = tempfile::tempdir().unwrap();
    let to = parent.path().join("inside");
    let error = pull(&fake, &to).await.unwrap_err();
    (error, read(parent.path()).into_keys().collect())
}

#[tokio::test]
async fn no_bytes_that_are_wrong_get_a_name() {
    let lies: [fn(&mut Held); 4] = [
        |held| held.lie_blob = Some(|blob| *blob.last_mut().unwrap() ^= 1),
        |held| held.lie_blob = Some(|blob| blob.truncate(blob.len() / 2)),
        |held| held.lie_manifest = Some(|manifest| manifest.chunks.reverse()),
        |held| held.lie_manifest = Some(|manifest| manifest.size += 1),
    ];
    for (number, lie) in lies.into_iter().enumerate() {
        let (_, names) = lied_to(lie).await;
        let weights = names.iter().any(|name| name.ends_with("weights.bin"));
        assert!(!weights, "lie {number}: {names:?}");
    }
}

#[tokio::test]
async fn a_manifest_of_another_file_is_refused() {
    let (error, _) = lied_to(|held| {
        held.lie_manifest = Some(|manifest| manifest.sha256.0[0] ^= 1);
    })
    .await;
    assert!(matches!(error, Error::Corrupt { .. }), "{error}");
}

#[tokio::test]
async fn paths_that_lead_out_are_refused() {
    let lies: [fn(&mut Held); 3] = [
        |held| held.lie_tree = Some(|tree| tree["items"][0]["path"] = "../out".into()),
        |held| held.lie_tree = Some(|tree| tree["items"][0]["path"] = "/tmp/out".into()),
        |held| held.lie_tree = Some(|tree| tree["items"][0]["path"] = "a\\..\\out".into()),
    ];
    for lie in lies {
        let (error, names) = lied_to(lie).await;
        assert!(matches!(error, Error::Answer(_)), "{error}");
        assert!(names.is_empty(), "{names:?}");
    }
}

#[tokio::test]
async fn names_that_collide_are_refused() {
    let (error, names) = lied_to(|held| {
        let mut readme = held.files["readme.md"].clone();
        readme.path = "README.md".parse().unwrap();
        held.files.insert("README.md".into(), readme);
    })
    .await;
    assert!(matches!(error, Error::Answer(_)), "{error}");
    assert!(names.is_empty(), "{names:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn links_in_the_destination_are_not_followed() {
    let (fake, _folder) = pushed().await;
    let outside = tempfile::tempdir().unwrap();
    let to = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path(), to.path().join("a")).unwrap();
    let error = pull(&fake, to.path()).await.unwrap_err();
    assert!(matches!(error, Error::Destination { .. }), "{error}");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}
