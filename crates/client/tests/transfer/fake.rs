//! A server of one repository, in memory, that does what a test tells it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use serde_json::{Value, json};
use sheaf_client::{Address, Client};
use sheaf_codec::{Header, Parsed};
use sheaf_types::files::{ChunkRef, FileManifest, StoredChunk};
use sheaf_types::revisions::{Revision, Tree, TreeEntry};
use sheaf_types::uploads::{
    CommitRequest, MissingRequest, MissingResponse, NewFile, ReceivedBlob, Upload, UploadState,
};
use sheaf_types::{BlobId, ChunkId, RepositoryName, RevisionId, UploadId};

/// What the server holds, and what it is to do wrong.
#[derive(Default)]
pub struct Held {
    pub exists: bool,
    pub private: bool,
    pub head: Option<Revision>,
    pub files: BTreeMap<String, NewFile>,
    pub blobs: HashMap<ChunkId, Bytes>,
    pub uploads: Vec<Upload>,
    /// Blobs that were taken and given.
    pub puts: usize,
    pub gets: usize,
    /// Refuses further blobs once so many were taken.
    pub room_for: Option<usize>,
    /// Refuses to give blobs once so many were given.
    pub gives: Option<usize>,
    /// Blob requests to answer as if the blob had been replaced.
    pub replaced: usize,
    /// Moves the head before a commit looks at it.
    pub moves_head: bool,
    /// Commits, but answers with this status.
    pub loses_commit: Option<u16>,
    /// The upload is closed when the first blob comes.
    pub closes_upload: bool,
    /// Changes what a blob, a manifest, a tree is.
    pub lie_blob: Option<fn(&mut Vec<u8>)>,
    pub lie_manifest: Option<fn(&mut FileManifest)>,
    pub lie_tree: Option<fn(&mut Value)>,
}

/// A running server.
pub struct Fake {
    pub client: Client,
    state: Shared,
}

type Shared = Arc<Mutex<Held>>;

pub fn name() -> RepositoryName {
    "acme/model".parse().unwrap()
}

impl Fake {
    pub async fn start() -> Self {
        let state = Shared::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = router().with_state(state.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let address: Address = address.parse().unwrap();
        let client = Client::new(&address, None).unwrap();
        Self { client, state }
    }

    pub fn held(&self) -> MutexGuard<'_, Held> {
        self.state.lock().unwrap()
    }
}

fn router() -> Router<Shared> {
    let of = |rest: &str| format!("/api/v1/repositories/acme/model{rest}");
    Router::new()
        .route("/api/v1/repositories", post(create))
        .route(&of(""), get(repository))
        .route(&of("/tree/{reference}"), get(tree))
        .route(&of("/files/{reference}/{*path}"), get(manifest))
        .route(&of("/blobs/{id}"), get(blob))
        .route("/acme/model/resolve/{reference}/{*path}", get(file))
        .route(&of("/uploads"), get(uploads).post(open))
        .route(&of("/uploads/{id}"), get(upload).delete(abort))
        .route(&of("/uploads/{id}/missing"), post(missing))
        .route(&of("/uploads/{id}/chunks/{chunk}"), put(take))
        .route(&of("/uploads/{id}/commit"), post(commit))
        .layer(DefaultBodyLimit::disable())
}

fn refuse(status: u16, code: &str) -> Response {
    let body = json!({"error": {"code": code, "message": format!("refused: {code}")}});
    let status = StatusCode::from_u16(status).unwrap();
    (status, Json(body)).into_response()
}

fn shown(held: &Held) -> Json<Value> {
    Json(json!({
        "name": "acme/model",
        "private": held.private,
        "description": "",
        "created_at": "2026-01-02T03:04:05Z",
        "updated_at": "2026-01-02T03:04:05Z",
    }))
}

async fn create(State(state): State<Shared>, Json(new): Json<Value>) -> Response {
    let mut held = state.lock().unwrap();
    held.exists = true;
    held.private = new["private"] == true;
    (StatusCode::CREATED, shown(&held)).into_response()
}

async fn repository(State(state): State<Shared>) -> Response {
    let held = state.lock().unwrap();
    if held.exists {
        shown(&held).into_response()
    } else {
        refuse(404, "repository_not_found")
    }
}

/// One file a page.
async fn tree(State(state): State<Shared>, query: Query<HashMap<String, String>>) -> Response {
    let held = state.lock().unwrap();
    let Some(revision) = held.head.clone() else {
        return refuse(404, "ref_not_found");
    };
    let at: usize = query.get("cursor").map_or(0, |at| at.parse().unwrap());
    let file = held.files.values().nth(at).map(|file| TreeEntry {
        path: file.path.clone(),
        size: file.size,
        sha256: file.sha256,
        near_lossless_bits: file.near_lossless.as_ref().map(|done| done.bits),
        pickles: None,
    });
    let tree = Tree {
        revision,
        items: file.into_iter().collect(),
        next: (at + 1 < held.files.len()).then(|| (at + 1).to_string()),
    };
    let mut tree = serde_json::to_value(tree).unwrap();
    if let Some(lie) = held.lie_tree {
        lie(&mut tree);
    }
    Json(tree).into_response()
}

async fn manifest(
    State(state): State<Shared>,
    Path((_, path)): Path<(String, String)>,
) -> Json<FileManifest> {
    let held = state.lock().unwrap();
    let file = &held.files[&path];
    let stored = |chunk: &ChunkRef| {
        let blob = &held.blobs[&chunk.id];
        StoredChunk {
            id: chunk.id,
            size: chunk.size,
            blob: blob_id(blob),
            stored_size: blob.len() as u64,
            base: None,
        }
    };
    let mut manifest = FileManifest {
        revision: held.head.as_ref().unwrap().id,
        path: file.path.clone(),
        size: file.size,
        sha256: file.sha256,
        near_lossless: file.near_lossless.clone(),
        pickles: None,
        chunks: file.chunks.iter().map(stored).collect(),
        bases: vec![],
    };
    if let Some(lie) = held.lie_manifest {
        lie(&mut manifest);
    }
    Json(manifest)
}

async fn file(State(state): State<Shared>, Path((_, path)): Path<(String, String)>) -> Vec<u8> {
    let held = state.lock().unwrap();
    let chunks = held.files[&path].chunks.iter();
    let raw = |chunk: &ChunkRef| sheaf_codec::decode(&held.blobs[&chunk.id], None).unwrap();
    chunks.flat_map(raw).collect()
}

fn blob_id(blob: &[u8]) -> BlobId {
    match Header::parse(blob).unwrap() {
        Parsed::Header(header, _) => BlobId(header.blob_id()),
        Parsed::NeedMore(_) => panic!("half a blob"),
    }
}

async fn blob(State(state): State<Shared>, Path(id): Path<String>) -> Response {
    let mut held = state.lock().unwrap();
    if held.replaced > 0 {
        held.replaced -= 1;
        return refuse(404, "blob_not_found");
    }
    if held.gives == Some(held.gets) {
        return refuse(500, "internal");
    }
    held.gets += 1;
    let found = held
        .blobs
        .values()
        .find(|blob| blob_id(blob).to_string() == id);
    let mut blob = found.unwrap().to_vec();
    if let Some(lie) = held.lie_blob {
        lie(&mut blob);
    }
    blob.into_response()
}

async fn uploads(State(state): State<Shared>) -> Json<Value> {
    let held = state.lock().unwrap();
    Json(json!({"items": held.uploads, "next": null}))
}

async fn open(State(state): State<Shared>) -> Json<Upload> {
    let mut held = state.lock().unwrap();
    let upload = Upload {
        id: UploadId([held.uploads.len() as u8; 16]),
        state: UploadState::Open,
        created_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        expires_at: "2026-01-03T03:04:05Z".parse().unwrap(),
        revision: None,
        error: None,
    };
    held.uploads.push(upload.clone());
    Json(upload)
}

impl Held {
    fn upload(&mut self, id: &str) -> &mut Upload {
        let mut uploads = self.uploads.iter_mut();
        uploads.find(|upload| upload.id.to_string() == id).unwrap()
    }
}

/// Whoever asks how a commit is doing hears that it is done.
async fn upload(State(state): State<Shared>, Path(id): Path<String>) -> Json<Upload> {
    let mut held = state.lock().unwrap();
    let upload = held.upload(&id);
    if upload.state == UploadState::Committing {
        upload.state = UploadState::Committed;
    }
    Json(upload.clone())
}

async fn abort(State(state): State<Shared>, Path(id): Path<String>) -> StatusCode {
    let mut held = state.lock().unwrap();
    held.uploads.retain(|upload| upload.id.to_string() != id);
    StatusCode::NO_CONTENT
}

async fn missing(
    State(state): State<Shared>,
    Path(id): Path<String>,
    Json(asked): Json<MissingRequest>,
) -> Response {
    let mut held = state.lock().unwrap();
    if held.upload(&id).state != UploadState::Open {
        return refuse(409, "upload_closed");
    }
    let ids = asked.chunks.iter().map(|chunk| chunk.id);
    let missing = ids.filter(|id| !held.blobs.contains_key(id)).collect();
    Json(MissingResponse { missing }).into_response()
}

async fn take(
    State(state): State<Shared>,
    Path((id, chunk)): Path<(String, ChunkId)>,
    body: Bytes,
) -> Response {
    let mut held = state.lock().unwrap();
    if std::mem::take(&mut held.closes_upload) {
        held.upload(&id).state = UploadState::Committed;
    }
    if held.upload(&id).state != UploadState::Open {
        return refuse(409, "upload_closed");
    }
    if held.room_for == Some(held.puts) {
        return refuse(507, "storage_full");
    }
    held.puts += 1;
    let raw = sheaf_codec::decode(&body, None).unwrap();
    assert_eq!(chunk.0, *blake3::hash(&raw).as_bytes());
    let received = ReceivedBlob {
        chunk,
        blob: blob_id(&body),
        stored_size: body.len() as u64,
    };
    held.blobs.insert(chunk, body);
    Json(received).into_response()
}

async fn commit(
    State(state): State<Shared>,
    Path(id): Path<String>,
    Json(request): Json<CommitRequest>,
) -> Response {
    let mut held = state.lock().unwrap();
    if held.moves_head || request.parent != held.head.as_ref().map(|head| head.id) {
        return refuse(409, "branch_moved");
    }
    for path in &request.delete {
        held.files.remove(path.as_str());
    }
    for file in &request.files {
        let sent = file
            .chunks
            .iter()
            .all(|chunk| held.blobs.contains_key(&chunk.id));
        assert!(sent, "{} is committed without its chunks", file.path);
        held.files.insert(file.path.to_string(), file.clone());
    }
    let number = held.head.as_ref().map_or(1, |head| head.id.0[0] + 1);
    let revision = Revision {
        id: RevisionId([number; 20]),
        parent: request.parent,
        message: request.message,
        created_at: "2026-01-02T03:04:05Z".parse().unwrap(),
        files: held.files.len() as u64,
        bytes: held.files.values().map(|file| file.size).sum(),
    };
    held.head = Some(revision.clone());
    let upload = held.upload(&id);
    upload.state = UploadState::Committing;
    upload.revision = Some(revision);
    let answer = Upload {
        revision: None,
        ..upload.clone()
    };
    match held.loses_commit {
        Some(status) => refuse(status, "lost"),
        None => (StatusCode::ACCEPTED, Json(answer)).into_response(),
    }
}
