use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use sheaf_types::FilePath;

use crate::Error;

/// Which files are meant, by globs on their whole path in the repository. `*` also matches `/`, so
/// that `*.safetensors` is every such file, wherever it lies.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Empty: all.
    include: GlobSet,
    exclude: GlobSet,
}

impl Filter {
    /// Files that match one of `include` (any file when there is none) and none of `exclude`.
    /// Fails on what is no glob.
    pub fn new(include: &[String], exclude: &[String]) -> Result<Self, Error> {
        Ok(Self {
            include: globs(include)?,
            exclude: globs(exclude)?,
        })
    }

    /// Whether a file is meant.
    pub fn matches(&self, path: &FilePath) -> bool {
        let path = path.as_str();
        (self.include.is_empty() || self.include.is_match(path)) && !self.exclude.is_match(path)
    }
}

fn globs(patterns: &[String]) -> Result<GlobSet, Error> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
        // A folder's name means all in it.
        let folder = pattern.trim_end_matches('/');
        set.add(glob(pattern)?);
        if folder != pattern {
            set.add(glob(&format!("{folder}/**"))?);
        }
    }
    set.build().map_err(|error| setting(&error))
}

fn glob(pattern: &str) -> Result<globset::Glob, Error> {
    GlobBuilder::new(pattern)
        .build()
        .map_err(|error| setting(&error))
}

fn setting(error: &globset::Error) -> Error {
    Error::Setting(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(include: &[&str], exclude: &[&str], path: &str) -> bool {
        let owned = |globs: &[&str]| globs.iter().map(|g| (*g).to_owned()).collect::<Vec<_>>();
        Filter::new(&owned(include), &owned(exclude))
            .unwrap()
            .matches(&path.parse().unwrap())
    }

    #[test]
    fn without_globs_every_file_is_meant() {
        assert!(matches(&[], &[], "a/b"));
    }

    #[test]
    fn a_star_reaches_into_folders() {
        assert!(matches(&["*.bin"], &[], "a/b/c.bin"));
        assert!(matches(&["onnx/"], &[], "onnx/a/model.onnx"));
        assert!(!matches(&["onnx/"], &[], "other/model.onnx"));
    }

    #[test]
    fn exclude_wins() {
        assert!(!matches(&["*.bin"], &["a/*"], "a/b.bin"));
        assert!(!matches(&[], &["*.bin"], "b.bin"));
    }

    #[test]
    fn a_broken_glob_is_an_error() {
        assert!(Filter::new(&["a[".into()], &[]).is_err());
    }
}
