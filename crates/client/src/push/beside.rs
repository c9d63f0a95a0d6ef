//! What a file that is pushed says of another that is pushed with it.

use std::fs::File;
use std::io;

use sheaf_formats::{Chunker, ReadAt, told};

use super::walk::SourceFile;

/// A chunker for one of the files, by its own bytes or by what another says. `files` are in the order of
/// their paths.
pub(super) fn chunker(
    source: &SourceFile,
    file: &File,
    files: &[SourceFile],
) -> io::Result<Chunker> {
    if let Some(chunker) = Chunker::by_own_bytes(file)? {
        return Ok(chunker);
    }
    let others = files.iter().filter(|other| other.path != source.path);
    let paths = others.map(|other| other.path.as_str());
    let told = told(source.path.as_str(), paths, &mut |path| {
        let at = files.binary_search_by(|file| file.path.as_str().cmp(path));
        let at = at.map_err(|_| io::ErrorKind::NotFound)?;
        let file = File::open(&files[at].on_disk)?;
        Ok(Box::new(file) as Box<dyn ReadAt>)
    })?;
    Ok(told.map_or_else(Chunker::unknown, |told| told.chunker()))
}
