//! Where a record is in the object store.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use crate::{RefName, RepositoryUid, RevisionId};

/// What the keys of all records begin with.
pub const PREFIX: &str = "records";

/// Between which keys those of records are whose repository's number begins with this byte.
pub fn folder_keys(first: u8) -> Range<String> {
    // What comes after a slash.
    format!("{PREFIX}/{first:02x}/")..format!("{PREFIX}/{first:02x}0")
}

/// Microseconds do not come to so many in a hundred thousand years, and databases can count on from there.
const GENERATIONS: u64 = 1 << 62;

/// Stands for a ref's name, which may hold what a key must not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RefHash([u8; 16]);

impl RefHash {
    /// The first bytes of the name's BLAKE3.
    pub fn of(name: &RefName) -> Self {
        let hash = blake3::hash(name.as_str().as_bytes());
        Self(std::array::from_fn(|i| hash.as_bytes()[i]))
    }
}

/// What a record is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A repository.
    Repository,
    /// A repository that is gone.
    Deleted,
    /// A ref.
    Ref(RefHash),
    /// A ref that is gone.
    Unset(RefHash),
    /// A revision.
    Revision(RevisionId),
}

/// `records/<2 hex>/<repository>.<generation>.<subject>`. All that decides which record counts is in the
/// key, so that one that cannot be read is still known for what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordKey {
    /// Of which repository.
    pub uid: RepositoryUid,
    /// Of two records of one subject the higher one counts.
    pub generation: u64,
    /// What of the repository.
    pub subject: Subject,
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, uid) = (self.uid.0[0], self.uid);
        let generation = self.generation;
        write!(f, "{PREFIX}/{first:02x}/{uid}.{generation:016x}.")?;
        match &self.subject {
            Subject::Repository => f.write_str("repository"),
            Subject::Deleted => f.write_str("deleted"),
            Subject::Ref(hash) => write!(f, "ref-{}", hex::encode(hash.0)),
            Subject::Unset(hash) => write!(f, "unset-{}", hex::encode(hash.0)),
            Subject::Revision(id) => write!(f, "revision-{id}"),
        }
    }
}

/// A key that is none of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not the key of a record")]
pub struct KeyError;

impl FromStr for RecordKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let name = text.rsplit('/').next().unwrap_or_default();
        let mut parts = name.splitn(3, '.');
        let mut part = || parts.next().ok_or(KeyError);
        let key = Self {
            uid: part()?.parse().map_err(|_| KeyError)?,
            generation: u64::from_str_radix(part()?, 16).map_err(|_| KeyError)?,
            subject: subject(part()?)?,
        };
        // There is one way to write each, folder and all.
        match key.generation < GENERATIONS && key.to_string() == text {
            true => Ok(key),
            false => Err(KeyError),
        }
    }
}

fn subject(text: &str) -> Result<Subject, KeyError> {
    let (word, rest) = text.split_once('-').unwrap_or((text, ""));
    Ok(match word {
        "repository" => Subject::Repository,
        "deleted" => Subject::Deleted,
        "ref" => Subject::Ref(ref_hash(rest)?),
        "unset" => Subject::Unset(ref_hash(rest)?),
        "revision" => Subject::Revision(rest.parse().map_err(|_| KeyError)?),
        _ => return Err(KeyError),
    })
}

fn ref_hash(text: &str) -> Result<RefHash, KeyError> {
    let mut bytes = [0; 16];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| KeyError)?;
    Ok(RefHash(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(subject: Subject) -> RecordKey {
        RecordKey {
            uid: RepositoryUid([0xab; 16]),
            generation: 0x123,
            subject,
        }
    }

    #[test]
    fn a_key_says_all_that_it_is_of() {
        let hash = RefHash::of(&RefName::main());
        for subject in [
            Subject::Repository,
            Subject::Deleted,
            Subject::Ref(hash),
            Subject::Unset(hash),
            Subject::Revision(RevisionId([7; 20])),
        ] {
            let key = key(subject);
            assert_eq!(key.to_string().parse(), Ok(key));
        }
        let text = key(Subject::Deleted).to_string();
        assert!(folder_keys(0xab).contains(&text) && !folder_keys(0xac).contains(&text));
        let uid = "ab".repeat(16);
        assert_eq!(text, format!("records/ab/{uid}.0000000000000123.deleted"));
    }

    #[test]
    fn what_is_written_otherwise_is_no_key() {
        let right = key(Subject::Repository).to_string();
        for wrong in [
            right.replace("records/ab", "records/ac"),
            right.replace("records/", ""),
            right.replace("0123", "123"),
            right.replace("0000000000000123", "4000000000000000"),
            right.replace("repository", "repository-"),
            right.replace("ab", "AB"),
            format!("{right}x"),
            format!("x/{right}"),
            "records/ab/".into(),
            String::new(),
        ] {
            assert_eq!(wrong.parse::<RecordKey>(), Err(KeyError), "{wrong}");
        }
    }
}
