use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use sha2::{Digest, Sha256};

/// The SHA-256 of bytes, in hex.
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The SHA-256 of a file, in hex.
pub fn sha256_of_file(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut file = BufReader::with_capacity(1 << 20, file);
    let mut hash = Sha256::new();
    loop {
        let read = file.fill_buf().expect("a readable file");
        if read.is_empty() {
            return hex::encode(hash.finalize());
        }
        hash.update(read);
        let len = read.len();
        file.consume(len);
    }
}
