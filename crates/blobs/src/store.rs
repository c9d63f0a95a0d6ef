use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutPayload};

use crate::key::PREFIX;
use crate::{Error, folder};

/// The object store.
#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
}

/// An object that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Its bytes.
    pub size: u64,
}

impl Blobs {
    /// Opens the store at a URL: `file:FOLDER`.
    pub async fn open(url: &str) -> Result<Self, Error> {
        let Some(path) = url.strip_prefix("file:") else {
            return Err(Error::UnsupportedUrl);
        };
        let path = path.strip_prefix("//").unwrap_or(path).to_owned();
        let store = tokio::task::spawn_blocking(move || folder::open(Path::new(&path)))
            .await
            .map_err(|e| Error::Store(object_store::Error::JoinError { source: e }))??;
        Ok(Self {
            store: Arc::new(store),
        })
    }

    /// Writes a new object; durable when this returns.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), Error> {
        self.store
            .put_opts(
                &key.into(),
                PutPayload::from_bytes(bytes),
                PutMode::Create.into(),
            )
            .await?;
        Ok(())
    }

    /// Reads a range of an object. Shorter where the object ends before.
    pub async fn get(&self, key: &str, range: Range<u64>) -> Result<Bytes, Error> {
        Ok(self.store.get_range(&key.into(), range).await?)
    }

    /// Deletes an object; one that is not there is deleted.
    pub async fn delete(&self, key: &str) -> Result<(), Error> {
        match self.store.delete(&key.into()).await.map_err(Error::from) {
            Ok(()) | Err(Error::NotFound(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// All objects, in no order.
    pub fn list(&self) -> BoxStream<'static, Result<Object, Error>> {
        self.store
            .list(Some(&PREFIX.into()))
            .map_ok(|meta| Object {
                key: meta.location.into(),
                size: meta.size,
            })
            .map_err(Error::from)
            .boxed()
    }
}

#[cfg(test)]
mod tests {
    use sheaf_types::{BlobId, ChunkId};

    use super::*;
    use crate::object_key;

    async fn open() -> (tempfile::TempDir, Blobs) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("file:{}", folder.path().display());
        (folder, Blobs::open(&url).await.unwrap())
    }

    #[tokio::test]
    async fn what_is_put_is_got_and_listed_until_deleted() {
        let (_folder, blobs) = open().await;
        let key = object_key(&ChunkId([1; 32]), &BlobId([2; 32])).unwrap();
        blobs.put(&key, Bytes::from_static(b"hello")).await.unwrap();
        assert_eq!(blobs.get(&key, 1..3).await.unwrap().as_ref(), b"el");
        let listed: Vec<Object> = blobs.list().try_collect().await.unwrap();
        assert_eq!(listed.len(), 1);
        assert_eq!((listed[0].key.as_str(), listed[0].size), (key.as_str(), 5));
        blobs.delete(&key).await.unwrap();
        blobs.delete(&key).await.unwrap();
        let gone = blobs.get(&key, 0..1).await;
        assert!(matches!(gone, Err(Error::NotFound(_))));
    }

    #[tokio::test]
    async fn an_object_is_never_overwritten() {
        let (_folder, blobs) = open().await;
        let key = object_key(&ChunkId([1; 32]), &BlobId([2; 32])).unwrap();
        blobs.put(&key, Bytes::from_static(b"first")).await.unwrap();
        let second = blobs.put(&key, Bytes::from_static(b"second")).await;
        assert!(second.is_err());
        assert_eq!(blobs.get(&key, 0..5).await.unwrap().as_ref(), b"first");
    }

    #[tokio::test]
    async fn another_store_is_refused_with_a_sentence() {
        let error = Blobs::open("s3://bucket/prefix").await.err().unwrap();
        assert_eq!(
            error.to_string(),
            "the object store's URL is not one that is supported: use file:FOLDER"
        );
    }
}
