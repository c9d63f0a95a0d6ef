use serde_json::{Value, json};

use crate::{Access, Answer, Chunk, sha256};

/// An upload by the chunk protocol.
#[derive(Debug, Clone)]
pub struct Upload {
    access: Access,
    /// The path of the upload itself.
    pub path: String,
}

impl Upload {
    /// Opens an upload to a repository.
    #[track_caller]
    pub fn open(access: &Access, repository: &str) -> Self {
        let uploads = format!("/api/v1/repositories/{repository}/uploads");
        let upload = access.post(&uploads, &json!({})).expect(201).json();
        let id = upload["id"].as_str().expect("an upload's id");
        Self {
            access: access.clone(),
            path: format!("{uploads}/{id}"),
        }
    }

    /// The same upload, seen through another server.
    pub fn through(&self, access: &Access) -> Self {
        Self {
            access: access.clone(),
            path: self.path.clone(),
        }
    }

    /// The ids of those chunks that must be sent.
    #[track_caller]
    pub fn missing(&self, chunks: &[&Chunk]) -> Vec<String> {
        let chunks: Vec<_> = chunks.iter().map(|chunk| chunk.json()).collect();
        let path = format!("{}/missing", self.path);
        let answer = self
            .access
            .post(&path, &json!({"chunks": chunks}))
            .expect(200)
            .json();
        serde_json::from_value(answer["missing"].clone()).expect("a list of ids")
    }

    /// Sends a chunk's blob.
    pub fn put(&self, chunk: &Chunk) -> Answer {
        self.put_as(&chunk.id, &chunk.blob)
    }

    /// Sends bytes as the blob of a chunk.
    pub fn put_as(&self, id: &str, blob: &[u8]) -> Answer {
        let path = format!("{}/chunks/{id}", self.path);
        self.access.request(&path).bytes(blob).send()
    }

    /// Commits whatever a request says, and waits for the outcome.
    pub fn commit(&self, request: &Value) -> Answer {
        let answer = self.access.post(&format!("{}/commit", self.path), request);
        if answer.status == 202 {
            self.outcome()
        } else {
            answer
        }
    }

    /// Commits one file of these chunks to the main branch, and waits for the outcome.
    pub fn commit_file(&self, path: &str, chunks: &[&Chunk]) -> Answer {
        let file = file_of(path, chunks);
        self.commit(&json!({"branch": "main", "message": "test", "files": [file]}))
    }

    /// Waits until no commit is under way any more.
    pub fn outcome(&self) -> Answer {
        loop {
            let answer = self.access.get(&format!("{}?wait=30", self.path));
            if answer.status != 200 || answer.json()["state"] != "committing" {
                return answer;
            }
        }
    }
}

/// A file of a commit.
pub fn file_of(path: &str, chunks: &[&Chunk]) -> Value {
    let raw: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.raw.clone()).collect();
    let chunks: Vec<_> = chunks.iter().map(|chunk| chunk.json()).collect();
    json!({"path": path, "size": raw.len(), "sha256": sha256(&raw), "chunks": chunks})
}
