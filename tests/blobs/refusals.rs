//! What cannot be used is refused at the start, in a sentence; what fails later is told apart.

use bytes::Bytes;
use sheaf_blobs::{Blobs, Error, S3Options, object_key};
use sheaf_types::{BlobId, ChunkId};

use crate::light::Light;

async fn refusal(url: &str, options: &S3Options) -> Error {
    let opened = Blobs::open(url, options).await;
    opened.err().unwrap()
}

#[tokio::test]
async fn keys_that_are_wrong() {
    let light = Light::start().await;
    let error = refusal("s3://models", &light.wrong_options()).await;
    assert!(matches!(error, Error::Refused(_)), "{error}");
    assert!(!error.to_string().contains("another-secret"), "{error}");
}

#[tokio::test]
async fn a_store_that_does_not_listen() {
    let mut light = Light::start().await;
    light.stop().await;
    let error = refusal("s3://models", &light.options()).await;
    assert!(matches!(error, Error::Unavailable(_)), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn nothing_is_left_of_the_check_at_the_start() {
    let light = Light::start().await;
    light.open("s3://models/here").await.unwrap();
    let left = walk(&light.bucket());
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn a_store_that_goes_down_and_comes_back() {
    let mut light = Light::start().await;
    let blobs = light.open("s3://models").await.unwrap();
    let key = object_key(&ChunkId([1; 32]), &BlobId([2; 32])).unwrap();
    blobs.put(&key, Bytes::from_static(b"hello")).await.unwrap();
    light.stop().await;
    let read = blobs.get(&key, 0..5).await;
    assert!(matches!(read, Err(Error::Unavailable(_))), "{read:?}");
    let put = blobs.put("blobs/00/other", Bytes::new()).await;
    assert!(put.unwrap_err().may_come_about());
    light.start_again().await;
    assert_eq!(blobs.get(&key, 0..5).await.unwrap().as_ref(), b"hello");
}

#[tokio::test]
async fn an_object_that_ends_before_the_range_is_short_and_no_failure_of_the_store() {
    let light = Light::start().await;
    let blobs = light.open("s3://models").await.unwrap();
    let key = object_key(&ChunkId([1; 32]), &BlobId([2; 32])).unwrap();
    blobs.put(&key, Bytes::from_static(b"hello")).await.unwrap();
    assert!(blobs.get(&key, 5..9).await.unwrap().is_empty());
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let below = |path: std::path::PathBuf| match path.is_dir() {
        true => walk(&path),
        false => vec![path],
    };
    entries
        .flat_map(|entry| below(entry.unwrap().path()))
        .collect()
}
