//! A record's bytes, of which nothing is believed before it is checked.

use std::str::FromStr;

use jiff::Timestamp;

use super::{
    FileRecord, HASH_LEN, HEAD_LEN, Kind, MAGIC, Pickles, Record, RecordKey, RefHash, RefRecord,
    RepositoryRecord, RevisionRecord, Subject, VERSION,
};
use crate::files::{ChunkRef, NearLossless, RoundedTensor};
use crate::revisions::RefKind;
use crate::{ChunkId, RefName, RevisionId, Sha256, find_collision};

/// Why bytes are not the record that their key speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// Other bytes than were written.
    #[error("it is damaged: its bytes are not those that were written")]
    Damaged,
    /// Of a later Sheaf.
    #[error("it is of version {0}, which this Sheaf does not know: use a newer one")]
    Version(u8),
    /// A record, but of something else than its key says.
    #[error("it is the record of something else than its key says")]
    Misplaced,
    /// Whole, and yet not what is written.
    #[error("it is no record that Sheaf writes: {0}")]
    Malformed(&'static str),
}

type Result<T> = std::result::Result<T, RecordError>;

/// Reads the record under a key.
pub fn read(key: &RecordKey, bytes: &[u8]) -> Result<Record> {
    let mut reader = Reader(checked(bytes)?);
    reader.head(key)?;
    let record = match &key.subject {
        Subject::Deleted => Record::Deleted,
        Subject::Unset(hash) => Record::Unset(reader.ref_name(hash)?),
        Subject::Repository => Record::Repository(reader.repository()?),
        Subject::Ref(hash) => Record::Ref(reader.reference(hash)?),
        Subject::Revision(id) => Record::Revision(reader.revision(id)?),
    };
    match reader.0 {
        [] => Ok(record),
        _ => Err(RecordError::Malformed("it is too long")),
    }
}

/// All but the hash, which must be right.
fn checked(bytes: &[u8]) -> Result<&[u8]> {
    if bytes.len() < HEAD_LEN + HASH_LEN || bytes[..MAGIC.len()] != MAGIC {
        return Err(RecordError::Damaged);
    }
    let (said, hash) = bytes.split_at(bytes.len() - HASH_LEN);
    if blake3::hash(said).as_bytes() != hash {
        return Err(RecordError::Damaged);
    }
    Ok(said)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn head(&mut self, key: &RecordKey) -> Result<()> {
        let [_, _, _, _, version, kind]: [u8; 6] = self.take()?;
        if version != VERSION {
            return Err(RecordError::Version(version));
        }
        let uid: [u8; 16] = self.take()?;
        let generation = u64::from_le_bytes(self.take()?);
        let same = kind == Kind::of(&key.subject) as u8
            && uid == key.uid.0
            && generation == key.generation;
        same.then_some(()).ok_or(RecordError::Misplaced)
    }

    fn repository(&mut self) -> Result<RepositoryRecord> {
        Ok(RepositoryRecord {
            name: self.parsed("name of a repository")?,
            private: self.flag("visibility")?,
            description: self.plain_text()?,
            created_at: self.time()?,
        })
    }

    fn reference(&mut self, hash: &RefHash) -> Result<RefRecord> {
        Ok(RefRecord {
            repository: self.parsed("name of a repository")?,
            name: self.ref_name(hash)?,
            kind: match self.flag("kind of a ref")? {
                false => RefKind::Branch,
                true => RefKind::Tag,
            },
            revision: RevisionId(self.take()?),
        })
    }

    fn ref_name(&mut self, hash: &RefHash) -> Result<RefName> {
        let name = self.parsed("name of a ref")?;
        match RefHash::of(&name) == *hash {
            true => Ok(name),
            false => Err(RecordError::Misplaced),
        }
    }

    fn revision(&mut self, id: &RevisionId) -> Result<RevisionRecord> {
        let repository = self.parsed("name of a repository")?;
        if RevisionId(self.take()?) != *id {
            return Err(RecordError::Misplaced);
        }
        let parent = match self.flag("parent")? {
            false => None,
            true => Some(RevisionId(self.take()?)),
        };
        let (message, created_at) = (self.plain_text()?, self.time()?);
        let files = self.list(Self::file)?;
        check_paths(&files)?;
        Ok(RevisionRecord {
            repository,
            id: *id,
            parent,
            message,
            created_at,
            files,
        })
    }

    fn file(&mut self) -> Result<FileRecord> {
        let file = FileRecord {
            path: self.parsed("path")?,
            size: u64::from_le_bytes(self.take()?),
            sha256: Sha256(self.take()?),
            near_lossless: match self.flag("near-lossless")? {
                false => None,
                true => Some(self.near_lossless()?),
            },
            pickles: self.pickles()?,
            chunks: self.list(Self::chunk)?,
        };
        let sizes = file.chunks.iter().map(|chunk| chunk.size);
        match sizes.sum::<u64>() == file.size {
            true => Ok(file),
            false => Err(RecordError::Malformed(
                "a file is not as long as its chunks",
            )),
        }
    }

    fn near_lossless(&mut self) -> Result<NearLossless> {
        let [bits] = self.take()?;
        Ok(NearLossless {
            bits,
            original_sha256: Sha256(self.take()?),
            tensors: self.list(Self::tensor)?,
        })
    }

    fn tensor(&mut self) -> Result<RoundedTensor> {
        let name = self.text()?.into();
        let (max_error, mean_error) = (self.float()?, self.float()?);
        Ok(RoundedTensor {
            name,
            max_error,
            mean_error,
        })
    }

    fn pickles(&mut self) -> Result<Pickles> {
        let [state] = self.take()?;
        Ok(match state {
            0 => Pickles::NotScanned,
            1 => Pickles::None,
            2 => {
                let verdict = serde_json::from_str(self.text()?);
                Pickles::Verdict(verdict.map_err(|_| RecordError::Malformed("verdict"))?)
            }
            _ => return Err(RecordError::Malformed("verdict")),
        })
    }

    fn chunk(&mut self) -> Result<ChunkRef> {
        let id = ChunkId(self.take()?);
        match self.count()? {
            0 => Err(RecordError::Malformed("a chunk of no bytes")),
            size => Ok(ChunkRef {
                id,
                size: size.into(),
            }),
        }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let early = RecordError::Malformed("it ends early");
        let (field, rest) = self.0.split_first_chunk::<N>().ok_or(early)?;
        self.0 = rest;
        Ok(*field)
    }

    fn count(&mut self) -> Result<u32> {
        self.take().map(u32::from_le_bytes)
    }

    fn flag(&mut self, what: &'static str) -> Result<bool> {
        match self.take()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [_] => Err(RecordError::Malformed(what)),
        }
    }

    fn float(&mut self) -> Result<f64> {
        let number = f64::from_bits(u64::from_le_bytes(self.take()?));
        match number.is_finite() {
            true => Ok(number),
            false => Err(RecordError::Malformed("error of rounding")),
        }
    }

    fn time(&mut self) -> Result<Timestamp> {
        let micros = i64::from_le_bytes(self.take()?);
        Timestamp::from_microsecond(micros).map_err(|_| RecordError::Malformed("time"))
    }

    fn text(&mut self) -> Result<&'a str> {
        let len = self.count()? as usize;
        let early = RecordError::Malformed("it ends early");
        let (text, rest) = self.0.split_at_checked(len).ok_or(early)?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| RecordError::Malformed("text"))
    }

    /// Text that every database can keep.
    fn plain_text(&mut self) -> Result<String> {
        match self.text()? {
            text if text.contains('\0') => Err(RecordError::Malformed("text")),
            text => Ok(text.into()),
        }
    }

    fn parsed<T: FromStr>(&mut self, what: &'static str) -> Result<T> {
        let parsed = self.text()?.parse();
        parsed.map_err(|_| RecordError::Malformed(what))
    }

    /// Nothing is set aside for a number that is only claimed.
    fn list<T>(&mut self, item: fn(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        (0..self.count()?).map(|_| item(self)).collect()
    }
}

/// By path, each once, and such as can lie in one folder.
fn check_paths(files: &[FileRecord]) -> Result<()> {
    let in_order = files.windows(2).all(|two| two[0].path < two[1].path);
    let collide = find_collision(files.iter().map(|file| &file.path)).is_some();
    match in_order && !collide {
        true => Ok(()),
        false => Err(RecordError::Malformed("paths")),
    }
}
