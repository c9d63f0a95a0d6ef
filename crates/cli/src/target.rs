//! `NAMESPACE/NAME[@REF]`, as the commands take it.

use std::fmt;
use std::str::FromStr;

use anyhow::bail;
use sheaf_types::{RefName, RepositoryName, RevisionId};

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
