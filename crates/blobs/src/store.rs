use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::prefix::PrefixStore;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutPayload};
use sheaf_types::records;
use tokio::runtime::Handle;

use crate::key::PREFIX;
use crate::s3::{self, Place, Signing};
use crate::{Error, Faults, S3Options, error, folder, probe};

/// What is written to a bucket is hashed for the signature, all at once: more than so many bytes take longer
/// than a thread of the runtime should.
const HASHED_AT_ONCE: usize = 256 << 10;

/// The object store.
#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    /// Makes URLs for clients; a folder has none.
    signing: Option<Arc<Signing>>,
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    /// Where it is.
    Folder(Arc<Path>),
    S3,
}

/// An object that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Its bytes.
    pub size: u64,
    /// When it was written.
    pub modified: SystemTime,
}

impl Blobs {
    /// Opens the store at a URL: `file:FOLDER` or `s3://BUCKET/PREFIX`. A bucket must be there, and
    /// answer: an object is written to it, listed, read and deleted.
    pub async fn open(url: &str, options: &S3Options) -> Result<Self, Error> {
        if let Some(path) = url.strip_prefix("file:") {
            return Self::open_folder(path.strip_prefix("//").unwrap_or(path)).await;
        }
        let place = Place::parse(url).ok_or(Error::UnsupportedUrl)?;
        let client = s3::client(&place, options)?;
        let blobs = Self {
            signing: Some(Arc::new(Signing::new(&client, &place, options)?)),
            store: Arc::new(PrefixStore::new(client, place.prefix)),
            kind: Kind::S3,
        };
        probe::check(&blobs).await?;
        Ok(blobs)
    }

    async fn open_folder(path: &str) -> Result<Self, Error> {
        let path: Arc<Path> = Path::new(path).into();
        let opened = Arc::clone(&path);
        let store = tokio::task::spawn_blocking(move || folder::open(&opened))
            .await
            .map_err(|e| Error::Store(object_store::Error::JoinError { source: e }))??;
        Ok(Self {
            store: Arc::new(store),
            signing: None,
            kind: Kind::Folder(path),
        })
    }

    /// The same store, with faults around it.
    pub fn with_faults(self, faults: &Faults) -> Self {
        Self {
            store: faults.around(self.store),
            ..self
        }
    }

    /// Writes a new object; durable when this returns.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), Error> {
        // A bucket's put can be sent again when no answer came, which one that must be the first
        // could not, and many stores would not heed that anyway.
        let mode = match self.kind {
            Kind::Folder(_) => PutMode::Create,
            Kind::S3 => PutMode::Overwrite,
        };
        self.put_as(mode, key, bytes).await
    }

    /// Writes an object that may have been written before, with the same bytes; durable when this returns.
    pub async fn put_again(&self, key: &str, bytes: Bytes) -> Result<(), Error> {
        self.put_as(PutMode::Overwrite, key, bytes).await
    }

    async fn put_as(&self, mode: PutMode, key: &str, bytes: Bytes) -> Result<(), Error> {
        let (store, key) = (Arc::clone(&self.store), key.into());
        let hashed = matches!(self.kind, Kind::S3) && bytes.len() > HASHED_AT_ONCE;
        let bytes = PutPayload::from_bytes(bytes);
        let put = async move { store.put_opts(&key, bytes, mode.into()).await };
        let put = match hashed {
            true => on_a_thread(put).await,
            false => put.await,
        };
        put.map(drop).map_err(|error| self.error(error))
    }

    /// Reads a range of an object. Shorter where the object ends before.
    pub async fn get(&self, key: &str, range: Range<u64>) -> Result<Bytes, Error> {
        match self.store.get_range(&key.into(), range).await {
            Err(error) if error::is_behind_the_end(&error) => Ok(Bytes::new()),
            read => read.map_err(|error| self.error(error)),
        }
    }

    /// A URL with which anybody can read an object for so long, straight from the store. None where the
    /// store has no such URLs.
    pub async fn url(&self, key: &str, lifetime: Duration) -> Result<Option<String>, Error> {
        let Some(signing) = &self.signing else {
            return Ok(None);
        };
        let url = signing.url(&key.into(), lifetime).await;
        url.map(Some).map_err(|error| self.error(error))
    }

    /// Whether the store answers.
    pub async fn check(&self) -> Result<(), Error> {
        match &self.kind {
            Kind::Folder(path) => folder::check(path).await,
            // That there is no such object is an answer.
            Kind::S3 => match self.get(probe::NOTHING, 0..1).await {
                Ok(_) | Err(Error::NotFound(_)) => Ok(()),
                Err(error) => Err(error),
            },
        }
    }

    /// Deletes an object; one that is not there is deleted. What is left of a write that never came to
    /// an end goes with it.
    pub async fn delete(&self, key: &str) -> Result<(), Error> {
        let deleted = self.store.delete(&key.into()).await;
        match deleted.map_err(|error| self.error(error)) {
            Ok(()) | Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
        match &self.kind {
            Kind::Folder(path) => folder::delete_unfinished(path, key).await,
            Kind::S3 => Ok(()),
        }
    }

    /// All blobs, in no order.
    pub fn list(&self) -> BoxStream<'static, Result<Object, Error>> {
        self.list_below(PREFIX)
    }

    /// Objects of chunks whose id begins with this byte, in no order.
    pub fn list_folder(&self, first: u8) -> BoxStream<'static, Result<Object, Error>> {
        self.list_below(&format!("{PREFIX}/{first:02x}"))
    }

    /// Records of repositories whose number begins with this byte, in no order.
    pub fn list_records(&self, first: u8) -> BoxStream<'static, Result<Object, Error>> {
        self.list_below(&format!("{}/{first:02x}", records::PREFIX))
    }

    /// Objects that lie beside the 256 folders of blobs and of records.
    pub async fn list_outside(&self) -> Result<Vec<Object>, Error> {
        let mut found = Vec::new();
        for kind in [PREFIX, records::PREFIX] {
            let listed = self.store.list_with_delimiter(Some(&kind.into())).await;
            let listed = listed.map_err(|error| self.error(error))?;
            found.extend(listed.objects.into_iter().map(object));
            for folder in listed.common_prefixes {
                if !is_folder(folder.filename().unwrap_or_default()) {
                    let inside = self.list_below(folder.as_ref());
                    found.extend(inside.try_collect::<Vec<_>>().await?);
                }
            }
        }
        Ok(found)
    }

    /// Bytes of an object.
    pub async fn size(&self, key: &str) -> Result<u64, Error> {
        let found = self.store.head(&key.into()).await;
        let found = found.map_err(|error| self.error(error))?;
        Ok(found.size)
    }

    pub(crate) fn list_below(&self, prefix: &str) -> BoxStream<'static, Result<Object, Error>> {
        let blobs = self.clone();
        self.store
            .list(Some(&prefix.into()))
            .map_ok(object)
            .map_err(move |error| blobs.error(error))
            .boxed()
    }

    fn error(&self, error: object_store::Error) -> Error {
        match self.kind {
            Kind::Folder(_) => Error::of_folder(error),
            Kind::S3 => Error::of_s3(error),
        }
    }
}

/// Runs what holds up its thread now and then on one that nobody else waits for.
async fn on_a_thread<T: Send + 'static>(
    work: impl Future<Output = object_store::Result<T>> + Send + 'static,
) -> object_store::Result<T> {
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || runtime.block_on(work))
        .await
        .unwrap_or_else(|source| Err(object_store::Error::JoinError { source }))
}

fn object(meta: ObjectMeta) -> Object {
    Object {
        key: meta.location.into(),
        size: meta.size,
        modified: meta.last_modified.into(),
    }
}

/// Whether this is the name of one of the 256.
fn is_folder(name: &str) -> bool {
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    name.len() == 2 && name.bytes().all(digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_a_write_left_that_was_cut_off_goes_with_its_object() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("file:{}", folder.path().display());
        let blobs = Blobs::open(&url, &S3Options::default()).await.unwrap();
        let left = folder.path().join("blobs/00/key#1");
        std::fs::write(&left, "some").unwrap();
        let listed: Vec<Object> = blobs.list().try_collect().await.unwrap();
        assert_eq!(listed, [], "it is no object");
        blobs.delete("blobs/00/key").await.unwrap();
        assert!(!left.exists());
    }

    #[tokio::test]
    async fn another_store_is_refused_with_a_sentence() {
        let opened = Blobs::open("gs://bucket/prefix", &S3Options::default()).await;
        assert_eq!(
            opened.err().unwrap().to_string(),
            "the object store's URL is not one that is supported: use file:FOLDER or \
             s3://BUCKET/PREFIX"
        );
    }
}
