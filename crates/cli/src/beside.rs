//! What the files in a file's folder say of it, where its own bytes say nothing.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use sheaf_formats::{Chunker, ReadAt, Told, told};

/// A chunker for a file, by its own bytes or by what another in its folder says.
pub fn chunker(file: &File, path: &Path) -> io::Result<Chunker> {
    if let Some(chunker) = Chunker::by_own_bytes(file)? {
        return Ok(chunker);
    }
    Ok(told_of(path)?.map_or_else(Chunker::unknown, |told| told.chunker()))
}

/// What the files in a file's folder say of it. Those whose names are no text say nothing.
pub fn told_of(path: &Path) -> io::Result<Option<Told>> {
    let (Some(name), Some(folder)) = (path.file_name(), path.parent()) else {
        return Ok(None);
    };
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    let mut names = vec![];
    for entry in fs::read_dir(folder)? {
        names.extend(entry?.file_name().into_string());
    }
    let open = &mut |name: &str| {
        let file = File::open(folder.join(name))?;
        Ok(Box::new(file) as Box<dyn ReadAt>)
    };
    told(
        &name.to_string_lossy(),
        names.iter().map(String::as_str),
        open,
    )
}
