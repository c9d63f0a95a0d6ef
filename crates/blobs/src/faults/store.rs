//! The store with its faults.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::{Befalls, Fault, Faults, Operation};

/// A store around which faults happen.
#[derive(Debug, Clone)]
pub(super) struct Faulty {
    faults: Faults,
    store: Arc<dyn ObjectStore>,
}

/// What is done about an operation.
#[derive(PartialEq, Eq)]
enum Done {
    /// It is, and so it is said.
    Yes,
    /// It is, and something else is said.
    Unsaid,
    No,
}

impl Faulty {
    pub fn new(faults: Faults, store: Arc<dyn ObjectStore>) -> Self {
        Self { faults, store }
    }

    /// Waits as long as it takes, and says whether the operation comes about.
    async fn befall(&self, befalls: &Befalls) -> Done {
        match befalls.fault {
            Some(Fault::Fail) => Done::No,
            Some(Fault::Lost) => Done::Unsaid,
            Some(Fault::Stall) => {
                tokio::time::sleep(self.faults.stall()).await;
                match befalls.chance % 2 {
                    0 => Done::No,
                    _ => Done::Unsaid,
                }
            }
            Some(Fault::Late) => {
                tokio::time::sleep(self.faults.late(befalls.chance)).await;
                Done::Yes
            }
            _ => Done::Yes,
        }
    }

    async fn put_torn(&self, location: &Path, payload: PutPayload, chance: u64) -> Result<()> {
        let whole: Bytes = payload.into();
        let part = whole.slice(..(chance % (whole.len() as u64 + 1)) as usize);
        self.store.put(location, part.into()).await.map(drop)
    }

    async fn delete_one(&self, location: Path) -> Result<Path> {
        let befalls = self.faults.next(Operation::Delete, location.as_ref());
        let done = self.befall(&befalls).await;
        if done != Done::No {
            self.store.delete(&location).await?;
        }
        match done {
            Done::Yes => Ok(location),
            Done::Unsaid | Done::No => Err(injected()),
        }
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        opts: PutOptions,
    ) -> Result<PutResult> {
        let befalls = self.faults.next(Operation::Put, location.as_ref());
        if befalls.fault == Some(Fault::Torn) {
            self.put_torn(location, payload, befalls.chance).await?;
            return Err(injected());
        }
        let done = self.befall(&befalls).await;
        if done == Done::No {
            return Err(injected());
        }
        let put = self.store.put_opts(location, payload, opts).await?;
        match done {
            Done::Yes => Ok(put),
            _ => Err(injected()),
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.store.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let befalls = self.faults.next(Operation::Get, location.as_ref());
        if befalls.fault == Some(Fault::Gone) {
            return Err(object_store::Error::NotFound {
                path: location.to_string(),
                source: "injected".into(),
            });
        }
        if self.befall(&befalls).await != Done::Yes {
            return Err(injected());
        }
        let got = self.store.get_opts(location, options).await?;
        match befalls.fault {
            Some(Fault::Truncate) => changed(got, |bytes| truncate(bytes, befalls.chance)).await,
            Some(Fault::Flip) => changed(got, |bytes| flip(bytes, befalls.chance)).await,
            _ => Ok(got),
        }
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let store = self.clone();
        let deleted = locations.and_then(move |location| {
            let store = store.clone();
            async move { store.delete_one(location).await }
        });
        deleted.boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let about = prefix.map_or("", AsRef::as_ref);
        let befalls = self.faults.next(Operation::List, about);
        let (this, all) = (self.clone(), self.store.list(prefix));
        let listed = async move {
            match this.befall(&befalls).await {
                Done::Yes => all,
                _ => stream::once(async { Err(injected()) }).boxed(),
            }
        };
        stream::once(listed).flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.store.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.store.copy_opts(from, to, options).await
    }
}

impl fmt::Display for Faulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with faults", self.store)
    }
}

/// What a store's client says when it got no answer.
fn injected() -> object_store::Error {
    object_store::Error::Generic {
        store: "faults",
        source: "injected".into(),
    }
}

/// The same answer with other bytes.
async fn changed(got: GetResult, change: impl FnOnce(Bytes) -> Bytes) -> Result<GetResult> {
    let (meta, range) = (got.meta.clone(), got.range.clone());
    let (attributes, extensions) = (got.attributes.clone(), got.extensions.clone());
    let bytes = change(got.bytes().await?);
    Ok(GetResult {
        payload: GetResultPayload::Stream(stream::once(async { Ok(bytes) }).boxed()),
        meta,
        range,
        attributes,
        extensions,
    })
}

fn truncate(bytes: Bytes, chance: u64) -> Bytes {
    match bytes.len() {
        0 => bytes,
        len => bytes.slice(..(chance % len as u64) as usize),
    }
}

fn flip(bytes: Bytes, chance: u64) -> Bytes {
    let mut bytes = bytes.to_vec();
    if !bytes.is_empty() {
        let bit = chance % (bytes.len() as u64 * 8);
        bytes[(bit / 8) as usize] ^= 1 << (bit % 8);
    }
    bytes.into()
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    async fn store(plan: &str) -> (Arc<dyn ObjectStore>, Arc<dyn ObjectStore>) {
        let inner: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        inner.put(&"there".into(), "12345678".into()).await.unwrap();
        let faults = Faults::new(plan.parse().unwrap(), |_| {});
        (faults.around(Arc::clone(&inner)), inner)
    }

    async fn read(store: &Arc<dyn ObjectStore>, key: &str) -> Result<Bytes> {
        store.get_range(&key.into(), 0..8).await
    }

    #[tokio::test]
    async fn a_write_that_fails_is_not_made_and_one_whose_answer_is_lost_is() {
        let (faulty, inner) = store("put.fail=1").await;
        assert!(faulty.put(&"new".into(), "new".into()).await.is_err());
        assert!(inner.head(&"new".into()).await.is_err());
        let (faulty, inner) = store("put.lost=1").await;
        assert!(faulty.put(&"new".into(), "new".into()).await.is_err());
        assert_eq!(inner.head(&"new".into()).await.unwrap().size, 3);
        let (faulty, inner) = store("put.torn=1").await;
        assert!(faulty.put(&"new".into(), "new".into()).await.is_err());
        assert!(inner.head(&"new".into()).await.is_ok());
    }

    #[tokio::test]
    async fn a_deletion_that_fails_is_not_made_and_one_whose_answer_is_lost_is() {
        let (faulty, inner) = store("delete.fail=1").await;
        assert!(faulty.delete(&"there".into()).await.is_err());
        assert!(read(&inner, "there").await.is_ok());
        let (faulty, inner) = store("delete.lost=1").await;
        assert!(faulty.delete(&"there".into()).await.is_err());
        assert!(read(&inner, "there").await.is_err());
    }

    #[tokio::test]
    async fn what_is_read_is_shorter_or_another_or_not_there() {
        let (faulty, _) = store("get.truncate=1").await;
        assert!(read(&faulty, "there").await.unwrap().len() < 8);
        let (faulty, _) = store("get.flip=1").await;
        let flipped = read(&faulty, "there").await.unwrap();
        let bits = flipped
            .iter()
            .zip(b"12345678")
            .map(|(a, b)| (a ^ b).count_ones());
        assert_eq!(bits.sum::<u32>(), 1);
        let (faulty, _) = store("get.gone=1").await;
        let gone = read(&faulty, "there").await;
        assert!(matches!(gone, Err(object_store::Error::NotFound { .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stall_ends_and_what_is_late_comes() {
        let (faulty, _) = store("get.stall=1,stall=5000ms").await;
        let before = tokio::time::Instant::now();
        assert!(read(&faulty, "there").await.is_err());
        assert_eq!(before.elapsed().as_secs(), 5);
        let (faulty, _) = store("get.late=1,late=5000ms").await;
        assert!(read(&faulty, "there").await.is_ok());
    }

    #[tokio::test]
    async fn a_list_fails_and_without_faults_all_is_as_it_was() {
        let (faulty, _) = store("list.fail=1").await;
        assert!(faulty.list(None).try_collect::<Vec<_>>().await.is_err());
        let (faulty, _) = store("").await;
        assert_eq!(
            faulty
                .list(None)
                .try_collect::<Vec<_>>()
                .await
                .unwrap()
                .len(),
            1
        );
        assert_eq!(read(&faulty, "there").await.unwrap(), "12345678");
        faulty.delete(&"there".into()).await.unwrap();
        assert!(read(&faulty, "there").await.is_err());
    }
}
