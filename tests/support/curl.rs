use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::Answer;

const HEAD: &str = "--head";

/// A request that curl will send.
#[derive(Debug)]
pub struct Request {
    url: String,
    arguments: Vec<OsString>,
    /// Holds the body to send and what comes back.
    scratch: TempDir,
}

impl Request {
    pub(crate) fn new(url: String) -> Self {
        // The path as it is written: a test of `..` must reach the server.
        let arguments = ["--silent", "--show-error", "--path-as-is", "--globoff"];
        Self {
            url,
            arguments: arguments.map(OsString::from).to_vec(),
            scratch: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    fn with<const N: usize>(mut self, arguments: [&OsStr; N]) -> Self {
        self.arguments.extend(arguments.map(OsStr::to_owned));
        self
    }

    /// Another method than the body suggests.
    pub fn method(self, method: &str) -> Self {
        match method {
            "HEAD" => self.with([HEAD.as_ref()]),
            _ => self.with(["--request".as_ref(), method.as_ref()]),
        }
    }

    /// A header, as `Name: value`.
    pub fn header(self, header: &str) -> Self {
        self.with(["--header".as_ref(), header.as_ref()])
    }

    pub(crate) fn token(self, secret: Option<&str>) -> Self {
        match secret {
            Some(secret) => self.header(&format!("Authorization: Bearer {secret}")),
            None => self,
        }
    }

    /// PUTs a file, streaming it. To a path that ends in `/` curl would add the file's own name.
    pub fn file(self, path: impl AsRef<Path>) -> Self {
        self.with(["--upload-file".as_ref(), path.as_ref().as_os_str()])
    }

    /// PUTs bytes, unless another method is asked for afterwards.
    pub fn bytes(self, bytes: impl AsRef<[u8]>) -> Self {
        let request = self.header("Content-Type: application/octet-stream");
        request.method("PUT").body(bytes.as_ref())
    }

    fn body(self, bytes: &[u8]) -> Self {
        let path = self.scratch.path().join("sent");
        fs::write(&path, bytes).expect("a writable temporary folder");
        let from = format!("@{}", path.display());
        self.with(["--data-binary".as_ref(), from.as_ref()])
    }

    /// POSTs JSON, unless another method is asked for.
    pub fn json(self, body: &Value) -> Self {
        let request = self.header("Content-Type: application/json");
        request.body(body.to_string().as_bytes())
    }

    /// curl's own options.
    pub fn option<const N: usize>(self, arguments: [&str; N]) -> Self {
        self.with(arguments.map(OsStr::new))
    }

    /// Sends the request and waits for the whole answer.
    pub fn send(self) -> Answer {
        let [body, headers] = ["body", "headers"].map(|name| self.scratch.path().join(name));
        let mut curl = Command::new("curl");
        curl.args(&self.arguments)
            .arg(&self.url)
            .stdin(Stdio::null());
        curl.arg("--output")
            .arg(&body)
            .arg("--dump-header")
            .arg(&headers);
        let request = format!("{:?} {}", self.arguments, self.url);
        let output = curl.output().expect("curl, which tests/run installs");
        let read = |path| fs::read(path).unwrap_or_default();
        let (status, headers) = parse(&String::from_utf8_lossy(&read(&headers)));
        // curl writes the headers there.
        let has_body = !self.arguments.iter().any(|argument| argument == HEAD);
        Answer {
            request,
            exit: output.status.code().unwrap_or(-1),
            status,
            headers,
            body: if has_body { read(&body) } else { Vec::new() },
        }
    }
}

/// Status and headers of the last answer: before it there may be `100 Continue`.
fn parse(text: &str) -> (u16, Vec<(String, String)>) {
    let last = text
        .trim_end()
        .rsplit("\r\n\r\n")
        .next()
        .unwrap_or_default();
    let mut lines = last.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1)?.parse().ok());
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_owned(), value.trim().to_owned()))
    };
    (status.unwrap_or(0), lines.filter_map(header).collect())
}
