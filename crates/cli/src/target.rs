//! `NAMESPACE/NAME[@REF]` and `NAMESPACE/NAME[@REF]/PATH`, as the commands take them.

use std::fmt;
use std::str::FromStr;

use anyhow::bail;
use sheaf_types::{FilePath, RefName, RepositoryName, RevisionId};

/// A repository, and what of it is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The repository.
    pub name: RepositoryName,
    /// What stands behind the `@`.
    pub reference: Option<Reference>,
}

/// What names a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// A branch or a tag.
    Ref(RefName),
    /// The revision itself.
    Revision(RevisionId),
}

/// A file of a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileTarget {
    /// The repository, and the revision in it.
    pub target: Target,
    /// The file in that.
    pub path: FilePath,
}

impl Target {
    /// What names the revision in a request: `main` when nothing was said.
    pub fn reference(&self) -> String {
        match &self.reference {
            None => RefName::main().to_string(),
            Some(reference) => reference.to_string(),
        }
    }

    /// The branch to write to: `main` when nothing was said.
    pub fn branch(&self) -> anyhow::Result<RefName> {
        match &self.reference {
            None => Ok(RefName::main()),
            Some(Reference::Ref(name)) => Ok(name.clone()),
            Some(Reference::Revision(id)) => {
                bail!("{id} is a revision, which never changes: name a branch")
            }
        }
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, reference) = match text.split_once('@') {
            None => (text, None),
            Some((name, reference)) => (name, Some(reference)),
        };
        let reference = reference.map(|text| match text.parse() {
            Ok(id) => Ok(Reference::Revision(id)),
            Err(_) => text.parse().map(Reference::Ref),
        });
        Ok(Self {
            name: name.parse().map_err(|error| format!("{error}"))?,
            reference: reference.transpose().map_err(|error| error.to_string())?,
        })
    }
}

/// A ref that has slashes of its own ends in a colon: neither refs nor paths have any.
impl FromStr for FileTarget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "a file on a server is NAMESPACE/NAME[@REF]/PATH".to_owned();
        let name_end = match text.split_once('@') {
            Some((name, _)) if name.matches('/').count() == 1 => name.len() + 1,
            _ => text.find('/').map_or(0, |slash| slash + 1),
        };
        let rest = &text[name_end..];
        let at = rest.find(':').filter(|_| text[..name_end].ends_with('@'));
        let at = at.or_else(|| rest.find('/')).ok_or_else(wrong)?;
        let path = rest[at + 1..].parse();
        Ok(Self {
            target: text[..name_end + at].parse()?,
            path: path.map_err(|error| format!("{error}"))?,
        })
    }
}

impl fmt::Display for FileTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has_slash = self.target.reference().contains('/');
        let separator = if has_slash { ':' } else { '/' };
        write!(f, "{}{separator}{}", self.target, self.path)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reference {
            None => write!(f, "{}", self.name),
            Some(reference) => write!(f, "{}@{reference}", self.name),
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ref(name) => name.fmt(f),
            Self::Revision(id) => id.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_names_a_repository_and_perhaps_a_ref() {
        let revision = "ab".repeat(20);
        for text in ["a/b", "a/b@v1", "a/b@refs/pr/1", &format!("a/b@{revision}")] {
            assert_eq!(text.parse::<Target>().unwrap().to_string(), text);
        }
        let target: Target = "a/b".parse().unwrap();
        assert_eq!(target.reference(), "main");
    }

    #[test]
    fn a_file_on_a_server_has_a_path() {
        for (text, target, path) in [
            ("a/b/c", "a/b", "c"),
            ("a/b/c/d@e", "a/b", "c/d@e"),
            ("a/b@v1/c/d", "a/b@v1", "c/d"),
            ("a/b@refs/pr/1:c/d", "a/b@refs/pr/1", "c/d"),
        ] {
            let file: FileTarget = text.parse().unwrap();
            assert_eq!(file.target.to_string(), target, "{text}");
            assert_eq!(file.path.as_str(), path, "{text}");
            assert_eq!(file.to_string(), text);
        }
        for text in [
            "", "a", "a/b", "a/b/", "a/b@v1", "a/b@/c", "a/b/../c", "/a/b/c",
        ] {
            assert!(text.parse::<FileTarget>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_names_none_is_refused() {
        for text in ["", "a", "a/b@", "a/b@x@y", "a/b/c", "@main"] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_a_branch_can_be_written_to() {
        let fixed: Target = format!("a/b@{}", "ab".repeat(20)).parse().unwrap();
        assert!(fixed.branch().is_err());
        let branch: Target = "a/b@dev".parse().unwrap();
        assert_eq!(branch.branch().unwrap().as_str(), "dev");
    }
}
