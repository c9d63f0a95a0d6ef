//! Records come back as they were written; those of every released version stay readable; other bytes are
//! refused.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use proptest::prelude::*;
use sheaf_types::files::{ChunkRef, NearLossless, RoundedTensor};
use sheaf_types::pickles::{PickleState, PickleVerdict};
use sheaf_types::records::{
    FileRecord, Pickles, Record, RecordError, RecordKey, RefHash, RefRecord, RepositoryRecord,
    RevisionRecord, Subject, read, write,
};
use sheaf_types::revisions::RefKind;
use sheaf_types::{ChunkId, RefName, RepositoryUid, RevisionId, Sha256};

const TIME: i64 = 1_700_000_000_123_456;

fn key(subject: Subject) -> RecordKey {
    RecordKey {
        uid: RepositoryUid([0x5a; 16]),
        generation: TIME as u64,
        subject,
    }
}

fn time() -> Timestamp {
    Timestamp::from_microsecond(TIME).unwrap()
}

fn reference(name: &str, kind: RefKind) -> (RecordKey, Record) {
    let name: RefName = name.parse().unwrap();
    let record = Record::Ref(RefRecord {
        repository: "Acme/Model".parse().unwrap(),
        name: name.clone(),
        kind,
        revision: RevisionId([9; 20]),
    });
    (key(Subject::Ref(RefHash::of(&name))), record)
}

fn chunk(number: u8, size: u64) -> ChunkRef {
    ChunkRef {
        id: ChunkId([number; 32]),
        size,
    }
}

fn file(path: &str, chunks: Vec<ChunkRef>) -> FileRecord {
    FileRecord {
        path: path.parse().unwrap(),
        size: chunks.iter().map(|chunk| chunk.size).sum(),
        sha256: Sha256([3; 32]),
        near_lossless: None,
        pickles: Pickles::None,
        chunks,
    }
}

fn revision() -> RevisionRecord {
    let mut rounded = file("b/model.safetensors", vec![chunk(1, 1 << 24), chunk(2, 5)]);
    rounded.near_lossless = Some(NearLossless {
        bits: 12,
        original_sha256: Sha256([4; 32]),
        tensors: vec![RoundedTensor {
            name: "weight.0".into(),
            max_error: 0.000_244,
            mean_error: 0.000_122,
        }],
    });
    let mut pickled = file("c.pkl", vec![chunk(3, 40), chunk(3, 40)]);
    pickled.pickles = Pickles::Verdict(PickleVerdict {
        state: PickleState::Suspicious,
        why: "it imports os.system".into(),
        pickles: 1,
        imports: vec![],
        calls: vec![],
    });
    let mut empty = file("a", vec![]);
    empty.pickles = Pickles::NotScanned;
    RevisionRecord {
        repository: "Acme/Model".parse().unwrap(),
        id: RevisionId([7; 20]),
        parent: Some(RevisionId([6; 20])),
        message: "r\u{e9}sum\u{e9}\nof it".into(),
        created_at: time(),
        files: vec![empty, rounded, pickled],
    }
}

/// One of each kind, by the name of its file.
fn cases() -> Vec<(&'static str, RecordKey, Record)> {
    let name: RefName = "feature/x".parse().unwrap();
    let repository = Record::Repository(RepositoryRecord {
        name: "Acme/Model".parse().unwrap(),
        private: true,
        description: "ours".into(),
        created_at: time(),
    });
    let (branch_key, branch) = reference("main", RefKind::Branch);
    let (tag_key, tag) = reference("v1/\u{e4}", RefKind::Tag);
    let unset = Subject::Unset(RefHash::of(&name));
    let of = Subject::Revision(RevisionId([7; 20]));
    vec![
        ("repository", key(Subject::Repository), repository),
        ("deleted", key(Subject::Deleted), Record::Deleted),
        ("branch", branch_key, branch),
        ("tag", tag_key, tag),
        ("unset", key(unset), Record::Unset(name)),
        ("revision", key(of), Record::Revision(revision())),
    ]
}

fn golden(version: u8, name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    folder.join(format!("v{version}-{name}.record"))
}

#[test]
fn records_of_every_version_stay_readable() {
    for (name, key, record) in cases() {
        let bytes = fs::read(golden(1, name)).unwrap();
        assert_eq!(read(&key, &bytes), Ok(record.clone()), "{name}");
        assert!(
            write(&key, &record) == bytes,
            "{name}: of what is written now"
        );
    }
}

/// Run by hand when a version is new: `cargo test -p sheaf-types --test records -- --ignored`. What is there
/// is never made anew.
#[test]
#[ignore = "makes files"]
fn make_golden_files() {
    for (name, key, record) in cases() {
        let path = golden(1, name);
        if !path.exists() {
            fs::write(path, write(&key, &record)).unwrap();
        }
    }
}

#[test]
fn any_other_byte_is_noticed() {
    for (name, key, record) in cases() {
        let bytes = write(&key, &record);
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert_eq!(read(&key, &other), Err(RecordError::Damaged), "{name} {at}");
            assert_eq!(read(&key, &bytes[..at]), Err(RecordError::Damaged));
        }
    }
}

#[test]
fn a_record_under_the_key_of_another_is_refused() {
    let all = cases();
    for (one, key, _) in &all {
        for (other, of, record) in &all {
            let bytes = write(of, record);
            assert_eq!(read(key, &bytes).is_ok(), one == other, "{other} as {one}");
        }
        let mut later = *key;
        later.generation += 1;
        let (_, _, record) = all.iter().find(|(name, ..)| name == one).unwrap();
        let refused = read(&later, &write(key, record));
        assert_eq!(refused, Err(RecordError::Misplaced), "{one}");
    }
}

/// Makes the hash at the end right.
fn resealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let said = bytes.len() - 32;
    let hash = blake3::hash(&bytes[..said]);
    bytes[said..].copy_from_slice(hash.as_bytes());
    bytes
}

#[test]
fn a_version_that_is_not_known_is_named() {
    let (_, key, record) = cases().remove(0);
    let mut bytes = write(&key, &record);
    bytes[4] = 2;
    assert_eq!(read(&key, &resealed(bytes)), Err(RecordError::Version(2)));
}

#[test]
fn what_no_catalog_can_hold_is_refused() {
    let refused = |change: fn(&mut RevisionRecord)| {
        let mut record = revision();
        change(&mut record);
        let key = key(Subject::Revision(record.id));
        let read = read(&key, &write(&key, &Record::Revision(record)));
        assert!(matches!(read, Err(RecordError::Malformed(_))), "{read:?}");
    };
    refused(|r| r.files.swap(0, 1));
    refused(|r| r.files[1] = r.files[0].clone());
    refused(|r| r.files[0].path = "C.PKL".parse().unwrap());
    refused(|r| r.files[1].size += 1);
    refused(|r| r.files[2].chunks.push(chunk(4, 0)));
    refused(|r| r.message.push('\0'));
    refused(|r| r.files[1].near_lossless.as_mut().unwrap().tensors[0].max_error = f64::NAN);
}

fn any_file() -> impl Strategy<Value = FileRecord> {
    let chunk = (any::<[u8; 32]>(), 1..(1u64 << 24));
    let chunk = chunk.prop_map(|(id, size)| ChunkRef {
        id: ChunkId(id),
        size,
    });
    ("[a-z]{1,9}", prop::collection::vec(chunk, 0..5))
        .prop_map(|(path, chunks)| file(&path, chunks))
}

proptest! {
    #[test]
    fn what_was_written_is_read(
        id in any::<[u8; 20]>(),
        parent in proptest::option::of(any::<[u8; 20]>()),
        message in "[^\0]{0,40}",
        mut files in prop::collection::vec(any_file(), 0..8),
    ) {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        let record = RevisionRecord {
            repository: "a/b".parse().unwrap(),
            id: RevisionId(id),
            parent: parent.map(RevisionId),
            message,
            created_at: time(),
            files,
        };
        let key = key(Subject::Revision(record.id));
        let record = Record::Revision(record);
        prop_assert_eq!(read(&key, &write(&key, &record)), Ok(record));
    }

    /// With a hash that is right, so that what stands before it is looked at.
    #[test]
    fn hostile_bytes_are_refused_or_read_and_never_more(
        case in 0..6usize,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let (_, key, record) = cases().swap_remove(case);
        let mut bytes = write(&key, &record);
        for (at, byte) in edits {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()).max(62));
        }
        if let Ok(read) = read(&key, &resealed(bytes)) {
            prop_assert!(!write(&key, &read).is_empty());
        }
    }
}
