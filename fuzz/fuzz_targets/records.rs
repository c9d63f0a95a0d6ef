//! Any bytes as a record, and records with a few bytes changed, their hash put right, under the key that they
//! themselves speak of.
#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use sheaf_fuzz::edited;
use sheaf_types::records::{RecordKey, RefHash, Subject, read, write};
use sheaf_types::{RefName, RepositoryUid, RevisionId};

const GOLDEN: [&[u8]; 6] = [
    include_bytes!("../../crates/types/tests/golden/v1-repository.record"),
    include_bytes!("../../crates/types/tests/golden/v1-deleted.record"),
    include_bytes!("../../crates/types/tests/golden/v1-branch.record"),
    include_bytes!("../../crates/types/tests/golden/v1-tag.record"),
    include_bytes!("../../crates/types/tests/golden/v1-unset.record"),
    include_bytes!("../../crates/types/tests/golden/v1-revision.record"),
];
/// The hash in the end.
const HASH_LEN: usize = 32;
/// What is before a record's body.
const HEAD_LEN: usize = 30;

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    golden: u8,
    edits: Vec<(u16, u8)>,
    /// What takes the place of the record's end from a place on.
    from: u16,
    end: &'a [u8],
}

fuzz_target!(|input: Input| {
    // As they are, under a key that may be another's.
    for golden in GOLDEN {
        if let Some(key) = key_of(golden) {
            let _ = read(&key, input.end);
        }
    }
    if let Ok(text) = std::str::from_utf8(input.end)
        && let Ok(key) = text.parse::<RecordKey>()
    {
        assert_eq!(key.to_string(), text);
    }

    let golden = GOLDEN[usize::from(input.golden) % GOLDEN.len()];
    let mut record = edited(&golden[..golden.len() - HASH_LEN], &input.edits);
    if !input.end.is_empty() {
        record.truncate(usize::from(input.from) % (record.len() + 1));
        record.extend_from_slice(input.end);
    }
    let hash = *blake3::hash(&record).as_bytes();
    record.extend_from_slice(&hash);
    let Some(key) = key_of(&record) else { return };
    if let Ok(said) = read(&key, &record) {
        let again = write(&key, &said);
        assert!(read(&key, &again).is_ok_and(|back| back == said));
    }
});

/// The key that a record speaks of, as far as it can be made out.
fn key_of(record: &[u8]) -> Option<RecordKey> {
    let (head, body) = record.split_at_checked(HEAD_LEN)?;
    let subject = match head[5] {
        1 => Subject::Repository,
        2 => Subject::Deleted,
        3 => Subject::Ref(ref_hash(text(body)?.1)?),
        4 => Subject::Unset(ref_hash(body)?),
        5 => Subject::Revision(RevisionId(text(body)?.1.get(..20)?.try_into().ok()?)),
        _ => return None,
    };
    Some(RecordKey {
        uid: RepositoryUid(head[6..22].try_into().ok()?),
        generation: u64::from_le_bytes(head[22..30].try_into().ok()?),
        subject,
    })
}

fn ref_hash(body: &[u8]) -> Option<RefHash> {
    let name: RefName = text(body)?.0.parse().ok()?;
    Some(RefHash::of(&name))
}

fn text(body: &[u8]) -> Option<(&str, &[u8])> {
    let (len, rest) = body.split_first_chunk::<4>()?;
    let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    Some((std::str::from_utf8(text).ok()?, rest))
}
