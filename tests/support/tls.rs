//! Certificates, as an administrator makes them with `openssl`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use crate::Ran;
use crate::client::temporary_folder;

/// An authority that nobody knows yet, and an address of this machine for which it vouches.
#[derive(Debug)]
pub struct Tls {
    folder: Arc<TempDir>,
    address: String,
}

impl Tls {
    /// A new one. The address is this process' own, so that any port is free there.
    pub fn make() -> Self {
        let [.., a, b] = std::process::id().to_be_bytes();
        let tls = Self {
            folder: temporary_folder(),
            address: format!("127.77.{a}.{b}"),
        };
        tls.authority("ca");
        tls.authority("other-ca");
        tls
    }

    /// Where the certificate is right.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The certificate of the authority.
    pub fn authority_file(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }

    /// The certificate of an authority that has to do with nothing here.
    pub fn other_authority_file(&self) -> PathBuf {
        self.folder.path().join("other-ca.crt")
    }

    /// Puts `server.crt` and `server.key` into a folder.
    pub fn certify(&self, folder: &Path) {
        let address = format!("subjectAltName=IP:{}", self.address);
        let by = ["-CA", "ca.crt", "-CAkey", "ca.key", "-addext", &address];
        self.certificate(&folder.join("server"), "CA:FALSE", &by);
    }

    fn authority(&self, name: &str) {
        self.certificate(&self.folder.path().join(name), "CA:TRUE", &[]);
    }

    /// Makes a key and a certificate for it, at a path without its ending.
    fn certificate(&self, path: &Path, kind: &str, more: &[&str]) {
        let config = self.folder.path().join("openssl.cnf");
        fs::write(&config, "[req]\ndistinguished_name=name\n[name]\n").expect("a file");
        let (key, certificate) = (path.with_extension("key"), path.with_extension("crt"));
        Ran::of(
            Command::new("openssl")
                .current_dir(self.folder.path())
                .args([
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                ])
                .args(["-subj", "/CN=sheaf", "-config", "openssl.cnf"])
                .args(["-addext", &format!("basicConstraints=critical,{kind}")])
                .args(more)
                .arg("-keyout")
                .arg(key)
                .arg("-out")
                .arg(certificate),
        )
        .success();
    }
}
