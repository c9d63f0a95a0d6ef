use serde_json::Value;

use crate::{Answer, Request, Server};

/// The server as one caller sees it: with a token, or as anybody.
#[derive(Debug, Clone)]
pub struct Access {
    url: String,
    token: Option<String>,
}

impl Access {
    pub(crate) fn new(server: &Server, token: Option<&str>) -> Self {
        Self::of_url(server.url(), token)
    }

    pub(crate) fn of_url(url: &str, token: Option<&str>) -> Self {
        Self {
            url: url.to_owned(),
            token: token.map(str::to_owned),
        }
    }

    /// A request to a path of the server.
    pub fn request(&self, path: &str) -> Request {
        Request::new(format!("{}{path}", self.url)).token(self.token.as_deref())
    }

    /// GETs a path.
    pub fn get(&self, path: &str) -> Answer {
        self.request(path).send()
    }

    /// GETs JSON, which must be there.
    #[track_caller]
    pub fn get_json(&self, path: &str) -> Value {
        self.get(path).expect(200).json()
    }

    /// POSTs JSON.
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.request(path).json(body).send()
    }

    /// DELETEs a path.
    pub fn delete(&self, path: &str) -> Answer {
        self.request(path).method("DELETE").send()
    }

    /// PUTs bytes as a file of a repository's main branch.
    pub fn put(&self, repository: &str, path: &str, bytes: impl AsRef<[u8]>) -> Answer {
        self.request(&resolve(repository, path)).bytes(bytes).send()
    }

    /// GETs a file of a repository's main branch.
    pub fn file(&self, repository: &str, path: &str) -> Answer {
        self.get(&resolve(repository, path))
    }

    /// Makes a public repository.
    #[track_caller]
    pub fn create(&self, repository: &str) {
        self.create_with(repository, false);
    }

    /// Makes a private repository.
    #[track_caller]
    pub fn create_private(&self, repository: &str) {
        self.create_with(repository, true);
    }

    #[track_caller]
    fn create_with(&self, repository: &str, private: bool) {
        let body = serde_json::json!({"name": repository, "private": private});
        self.post("/api/v1/repositories", &body).expect(201);
    }

    /// The manifest of a file of a repository's main branch.
    #[track_caller]
    pub fn manifest(&self, repository: &str, path: &str) -> Value {
        self.get_json(&format!(
            "/api/v1/repositories/{repository}/files/main/{path}"
        ))
    }

    /// The ids of the chunks of a file of a repository's main branch, in order.
    #[track_caller]
    pub fn chunks(&self, repository: &str, path: &str) -> Vec<String> {
        let manifest = self.manifest(repository, path);
        let chunks = manifest["chunks"].as_array().expect("a list of chunks");
        let id = |chunk: &Value| chunk["id"].as_str().expect("a chunk's id").to_owned();
        chunks.iter().map(id).collect()
    }

    /// The history of a repository's main branch, newest first.
    #[track_caller]
    pub fn revisions(&self, repository: &str) -> Vec<Value> {
        let path = format!("/api/v1/repositories/{repository}/revisions?ref=main");
        let page = self.get_json(&path);
        page["items"]
            .as_array()
            .expect("a list of revisions")
            .clone()
    }

    /// The savings of a repository.
    #[track_caller]
    pub fn savings(&self, repository: &str) -> Value {
        self.get_json(&format!("/api/v1/repositories/{repository}/savings"))
    }

    /// The savings of everything that the caller may read.
    #[track_caller]
    pub fn all_savings(&self) -> Value {
        self.get_json("/api/v1/savings")
    }
}

/// The path of a file's raw bytes.
fn resolve(repository: &str, path: &str) -> String {
    format!("/{repository}/resolve/main/{path}")
}
