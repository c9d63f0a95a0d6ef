//! A small S3 server in this process, over a folder. It verifies signatures.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use sheaf_blobs::{Blobs, Error, S3Keys, S3Options};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

const KEY: &str = "the-key-of-the-tests";
const SECRET: &str = "the-secret-of-the-tests";

/// The server, with one bucket: `models`. It ends with this value.
pub struct Light {
    address: SocketAddr,
    folder: TempDir,
    serving: JoinHandle<io::Result<()>>,
}

impl Light {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("models")).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self {
            address: listener.local_addr().unwrap(),
            serving: tokio::spawn(serve(listener, service(&folder))),
            folder,
        }
    }

    /// How it is reached with the right keys.
    pub fn options(&self) -> S3Options {
        S3Options {
            endpoint: Some(format!("http://{}", self.address)),
            keys: Some(keys(SECRET)),
            allow_http: true,
            ..S3Options::default()
        }
    }

    /// The same with a wrong secret.
    pub fn wrong_options(&self) -> S3Options {
        S3Options {
            keys: Some(keys("another-secret")),
            ..self.options()
        }
    }

    /// A store in the bucket.
    pub async fn open(&self, url: &str) -> Result<Blobs, Error> {
        Blobs::open(url, &self.options()).await
    }

    /// Tells a server how it is reached, in the usual variables.
    pub fn set(&self, command: &mut Command) {
        command
            .env("AWS_ENDPOINT_URL", format!("http://{}", self.address))
            .env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .env("AWS_ALLOW_HTTP", "true");
    }

    /// The bucket's files.
    pub fn bucket(&self) -> PathBuf {
        self.folder.path().join("models")
    }

    /// Goes down: nothing listens any more.
    pub async fn stop(&mut self) {
        self.serving.abort();
        // It was aborted.
        let _ = (&mut self.serving).await;
    }

    /// Comes back at the same address.
    pub async fn start_again(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        self.serving = tokio::spawn(serve(listener, service(&self.folder)));
    }
}

impl Drop for Light {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn keys(secret: &str) -> S3Keys {
    S3Keys {
        access_key_id: KEY.into(),
        secret_access_key: secret.into(),
        session_token: None,
    }
}

fn service(folder: &TempDir) -> S3Service {
    let files = s3s_fs::FileSystem::new(folder.path()).unwrap();
    let mut builder = S3ServiceBuilder::new(files);
    builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
    builder.build()
}

/// Connections end with the task that this is.
async fn serve(listener: TcpListener, service: S3Service) -> io::Result<()> {
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let (socket, _) = listener.accept().await?;
        let service = service.clone();
        connections.spawn(async move {
            let http = auto::Builder::new(TokioExecutor::new());
            // A client that hangs up is none of this server's business.
            let _ = http.serve_connection(TokioIo::new(socket), service).await;
        });
    }
}
