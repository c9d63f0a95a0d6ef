//! Files go in and come out of a whole registry, without HTTP between.

#![allow(clippy::unwrap_used)]

mod common;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use proptest::prelude::*;
use sha2::Digest;
use sheaf_codec::Level;
use sheaf_registry::{
    BodyError, ByteStream, Caller, Condition, Error, FileChange, Registry, Settings,
};
use sheaf_types::files::ChunkRef;
use sheaf_types::repositories::NewRepository;
use sheaf_types::uploads::{CommitRequest, NewFile, UploadState};
use sheaf_types::{ChunkId, RefName, RepositoryName, Sha256};

use common::{settings, sqlite};

struct World {
    registry: Arc<Registry>,
    admin: Caller,
    name: RepositoryName,
    folder: tempfile::TempDir,
}

impl World {
    /// A registry with little memory, so that every limit is met.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            level: Level::Default,
            ..settings(sqlite(folder.path()), folder.path(), 1 << 20)
        };
        let registry = Registry::open(settings).await.unwrap();
        let secret = "a secret of the tests";
        registry.set_admin_secret(secret);
        let admin = registry.authenticate(secret).await.unwrap();
        let name: RepositoryName = "acme/model".parse().unwrap();
        let new = NewRepository {
            name: name.clone(),
            private: false,
            description: String::new(),
        };
        registry.create_repository(&admin, &new).await.unwrap();
        Self {
            registry,
            admin,
            name,
            folder,
        }
    }

    async fn put(&self, path: &str, body: ByteStream) -> Result<bool, Error> {
        let put = FileChange {
            branch: "main".into(),
            path: path.parse().unwrap(),
            message: String::new(),
            condition: Condition::default(),
        };
        let done = self
            .registry
            .put_file(&self.admin, &self.name, put, body)
            .await;
        done.map(|(_, new)| new)
    }

    async fn read(&self, path: &str, range: Range<u64>) -> Vec<u8> {
        let path = path.parse().unwrap();
        let file = self
            .registry
            .open_file(&Caller::anonymous(), &self.name, "main", &path)
            .await
            .unwrap();
        let bytes: Vec<Bytes> = self
            .registry
            .read_file(&file, range)
            .try_collect()
            .await
            .unwrap();
        bytes.concat()
    }

    async fn chunks(&self, path: &str) -> Vec<ChunkRef> {
        let path = path.parse().unwrap();
        let manifest = self
            .registry
            .manifest(&self.admin, &self.name, "main", &path)
            .await
            .unwrap();
        let chunk = |chunk: &sheaf_types::files::StoredChunk| ChunkRef {
            id: chunk.id,
            size: chunk.size,
        };
        manifest.chunks.iter().map(chunk).collect()
    }
}

/// A body that comes in pieces.
fn body(bytes: &[u8], piece: usize) -> ByteStream {
    let pieces: Vec<Result<Bytes, BodyError>> = bytes
        .chunks(piece.max(1))
        .map(|piece| Ok(Bytes::copy_from_slice(piece)))
        .collect();
    stream::iter(pieces).boxed()
}

/// A safetensors file of one tensor.
fn safetensors(dtype: &str, width: usize, data: &[u8]) -> Vec<u8> {
    let data = &data[..data.len() / width * width];
    let header = format!(
        r#"{{"w":{{"dtype":"{dtype}","shape":[{}],"data_offsets":[0,{}]}}}}"#,
        data.len() / width,
        data.len()
    );
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    file.extend_from_slice(data);
    file
}

/// Bytes with runs, so that every coding is met, some frames long.
fn data() -> impl Strategy<Value = Vec<u8>> {
    let run = (any::<u8>(), 1usize..40_000, any::<bool>()).prop_map(|(byte, len, noisy)| {
        let noise = |i: usize| (i as u32).wrapping_mul(2_654_435_761).to_le_bytes()[3];
        (0..len)
            .map(|i| if noisy { noise(i) ^ byte } else { byte })
            .collect::<Vec<u8>>()
    });
    prop::collection::vec(run, 0..40).prop_map(|runs| runs.concat())
}

fn file() -> impl Strategy<Value = Vec<u8>> {
    (data(), 0usize..4).prop_map(|(data, kind)| match kind {
        0 => data,
        1 => safetensors("F32", 4, &data),
        2 => safetensors("BF16", 2, &data),
        _ => safetensors("I64", 8, &data),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn every_range_of_a_file_comes_back(
        file in file(),
        piece in 1usize..300_000,
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0u64..600_000), 8),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = World::new().await;
            world.put("a/file", body(&file, piece)).await.unwrap();
            let size = file.len() as u64;
            assert!(world.read("a/file", 0..size).await == file);
            for (from, len) in &cuts {
                if file.is_empty() {
                    break;
                }
                let from = from.index(file.len()) as u64;
                let range = from..(from + len).min(size);
                let part = &file[range.start as usize..range.end as usize];
                assert!(world.read("a/file", range).await == part);
            }
            world.registry.close().await;
        });
    }
}

#[tokio::test]
async fn the_same_bytes_again_change_nothing() {
    let world = World::new().await;
    let file = safetensors("F32", 4, &[7; 100_000]);
    assert!(world.put("a", body(&file, 1000)).await.unwrap());
    assert!(!world.put("a", body(&file, 77_777)).await.unwrap());
    assert!(world.put("b", body(&file, 1000)).await.unwrap());
    assert_eq!(world.chunks("a").await, world.chunks("b").await);
}

#[tokio::test]
async fn a_body_that_breaks_off_leaves_nothing() {
    let world = World::new().await;
    let pieces = vec![Ok(Bytes::from(vec![1; 500_000])), Err(BodyError)];
    let error = world.put("a", stream::iter(pieces).boxed()).await;
    assert!(matches!(error, Err(Error::Body)));
    let refs = world.registry.list_refs(&world.admin, &world.name).await;
    assert!(refs.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_zip_beyond_the_limit_is_refused_with_the_limit() {
    let world = World::new().await;
    let mut zip = b"PK\x03\x04".to_vec();
    zip.resize(5 << 20, 0);
    let error = world.put("a.pt", body(&zip, 1 << 20)).await.unwrap_err();
    assert_eq!(error.code(), "too_large");
    assert!(error.to_string().contains("4194304"), "{error}");
}

#[tokio::test]
async fn writers_to_one_branch_all_get_through() {
    let world = Arc::new(World::new().await);
    let writers = (0..6u8).map(|i| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let file = vec![i; 1000];
            world.put(&format!("file-{i}"), body(&file, 100)).await
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        assert!(writer.await.unwrap().unwrap());
    }
    for i in 0..6u8 {
        let read = world.read(&format!("file-{i}"), 0..1000).await;
        assert!(read == vec![i; 1000]);
    }
}

#[tokio::test]
async fn readers_that_do_not_read_do_not_stop_the_others() {
    let world = World::new().await;
    // More than the whole budget for what goes out, of bytes that stay as long as they are.
    let noise: Vec<u8> = (0..5u32 << 20)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8 ^ (i >> 7) as u8)
        .collect();
    world.put("noise", body(&noise, 1 << 20)).await.unwrap();
    let path = "noise".parse().unwrap();
    let file = world
        .registry
        .open_file(&world.admin, &world.name, "main", &path)
        .await
        .unwrap();
    let mut stuck = Vec::new();
    for _ in 0..20 {
        let mut bytes = world.registry.read_file(&file, 0..5 << 20);
        stuck.push((bytes.next().await.unwrap().unwrap(), bytes));
    }
    assert!(world.read("noise", 0..5 << 20).await == noise);
    drop(stuck);
}

#[tokio::test]
async fn a_reader_of_a_file_that_is_gone_is_told_and_gets_no_other() {
    let world = World::new().await;
    let registry = &world.registry;
    world.put("a", body(&[7; 100_000], 1 << 20)).await.unwrap();
    let path = "a".parse().unwrap();
    let file = registry
        .open_file(&world.admin, &world.name, "main", &path)
        .await
        .unwrap();
    let delete = registry.delete_repository(&world.admin, &world.name);
    delete.await.unwrap();
    let collected = registry.collect(&world.admin).await.unwrap();
    assert!(collected.chunks.collected > 0, "{collected:?}");

    let new = NewRepository {
        name: world.name.clone(),
        private: false,
        description: String::new(),
    };
    let create = registry.create_repository(&world.admin, &new);
    create.await.unwrap();
    world.put("a", body(&[8; 100_000], 1 << 20)).await.unwrap();
    let read: Result<Vec<Bytes>, Error> = registry.read_file(&file, 0..100_000).try_collect().await;
    assert_eq!(read.unwrap_err().code(), "file_gone");
    let stream = registry.read_container(&file).await;
    assert_eq!(stream.err().unwrap().code(), "file_gone");
}

/// A safetensors file of tensors of so many bytes, all noise.
fn tensors(seed: u32, lens: &[usize]) -> Vec<u8> {
    let mut at = 0;
    let entry = |(number, len): (usize, &usize)| {
        let start = at;
        at += len;
        format!(r#""t{number}":{{"dtype":"U8","shape":[{len}],"data_offsets":[{start},{at}]}}"#)
    };
    let entries: Vec<String> = lens.iter().enumerate().map(entry).collect();
    let header = format!("{{{}}}", entries.join(","));
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    let noise = |i: u32| (i.wrapping_mul(2_654_435_761) >> 13) as u8 ^ (i >> 7) as u8;
    file.extend((0..at as u32).map(|i| noise(i ^ seed << 24)));
    file
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_here_and_there_ends_a_read_and_stops_no_other() {
    let world = World::new().await;
    let files = 1..20;
    for seed in files.clone() {
        let file = tensors(seed, &[3 << 20, 300_000, 300_000, 300_000, 300_000]);
        let path = seed.to_string();
        world.put(&path, body(&file, 1 << 20)).await.unwrap();
    }
    for object in sheaf_tests::objects(&world.folder.path().join("store/blobs")) {
        let mut bytes = std::fs::read(&object.path).unwrap();
        // Of a long blob what comes first, of a short one the header; of the files' headers nothing.
        let at = match bytes.len() {
            0..10_000 => continue,
            10_000..1_000_000 => 20,
            len => len / 16,
        };
        bytes[at] ^= 1;
        std::fs::write(&object.path, bytes).unwrap();
    }
    for seed in files {
        let path = seed.to_string().parse().unwrap();
        let file = world
            .registry
            .open_file(&world.admin, &world.name, "main", &path)
            .await
            .unwrap();
        let read = world.registry.read_file(&file, 0..file.entry.size);
        let read: Result<Vec<Bytes>, Error> = read.try_collect().await;
        assert_eq!(read.unwrap_err().code(), "blob_damaged");
    }
}

/// A commit by the protocol of chunks: of what is there, under a name and a hash.
async fn commit(
    world: &World,
    path: &str,
    sha256: Sha256,
    chunks: Vec<ChunkRef>,
) -> Result<UploadState, Error> {
    let upload = world
        .registry
        .create_upload(&world.admin, &world.name)
        .await?;
    let request = CommitRequest {
        branch: RefName::main(),
        parent: None,
        message: String::new(),
        files: vec![NewFile {
            path: path.parse().unwrap(),
            size: chunks.iter().map(|chunk| chunk.size).sum(),
            sha256,
            near_lossless: None,
            chunks,
        }],
        delete: vec![],
    };
    let (registry, admin, name) = (&world.registry, &world.admin, &world.name);
    let mut done = registry
        .commit_upload(admin, name, &upload.id, &request)
        .await?;
    while done.state == UploadState::Committing {
        let wait = Duration::from_secs(30);
        done = registry.upload(admin, name, &upload.id, wait).await?;
    }
    Ok(done.state)
}

#[tokio::test]
async fn a_commit_is_checked_against_the_bytes() {
    let world = World::new().await;
    let file = safetensors("BF16", 2, &[3; 700_000]);
    world.put("a", body(&file, 4096)).await.unwrap();
    let chunks = world.chunks("a").await;
    let right = Sha256(sha2::Sha256::digest(&file).into());

    let wrong = commit(&world, "b", Sha256([9; 32]), chunks.clone()).await;
    assert_eq!(wrong.unwrap_err().code(), "file_mismatch");

    let mut unknown = chunks.clone();
    unknown[0].id = ChunkId([9; 32]);
    let missing = commit(&world, "b", right, unknown).await;
    assert_eq!(missing.unwrap_err().code(), "chunks_missing");

    let done = commit(&world, "b", right, chunks).await.unwrap();
    assert_eq!(done, UploadState::Committed);
    assert!(world.read("b", 0..file.len() as u64).await == file);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_of_chunks_that_fill_the_memory_are_hashed_beside_each_other() {
    let world = World::new().await;
    // Of each chunk raw and stored bytes take more memory than there is, or almost all.
    let commits = [600_000, 500_000, 400_000].map(|len| (len, tensors(len as u32, &[len; 3])));
    for (len, file) in &commits {
        let path = format!("{len}");
        world.put(&path, body(file, 1 << 20)).await.unwrap();
    }
    // The same twice is a list that was not hashed before.
    let twice = commits.map(|(len, file)| (len, [&file[..], &file].concat()));
    let all = twice.iter().map(async |(len, file)| {
        let chunks = world.chunks(&format!("{len}")).await;
        let sha256 = Sha256(sha2::Sha256::digest(file).into());
        let path = format!("{len}-twice");
        commit(&world, &path, sha256, [&chunks[..], &chunks].concat()).await
    });
    for done in futures::future::join_all(all).await {
        assert_eq!(done.unwrap(), UploadState::Committed);
    }
}

#[tokio::test]
async fn an_empty_file_is_a_file() {
    let world = World::new().await;
    assert!(world.put("empty", body(&[], 1)).await.unwrap());
    assert!(world.read("empty", 0..0).await.is_empty());
    assert!(world.chunks("empty").await.is_empty());
    let empty = Sha256(sha2::Sha256::digest([]).into());
    let done = commit(&world, "too", empty, vec![]).await.unwrap();
    assert_eq!(done, UploadState::Committed);
}
