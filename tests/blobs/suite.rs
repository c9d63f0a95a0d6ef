//! What every object store must do.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures::TryStreamExt;
use futures::future::join_all;
use sheaf_blobs::{Blobs, Error, Object, S3Options, object_key};
use sheaf_types::{BlobId, ChunkId};

use crate::light::Light;

fn key(first: u8) -> String {
    object_key(&ChunkId([first; 32]), &BlobId([2; 32])).unwrap()
}

fn noise(len: usize) -> Bytes {
    let mut state = len as u64;
    let step = |_| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
        (state >> 56) as u8
    };
    (0..len).map(step).collect()
}

async fn all(blobs: &Blobs) -> BTreeSet<(String, u64)> {
    let listed: Vec<Object> = blobs.list().try_collect().await.unwrap();
    listed.into_iter().map(|o| (o.key, o.size)).collect()
}

async fn what_is_put_is_got_and_listed_until_deleted(blobs: &Blobs) {
    let key = key(1);
    blobs.put(&key, Bytes::from_static(b"hello")).await.unwrap();
    assert_eq!(blobs.get(&key, 1..3).await.unwrap().as_ref(), b"el");
    assert_eq!(all(blobs).await, BTreeSet::from([(key.clone(), 5)]));
    blobs.delete(&key).await.unwrap();
    blobs.delete(&key).await.unwrap();
    let gone = blobs.get(&key, 0..1).await;
    assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
    assert!(all(blobs).await.is_empty());
}

async fn ranges_are_cut_at_the_end(blobs: &Blobs) {
    let (key, bytes) = (key(2), noise(300_000));
    blobs.put(&key, bytes.clone()).await.unwrap();
    for range in [0..1, 0..300_000, 299_999..300_000, 100_000..200_001] {
        let wanted = bytes.slice(range.start as usize..range.end as usize);
        assert!(
            blobs.get(&key, range.clone()).await.unwrap() == wanted,
            "{range:?}"
        );
    }
    let longer = blobs.get(&key, 299_990..400_000).await.unwrap();
    assert!(longer == bytes.slice(299_990..));
    let behind = blobs.get(&key, 300_000..300_010).await.unwrap();
    assert!(behind.is_empty());
    blobs.delete(&key).await.unwrap();
    blobs.put(&key, Bytes::new()).await.unwrap();
    assert!(blobs.get(&key, 0..10).await.unwrap().is_empty());
    blobs.delete(&key).await.unwrap();
}

async fn the_largest_blob_goes_in_and_out(blobs: &Blobs) {
    let (key, bytes) = (key(3), noise((16 << 20) + 70_000));
    blobs.put(&key, bytes.clone()).await.unwrap();
    assert!(blobs.get(&key, 0..bytes.len() as u64).await.unwrap() == bytes);
    blobs.delete(&key).await.unwrap();
}

/// As many as need more than one page of a listing.
async fn many_writers_do_not_meet(blobs: &Blobs, count: usize) {
    let keys: Vec<String> = (0..count).map(|n| key(n as u8)).collect();
    for some in keys.chunks(32) {
        let puts = some
            .iter()
            .map(|key| blobs.put(key, Bytes::from(key.clone())));
        join_all(puts)
            .await
            .into_iter()
            .for_each(|put| put.unwrap());
    }
    let wanted = keys.iter().map(|key| (key.clone(), key.len() as u64));
    assert_eq!(all(blobs).await, wanted.collect());
    for some in keys.chunks(32) {
        let whole = |key: &String| 0..key.len() as u64;
        let reads = join_all(some.iter().map(|key| blobs.get(key, whole(key)))).await;
        for (key, read) in some.iter().zip(reads) {
            assert!(read.unwrap() == key);
        }
        join_all(some.iter().map(|key| blobs.delete(key))).await;
    }
    assert!(all(blobs).await.is_empty());
}

async fn what_lies_beside_the_folders_is_found(blobs: &Blobs) {
    let beside = ["blobs/x", "blobs/zz/y", "blobs/abc/d/e", "records/f"];
    let inside = [&key(4)[..], "records/00/f"];
    for key in beside.into_iter().chain(inside) {
        blobs.put(key, Bytes::from_static(b"?")).await.unwrap();
    }
    let found = blobs.list_outside().await.unwrap();
    let found: BTreeSet<String> = found.into_iter().map(|object| object.key).collect();
    assert_eq!(found, beside.map(String::from).into());
    for key in beside.into_iter().chain(inside) {
        blobs.delete(key).await.unwrap();
    }
}

/// All of it.
pub async fn run(blobs: &Blobs, many: usize) {
    what_is_put_is_got_and_listed_until_deleted(blobs).await;
    ranges_are_cut_at_the_end(blobs).await;
    the_largest_blob_goes_in_and_out(blobs).await;
    what_lies_beside_the_folders_is_found(blobs).await;
    many_writers_do_not_meet(blobs, many).await;
}

#[tokio::test]
async fn a_folder_passes() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file:{}", folder.path().display());
    let blobs = Blobs::open(&url, &S3Options::default()).await.unwrap();
    run(&blobs, 100).await;
}

#[tokio::test]
async fn a_bucket_passes() {
    let light = Light::start().await;
    run(&light.open("s3://models").await.unwrap(), 100).await;
}

#[tokio::test]
async fn a_prefix_of_a_bucket_passes_and_sees_nothing_else() {
    let light = Light::start().await;
    let (one, other) = tokio::join!(
        light.open("s3://models/a/one"),
        light.open("s3://models/a/on")
    );
    let (one, other) = (one.unwrap(), other.unwrap());
    let key = key(9);
    other.put(&key, Bytes::from_static(b"other")).await.unwrap();
    run(&one, 100).await;
    assert_eq!(all(&other).await, BTreeSet::from([(key.clone(), 5)]));
    assert!(light.bucket().join("a/on").join(key).is_file());
}

#[tokio::test]
async fn a_folders_object_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file:{}", folder.path().display());
    let blobs = Blobs::open(&url, &S3Options::default()).await.unwrap();
    let key = key(1);
    blobs.put(&key, Bytes::from_static(b"first")).await.unwrap();
    assert!(
        blobs
            .put(&key, Bytes::from_static(b"second"))
            .await
            .is_err()
    );
    assert_eq!(blobs.get(&key, 0..5).await.unwrap().as_ref(), b"first");
}
