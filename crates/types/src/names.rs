use std::fmt;
use std::str::FromStr;

use crate::text::json_as_text;

/// Why a name is refused. The sentence says what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NameError(String);

/// Namespaces that would hide a route of the server, now or in the compatible APIs.
const RESERVED_NAMESPACES: &[&str] = &[
    "api",
    "assets",
    "dashboard",
    "datasets",
    "docs",
    "favicon.ico",
    "healthz",
    "hub",
    "lfs",
    "login",
    "logout",
    "metrics",
    "models",
    "openapi.json",
    "readyz",
    "robots.txt",
    "search",
    "settings",
    "spaces",
    "static",
    "tokens",
    "v1",
    "v2",
];

const REPOSITORY_GRAMMAR: &str = "a repository is NAMESPACE/NAME, each of 1 to 96 letters, digits, \
     '.', '_' or '-', beginning and ending with a letter or digit, without '..'";

/// `namespace/name`. Compared without regard to case, shown as it was created.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepositoryName {
    namespace: String,
    name: String,
}

impl RepositoryName {
    /// Checks both parts against the grammar and the reserved namespaces.
    pub fn new(namespace: &str, name: &str) -> Result<Self, NameError> {
        if !is_part(namespace) || !is_part(name) {
            return Err(NameError(REPOSITORY_GRAMMAR.into()));
        }
        if RESERVED_NAMESPACES.contains(&namespace.to_ascii_lowercase().as_str()) {
            return Err(NameError(format!(
                "the namespace '{namespace}' is reserved: choose another"
            )));
        }
        if name.to_ascii_lowercase().ends_with(".git") {
            return Err(NameError(
                "a repository's name must not end in '.git'".into(),
            ));
        }
        Ok(Self {
            namespace: namespace.into(),
            name: name.into(),
        })
    }

    /// The part before the slash.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The part behind the slash.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `namespace/name` in lower case: what makes a repository unique.
    pub fn key(&self) -> String {
        self.to_string().to_ascii_lowercase()
    }
}

fn is_part(part: &str) -> bool {
    let bytes = part.as_bytes();
    let inner = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    (1..=96).contains(&bytes.len())
        && bytes.iter().all(inner)
        && bytes[0].is_ascii_alphanumeric()
        && bytes[bytes.len() - 1].is_ascii_alphanumeric()
        && !part.contains("..")
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl FromStr for RepositoryName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (namespace, name) = text
            .split_once('/')
            .ok_or_else(|| NameError(REPOSITORY_GRAMMAR.into()))?;
        Self::new(namespace, name)
    }
}

/// The name of a branch or tag. May hold `/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RefName(String);

impl RefName {
    /// The branch that is meant when none is named.
    pub fn main() -> Self {
        Self("main".into())
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const REF_GRAMMAR: &str = "a ref is 1 to 200 printable characters without spaces or any of \
     ~ ^ : ? * [ ] \\ @ %, its parts between '/' neither empty nor beginning or ending with '.', \
     without '..', and not 40 hex digits";

impl FromStr for RefName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let forbidden = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[]\\@%".contains(c);
        let part = |p: &str| !p.is_empty() && !p.starts_with(['.', '-']) && !p.ends_with('.');
        let fine = (1..=200).contains(&text.len())
            && !text.contains(forbidden)
            && !text.contains("..")
            && text.split('/').all(part)
            && text.parse::<crate::RevisionId>().is_err();
        if !fine {
            return Err(NameError(REF_GRAMMAR.into()));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A file's path in a revision: relative, parts split by `/`, safe to join to a folder anywhere.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePath(String);

const PATH_GRAMMAR: &str = "a path is relative, at most 1024 bytes, its parts between '/' at most \
     255 bytes, neither empty nor '.' nor '..', without control characters, '\\' or ':'";

impl FilePath {
    /// The path itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last part.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }

    /// What two paths share when a file system without regard to case takes them for one.
    pub fn case_key(&self) -> String {
        self.0.to_lowercase()
    }
}

impl FromStr for FilePath {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let part = |p: &str| (1..=255).contains(&p.len()) && p != "." && p != "..";
        let fine = (1..=1024).contains(&text.len())
            && !text.contains(|c: char| c.is_control() || c == '\\' || c == ':')
            && text.split('/').all(part);
        if !fine {
            return Err(NameError(PATH_GRAMMAR.into()));
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

json_as_text!(RepositoryName);
json_as_text!(RefName);
json_as_text!(FilePath);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repository_names_follow_the_grammar() {
        for good in ["a/b", "sentence-transformers/all-MiniLM-L6-v2", "0/1.5_x"] {
            assert!(good.parse::<RepositoryName>().is_ok(), "{good}");
        }
        for bad in [
            "", "a", "a/", "/b", "a/b/c", "-a/b", "a/b.", "a/..", "a b/c", "api/x", "API/x", "é/x",
            "a/b.git",
        ] {
            assert!(bad.parse::<RepositoryName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn refs_may_hold_slashes_but_hide_no_revision() {
        for good in ["main", "refs/pr/1", "v1.0", "été"] {
            assert!(good.parse::<RefName>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "/a",
            "a/",
            "a//b",
            "a..b",
            ".a",
            "a.",
            "a b",
            "a\nb",
            "-x",
            "a%2Fb",
            &"ab".repeat(20),
        ] {
            assert!(bad.parse::<RefName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn paths_stay_inside_their_folder() {
        for good in ["a", "a/b.safetensors", "1_Pooling/config.json", "a b/ü"] {
            assert!(good.parse::<FilePath>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "/a",
            "a/",
            "../a",
            "a/../b",
            "./a",
            "a//b",
            "a\\b",
            "c:x",
            "a\0b",
            "a\nb",
            &"a".repeat(256),
        ] {
            assert!(bad.parse::<FilePath>().is_err(), "{bad}");
        }
    }
}
