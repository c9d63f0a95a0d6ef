//! Files that lie in one folder.

use std::collections::BTreeMap;
use std::io;

use sheaf_formats::{Chunk, Layout, ReadAt, Told, told};

use super::run;

/// Paths and bytes.
pub type Folder = BTreeMap<String, Vec<u8>>;

pub fn folder(files: &[(&str, &[u8])]) -> Folder {
    let file = |(path, bytes): &(&str, &[u8])| ((*path).to_owned(), bytes.to_vec());
    files.iter().map(file).collect()
}

/// What the others say of a file.
pub fn ask(folder: &Folder, data: &str) -> Option<Told> {
    let paths = folder.keys().map(String::as_str);
    told(data, paths.filter(|path| *path != data), &mut |path| {
        let bytes = folder.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(bytes.clone()) as Box<dyn ReadAt>)
    })
    .unwrap()
}

/// The chunks of a data file in pushes of several sizes, which must agree, and its layout.
pub fn cut(told: Told, data: &[u8]) -> (Vec<Chunk>, Layout) {
    let chunks = run(told.chunker(), data, &[usize::MAX]);
    let all: Vec<u8> = chunks.iter().flat_map(|chunk| chunk.raw.clone()).collect();
    assert!(all == data);
    assert!(run(told.chunker(), data, &[1, 513, 100_000]) == chunks);
    let layout = told.layout(data.len() as u64);
    for tensor in &layout.tensors {
        assert!(tensor.range.start <= tensor.range.end);
        assert!(tensor.range.end <= data.len() as u64);
    }
    (chunks, layout)
}
