//! What a file's name says of it.

use super::pickles::Said;

/// Endings of files that are pickles, or zip files of them.
const PICKLES: &[&[u8]] = &[
    b".pkl", b".pickle", b".pck", b".pcl", b".joblib", b".dill", b".pt", b".pth", b".pt2",
];

/// Whether a name says that a file is a pickle.
pub(super) fn is_pickle(name: &[u8]) -> bool {
    let name = name.to_ascii_lowercase();
    PICKLES.iter().any(|ending| name.ends_with(ending))
}

/// What the names of a file in a file say.
pub(super) fn of_part(names: [&[u8]; 2]) -> Said {
    match names.into_iter().any(is_pickle) {
        true => Said::Pickle,
        false => Said::Part,
    }
}
