use serde::{Deserialize, Serialize};
use sheaf_types::ChunkId;
use sheaf_types::check::{CheckReport, NewCheck};

use crate::Result;
use crate::random::random;

/// All that a check goes on from: as JSON it can be put away between two steps, and another server can go
/// on with it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CheckState {
    pub place: Place,
    pub report: CheckReport,
    /// Which chunks a sample has depends on it.
    seed: u64,
}

/// Where a check is. Rows are passed in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Place {
    /// The database as such.
    Database,
    /// Rows of chunks against the list of objects, folder by folder.
    Objects {
        folder: u8,
    },
    /// Revisions against their files.
    Revisions {
        after: i64,
    },
    /// Lists of chunks against what names them.
    Lists {
        after: i64,
    },
    /// Blobs against their rows.
    Chunks {
        after: i64,
    },
    /// Files against their SHA-256.
    Files {
        after: i64,
    },
    /// What is to be recorded, and is not yet.
    Unrecorded,
    /// Objects that lie beside the folders.
    Outside,
    /// The catalog's records against the list of objects, folder by folder.
    RecordList {
        folder: u8,
    },
    /// Records against what the catalog says, by their keys.
    Records {
        after: String,
    },
    Done,
}

impl CheckState {
    pub fn new(check: NewCheck) -> Result<Self> {
        // What is nobody's in particular is looked at only where all is.
        let place = match check.repository {
            None => Place::Database,
            Some(_) => Place::Revisions { after: 0 },
        };
        Ok(Self {
            place,
            seed: u64::from_le_bytes(random()?),
            report: CheckReport {
                check,
                ..CheckReport::default()
            },
        })
    }

    /// Whether the sample has what these bytes name.
    pub fn takes(&self, name: &[u8]) -> bool {
        let Some(percent) = self.report.check.sample_percent else {
            return true;
        };
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.seed.to_le_bytes()).update(name);
        let mut bytes = [0; 4];
        hasher.finalize_xof().fill(&mut bytes);
        u64::from(u32::from_le_bytes(bytes)) * 100 < u64::from(percent) << 32
    }

    pub fn takes_chunk(&self, chunk: &ChunkId) -> bool {
        self.takes(chunk.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(percent: Option<u8>) -> usize {
        let check = NewCheck {
            sample_percent: percent,
            ..NewCheck::default()
        };
        let state = CheckState::new(check).unwrap();
        let names = (0..10_000u32).map(u32::to_le_bytes);
        names.filter(|name| state.takes(name)).count()
    }

    #[test]
    fn a_sample_has_about_so_many_of_a_hundred() {
        assert_eq!(taken(None), 10_000);
        assert_eq!(taken(Some(100)), 10_000);
        let tenth = taken(Some(10));
        assert!((800..1200).contains(&tenth), "{tenth}");
    }

    #[test]
    fn a_state_goes_through_json() {
        let state = CheckState::new(NewCheck::default()).unwrap();
        let json = serde_json::to_string(&state).unwrap();
        let read: CheckState = serde_json::from_str(&json).unwrap();
        assert_eq!((&read.place, read.seed), (&state.place, state.seed));
        assert_eq!(read.report, state.report);
    }
}
