//! A file's bytes, as they arrive, turned into chunks.

use bytes::Bytes;
use sha2::Digest;
use sheaf_formats::{Chunk, Chunker, Sniff, sniff};
use sheaf_types::Sha256;

/// Cuts a file that streams by, as far as that goes: a file whose layout is not at its beginning is
/// gathered elsewhere first.
pub(crate) struct Cutter {
    hasher: sha2::Sha256,
    size: u64,
    state: State,
}

enum State {
    /// The beginning, until it is known what the file is; and how much of it is needed to tell.
    Head(Vec<u8>, usize),
    Cutting(Box<Chunker>),
    /// The file must be at hand as a whole.
    Whole,
}

/// What some bytes came to.
pub(crate) enum Cut {
    /// These chunks are complete.
    Chunks(Vec<Chunk>),
    /// The file must be had as a whole: these are its bytes so far.
    Whole(Vec<u8>),
    /// Nothing in the file says how: it goes on with [`Cutter::begin`].
    Unknown,
}

impl Cutter {
    pub fn new() -> Self {
        Self {
            hasher: sha2::Sha256::new(),
            size: 0,
            state: State::Head(Vec::new(), 1),
        }
    }

    /// Takes the next bytes.
    pub fn push(&mut self, batch: &[Bytes]) -> Cut {
        self.hash(batch);
        match &mut self.state {
            State::Head(head, needed) => {
                for bytes in batch {
                    head.extend_from_slice(bytes);
                }
                if head.len() < *needed {
                    return Cut::Chunks(vec![]);
                }
                self.sniff(false)
            }
            State::Cutting(chunker) => {
                let mut chunks = Vec::new();
                for bytes in batch {
                    chunker.push(bytes, &mut |chunk| chunks.push(chunk));
                }
                Cut::Chunks(chunks)
            }
            State::Whole => Cut::Chunks(vec![]),
        }
    }

    /// Takes bytes that go elsewhere, and only hashes them.
    pub fn hash(&mut self, batch: &[Bytes]) {
        for bytes in batch {
            self.hasher.update(bytes);
            self.size += bytes.len() as u64;
        }
    }

    /// Knows that the file ends here.
    pub fn finish(&mut self) -> Cut {
        let mut last = match &self.state {
            State::Head(..) => match self.sniff(true) {
                Cut::Chunks(chunks) => chunks,
                other => return other,
            },
            _ => vec![],
        };
        if let State::Cutting(chunker) = std::mem::replace(&mut self.state, State::Whole) {
            chunker.finish(&mut |chunk| last.push(chunk));
        }
        Cut::Chunks(last)
    }

    /// Size and SHA-256 of all bytes that were taken.
    pub fn totals(self) -> (u64, Sha256) {
        (self.size, Sha256(self.hasher.finalize().into()))
    }

    fn sniff(&mut self, ended: bool) -> Cut {
        let State::Head(head, needed) = &mut self.state else {
            return Cut::Chunks(vec![]);
        };
        match sniff(head, ended) {
            Sniff::NeedMore(more) => {
                *needed = more;
                Cut::Chunks(vec![])
            }
            Sniff::WholeFile => {
                let head = std::mem::take(head);
                self.state = State::Whole;
                Cut::Whole(head)
            }
            Sniff::Unknown => Cut::Unknown,
            Sniff::Stream(chunker) => self.begin(chunker),
        }
    }

    /// Cuts with this chunker.
    pub fn begin(&mut self, mut chunker: Box<Chunker>) -> Cut {
        let mut chunks = Vec::new();
        if let State::Head(head, _) = &self.state {
            chunker.push(head, &mut |chunk| chunks.push(chunk));
        }
        self.state = State::Cutting(chunker);
        Cut::Chunks(chunks)
    }
}
