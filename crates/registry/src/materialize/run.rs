//! Runs of frames: what is read, verified and decoded in one piece.

use std::ops::Range;
use std::sync::Arc;

use super::chunk::OpenChunk;

/// Raw bytes of a run, about.
const RUN_LEN: u64 = 1 << 20;

/// Frames of one chunk, on their way out decoded or as they are stored.
pub(crate) struct Run {
    pub chunk: Arc<OpenChunk>,
    pub frames: Range<usize>,
    pub form: Form,
}

/// What goes out of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Form {
    /// These of the chunk's raw bytes, as far as they are in the run.
    Raw(Range<u64>),
    /// The frames' stored bytes.
    Stored,
}

impl Run {
    /// What the run takes in memory while it is decoded: raw and stored.
    pub fn memory(&self) -> u64 {
        let stored = self.chunk.header().stored_range(self.frames.clone());
        let stored = stored.end - stored.start;
        match self.form {
            Form::Raw(_) => stored + self.raw_len(),
            Form::Stored => stored,
        }
    }

    /// Raw bytes of all of its frames.
    pub fn raw_len(&self) -> u64 {
        let raw = self.chunk.header().raw_range(self.frames.clone());
        raw.end - raw.start
    }

    /// The first frame alone, and the others.
    pub fn split(self) -> (Run, Option<Run>) {
        let first = self.frames.start..self.frames.start + 1;
        let others = first.end..self.frames.end;
        let others = (!others.is_empty()).then(|| Run {
            chunk: Arc::clone(&self.chunk),
            frames: others,
            form: self.form.clone(),
        });
        let first = Run {
            frames: first,
            ..self
        };
        (first, others)
    }
}

/// The runs that hold a range of a chunk's raw bytes.
pub(crate) fn runs(chunk: &Arc<OpenChunk>, raw: Range<u64>, form: &Form) -> Vec<Run> {
    let header = chunk.header();
    let frames = header.frames_of(raw);
    let mut runs = Vec::new();
    let mut first = frames.start;
    while first < frames.end {
        let begin = header.raw_range(first..first + 1).start;
        let fits = header.frames_of(begin..begin + RUN_LEN).end.min(frames.end);
        let run = first..fits.max(first + 1);
        first = run.end;
        runs.push(Run {
            chunk: Arc::clone(chunk),
            frames: run,
            form: form.clone(),
        });
    }
    runs
}
