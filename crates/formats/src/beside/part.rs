//! What an index says of one data file.

use std::collections::BTreeMap;
use std::fmt;

use crate::format::MAX_TENSORS;
use crate::layout::Tensor;

/// Where a data file is, as its index has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// At this path from the index's folder.
    Path(String),
    /// It is called as the index, with this end instead of the index's own.
    End(String),
}

/// What an index says of one data file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub place: Place,
    pub tensors: Vec<Tensor>,
}

/// The parts of an index, as they come up: of a bounded number of tensors.
#[derive(Default)]
pub(crate) struct Parts {
    parts: BTreeMap<Place, Vec<Tensor>>,
    tensors: usize,
}

impl Parts {
    /// A tensor that lies in a file.
    pub fn add(&mut self, place: Place, tensor: Tensor) {
        if self.tensors < MAX_TENSORS {
            self.tensors += 1;
            self.parts.entry(place).or_default().push(tensor);
        }
    }

    pub fn into_vec(self) -> Vec<Part> {
        let part = |(place, tensors)| Part { place, tensors };
        self.parts.into_iter().map(part).collect()
    }
}

impl Place {
    /// The path of the data file, where the index is at this one. None where that would lie outside the
    /// index's folder.
    pub(crate) fn from(&self, index: &str) -> Option<String> {
        let folder = index.rfind('/').map_or(0, |slash| slash + 1);
        match self {
            Place::Path(path) => Some(format!("{}{}", &index[..folder], inside(path)?)),
            Place::End(end) => {
                let dot = index[folder..].rfind('.')?;
                Some(format!("{}{end}", &index[..folder + dot]))
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Path(path) => f.write_str(path),
            Place::End(end) => write!(f, "*{end}"),
        }
    }
}

/// A path without what means nothing, unless it leads out of the folder.
fn inside(path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let steps: Vec<&str> = path
        .split('/')
        .filter(|s| !matches!(*s, "" | "."))
        .collect();
    (!steps.is_empty() && !steps.contains(&"..")).then(|| steps.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_from_the_folder_of_the_index() {
        for (path, index, expected) in [
            ("w.bin", "model.onnx", Some("w.bin")),
            ("./w/x.bin", "a/b.c/model.onnx", Some("a/b.c/w/x.bin")),
            ("../w.bin", "a/model.onnx", None),
            ("/w.bin", "model.onnx", None),
            (".", "model.onnx", None),
        ] {
            let place = Place::Path(path.into());
            assert_eq!(place.from(index).as_deref(), expected, "{path}");
        }
        let end = Place::End(".bin".into());
        assert_eq!(end.from("a.b/m.x.xml").as_deref(), Some("a.b/m.x.bin"));
        assert_eq!(end.from("a.b/m"), None);
    }
}
