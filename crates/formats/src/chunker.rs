//! A file's bytes, in order, turned into its chunks.

use std::collections::VecDeque;
use std::io;

use sheaf_codec::{Dtype, Hint, looks_like};

use crate::ahead::Ahead;
use crate::cdc::{self, Params};
use crate::cuts::{self, Piece, Segment, Way};
use crate::format::{self, Region};
use crate::kinds::{self, Change};
use crate::phase;
use crate::read_at::ReadAt;
use crate::walk::Walk;

/// What is set aside for a chunk before its bytes come; more as they come.
const FIRST_CAPACITY: usize = 1 << 20;

/// What is said of a chunk of which nothing is known.
const UNKNOWN: Hint = Hint {
    dtype: Dtype::Unknown,
    row: 0,
    offset: 0,
};

/// A run of a file's bytes to be stored as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Where it begins in the file.
    pub offset: u64,
    /// Its bytes: at least one, at most `sheaf_codec::MAX_CHUNK_LEN`.
    pub raw: Vec<u8>,
    /// What the codec should know of it.
    pub hint: Hint,
}

/// Turns a file's bytes, in order, into its chunks, in order. Holds at most one chunk, and about 2 MiB
/// more where the layout is found on the way.
pub struct Chunker {
    /// Finds further segments, where not all are known from the beginning.
    ahead: Option<Box<Ahead>>,
    segments: VecDeque<Segment>,
    /// Where in the file `buffer` begins: at the beginning of a chunk.
    start: u64,
    buffer: Vec<u8>,
    /// Cuts before this place in `buffer` were looked for already.
    looked: usize,
    /// Whether the layout may be of other bytes than these.
    doubtful: bool,
}

impl Chunker {
    pub(crate) fn new(regions: Vec<Region>) -> Chunker {
        Chunker::of(None, cuts::plan(regions))
    }

    /// A chunker by what another file says of this one: a chunk that does not look so is of unknown kind.
    pub(crate) fn told(regions: Vec<Region>) -> Chunker {
        Chunker {
            doubtful: true,
            ..Chunker::new(regions)
        }
    }

    /// A chunker that finds the layout as the file streams by.
    pub(crate) fn walking(walk: Box<dyn Walk>) -> Chunker {
        Chunker::of(Some(Box::new(Ahead::new(walk))), vec![])
    }

    fn of(ahead: Option<Box<Ahead>>, segments: Vec<Segment>) -> Chunker {
        Chunker {
            ahead,
            segments: segments.into(),
            start: 0,
            buffer: Vec::new(),
            looked: 0,
            doubtful: false,
        }
    }

    /// A chunker for a file of which nothing is known.
    pub fn unknown() -> Chunker {
        Chunker::new(vec![])
    }

    /// A chunker for a file at hand; cuts exactly as the one that [`crate::sniff`] gives. None where nothing
    /// in the file says what it is, and another may.
    pub fn by_own_bytes(file: &dyn ReadAt) -> io::Result<Option<Self>> {
        let contents = format::own_contents(file)?;
        Ok(contents.map(|contents| Chunker::new(contents.regions)))
    }

    /// The same, of which nothing is known where the file does not say it.
    pub fn for_file(file: &dyn ReadAt) -> io::Result<Self> {
        Ok(Chunker::by_own_bytes(file)?.unwrap_or_else(Chunker::unknown))
    }

    /// Takes the file's next bytes and hands out the chunks that they complete.
    pub fn push(&mut self, bytes: &[u8], chunks: &mut dyn FnMut(Chunk)) {
        let Some(mut ahead) = self.ahead.take() else {
            return self.cut(bytes, chunks);
        };
        let found = ahead.push(bytes);
        self.segments.extend(found.segments);
        self.cut(&found.before, chunks);
        self.cut(found.now, chunks);
        if !found.ended {
            self.ahead = Some(ahead);
        }
    }

    /// Cuts bytes whose segments are known.
    fn cut(&mut self, mut bytes: &[u8], chunks: &mut dyn FnMut(Chunk)) {
        while !bytes.is_empty() {
            self.look_at_all(chunks);
            let stop = self.stop();
            let (now, later) = bytes.split_at(bytes.len().min(stop - self.buffer.len()));
            self.gather(now, stop);
            bytes = later;
            if self.buffer.len() == stop {
                self.look(stop, chunks);
            }
        }
    }

    /// Looks at what was left of a longer buffer, which may be more than is looked at in one go.
    fn look_at_all(&mut self, chunks: &mut dyn FnMut(Chunk)) {
        let mut stop = self.stop();
        while !self.buffer.is_empty() && self.buffer.len() >= stop {
            self.look(stop, chunks);
            stop = self.stop();
        }
    }

    /// Hands out what is left at the file's end.
    pub fn finish(mut self, chunks: &mut dyn FnMut(Chunk)) {
        if let Some(ahead) = self.ahead.take() {
            let (segments, waiting) = ahead.finish();
            self.segments.extend(segments);
            self.cut(&waiting, chunks);
        }
        self.look_at_all(chunks);
        if let Way::Content(params) = self.segment().way {
            while let Some(change) =
                self.change(&params, self.buffer.len().saturating_sub(phase::MAX_SHIFT))
            {
                self.emit_changed(change, chunks);
            }
        }
        if !self.buffer.is_empty() {
            self.emit(self.buffer.len(), chunks);
        }
    }

    /// The segment that the buffer begins in.
    fn segment(&self) -> Segment {
        self.segments
            .front()
            .cloned()
            .unwrap_or_else(|| Segment::rest(self.start))
    }

    /// The length at which the buffer is to be looked at next.
    fn stop(&self) -> usize {
        let segment = self.segment();
        let left = usize::try_from(segment.range.end - self.start).unwrap_or(usize::MAX);
        match segment.way {
            Way::Pieces(piece) => left.min(piece.bytes),
            // Reckoned from where was looked, not from what is there, which pushes decide.
            Way::Content(params) => {
                let next = self.looked + phase::MAX_SHIFT + params.scan;
                left.min(next.max(params.min)).min(params.max)
            }
        }
    }

    /// Puts bytes into the buffer, which grows with what came and not with what was claimed.
    fn gather(&mut self, bytes: &[u8], stop: usize) {
        let len = self.buffer.len() + bytes.len();
        if len > self.buffer.capacity() {
            let room = len
                .max(2 * self.buffer.capacity())
                .max(FIRST_CAPACITY)
                .min(stop.max(len));
            self.buffer.reserve_exact(room - self.buffer.len());
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Looks for a cut in a buffer that reached its stop.
    fn look(&mut self, stop: usize, chunks: &mut dyn FnMut(Chunk)) {
        match self.segment().way {
            Way::Pieces(_) => self.emit(stop, chunks),
            Way::Content(params) => self.look_by_content(&params, stop, chunks),
        }
    }

    fn look_by_content(&mut self, params: &Params, stop: usize, chunks: &mut dyn FnMut(Chunk)) {
        // A candidate counts only when the bytes to which it may move are there too.
        let to = stop - phase::MAX_SHIFT.min(stop);
        let from = params.min.max(self.looked + 1);
        let found = if from <= to {
            cdc::find(&self.buffer, from, to, params)
        } else {
            None
        };
        let change = self.change(params, found.unwrap_or(to));
        self.looked = to;
        let at_end = self.start + stop as u64 == self.segment().range.end;
        match (change, found) {
            (Some(change), _) => self.emit_changed(change, chunks),
            (None, Some(cut)) => self.emit_shifted(cut, chunks),
            _ if at_end => self.emit(stop, chunks),
            _ if stop == params.max => self.emit_shifted(to, chunks),
            _ => {}
        }
    }

    /// The first place before `end` that was not looked at before at which the kind of bytes changes.
    fn change(&self, params: &Params, end: usize) -> Option<Change> {
        let from = self.looked.min(end);
        if params.kinds {
            kinds::find(&self.buffer[..end], from)
        } else {
            None
        }
    }

    fn emit_changed(&mut self, change: Change, chunks: &mut dyn FnMut(Chunk)) {
        self.emit(change.end, chunks);
        if change.begin > change.end {
            self.emit(change.begin - change.end, chunks);
        }
    }

    fn emit_shifted(&mut self, cut: usize, chunks: &mut dyn FnMut(Chunk)) {
        let cut = cut + phase::shift(&self.buffer[..cut]);
        self.emit(cut, chunks);
    }

    /// Hands out the buffer's first bytes; what is behind them begins the next chunk.
    fn emit(&mut self, len: usize, chunks: &mut dyn FnMut(Chunk)) {
        let mut hint = self.hint();
        if self.doubtful && !looks_like(&self.buffer[..len], hint.dtype) {
            hint = UNKNOWN;
        }
        let rest = self.buffer[len..].to_vec();
        self.buffer.truncate(len);
        let raw = std::mem::replace(&mut self.buffer, rest);
        let offset = self.start;
        self.start += len as u64;
        self.looked = 0;
        if self
            .segments
            .front()
            .is_some_and(|segment| segment.range.end <= self.start)
        {
            self.segments.pop_front();
        }
        chunks(Chunk { offset, raw, hint });
    }

    fn hint(&self) -> Hint {
        let segment = self.segment();
        let offset = match segment.way {
            Way::Pieces(Piece { bytes, elements }) => {
                (self.start - segment.range.start) / bytes as u64 * elements
            }
            Way::Content(_) => 0,
        };
        Hint {
            dtype: segment.dtype,
            row: segment.row,
            offset,
        }
    }
}
