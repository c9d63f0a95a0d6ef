use super::{FileRecord, Kind, MAGIC, Pickles, Record, RecordKey, RevisionRecord, VERSION};
use crate::files::NearLossless;
use crate::revisions::RefKind;

/// A record's bytes, which belong under its key. What of a revision is more than a record can say, 2^32 of
/// anything, no catalog holds.
pub fn write(key: &RecordKey, record: &Record) -> Vec<u8> {
    let mut out = Writer::default();
    out.put(&MAGIC);
    out.put(&[VERSION, Kind::of(&key.subject) as u8]);
    out.put(key.uid.as_bytes());
    out.u64(key.generation);
    out.record(record);
    let hash = *blake3::hash(&out.bytes).as_bytes();
    out.put(&hash);
    out.bytes
}

#[derive(Default)]
struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    fn record(&mut self, record: &Record) {
        match record {
            Record::Deleted => {}
            Record::Unset(name) => self.text(name.as_str()),
            Record::Repository(repository) => {
                self.text(&repository.name.to_string());
                self.put(&[u8::from(repository.private)]);
                self.text(&repository.description);
                self.i64(repository.created_at.as_microsecond());
            }
            Record::Ref(of) => {
                self.text(&of.repository.to_string());
                self.text(of.name.as_str());
                self.put(&[match of.kind {
                    RefKind::Branch => 0,
                    RefKind::Tag => 1,
                }]);
                self.put(of.revision.as_bytes());
            }
            Record::Revision(revision) => self.revision(revision),
        }
    }

    fn revision(&mut self, revision: &RevisionRecord) {
        self.text(&revision.repository.to_string());
        self.put(revision.id.as_bytes());
        match &revision.parent {
            None => self.put(&[0]),
            Some(parent) => {
                self.put(&[1]);
                self.put(parent.as_bytes());
            }
        }
        self.text(&revision.message);
        self.i64(revision.created_at.as_microsecond());
        self.count(revision.files.len());
        for file in &revision.files {
            self.file(file);
        }
    }

    fn file(&mut self, file: &FileRecord) {
        self.text(file.path.as_str());
        self.u64(file.size);
        self.put(file.sha256.as_bytes());
        match &file.near_lossless {
            None => self.put(&[0]),
            Some(done) => self.near_lossless(done),
        }
        match &file.pickles {
            Pickles::NotScanned => self.put(&[0]),
            Pickles::None => self.put(&[1]),
            Pickles::Verdict(verdict) => {
                self.put(&[2]);
                // Texts and numbers: JSON has them all.
                self.text(&serde_json::to_string(verdict).unwrap_or_default());
            }
        }
        self.count(file.chunks.len());
        for chunk in &file.chunks {
            self.put(chunk.id.as_bytes());
            self.count(chunk.size as usize);
        }
    }

    fn near_lossless(&mut self, done: &NearLossless) {
        self.put(&[1, done.bits]);
        self.put(done.original_sha256.as_bytes());
        self.count(done.tensors.len());
        for tensor in &done.tensors {
            self.text(&tensor.name);
            self.u64(tensor.max_error.to_bits());
            self.u64(tensor.mean_error.to_bits());
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn u64(&mut self, number: u64) {
        self.put(&number.to_le_bytes());
    }

    fn i64(&mut self, number: i64) {
        self.put(&number.to_le_bytes());
    }

    /// Bounded by what a catalog holds.
    fn count(&mut self, number: usize) {
        self.put(&(number as u32).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.put(text.as_bytes());
    }
}
