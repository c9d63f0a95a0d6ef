//! Segments of a file whose layout is found as it streams by.

use crate::cuts::{Planner, Segment};
use crate::walk::{MAX_NEED, Walk, Walker};

/// Walks along with a file, and holds back the bytes of which it is not known yet how they are cut:
/// those of an open group of small tensors, and of structure before it is known to be long.
pub(crate) struct Ahead {
    walker: Walker,
    planner: Planner,
    /// Up to where segments were handed out.
    known: u64,
    /// How many bytes came.
    came: u64,
    /// The last bytes that came, from where the walk is on, where it needs more of them.
    short: Vec<u8>,
    /// The last bytes that came and were not handed out.
    waiting: Vec<u8>,
}

/// What some bytes came to: segments, and bytes that they say all of.
pub(crate) struct Found<'a> {
    pub segments: Vec<Segment>,
    /// Bytes that came before.
    pub before: Vec<u8>,
    /// The first of those that came now.
    pub now: &'a [u8],
    /// All that follows is known, and nothing is held back.
    pub ended: bool,
}

impl Ahead {
    pub fn new(walk: Box<dyn Walk>) -> Ahead {
        Ahead {
            walker: Walker::new(walk),
            planner: Planner::default(),
            known: 0,
            came: 0,
            short: vec![],
            waiting: vec![],
        }
    }

    /// Takes the next bytes.
    pub fn push<'a>(&mut self, bytes: &'a [u8]) -> Found<'a> {
        self.look(bytes);
        self.plan();
        let ended = self.walker.wants().is_none();
        let segments = if ended {
            std::mem::take(&mut self.planner).finish()
        } else {
            self.planner.settled()
        };
        if let Some(last) = segments.last() {
            self.known = last.range.end;
        }
        let held = (self.waiting.len() + bytes.len()) as u64;
        let ready = self.known.saturating_sub(self.came - held).min(held) as usize;
        let before = self.hand_out(ready);
        let (now, later) = bytes.split_at(ready - before.len());
        self.waiting.extend_from_slice(later);
        Found {
            segments,
            before,
            now,
            ended,
        }
    }

    /// The first of the bytes that wait, no more than so many.
    fn hand_out(&mut self, len: usize) -> Vec<u8> {
        if len == 0 {
            // As often, of a file in small pushes: what waits stays where it is.
            return vec![];
        }
        let later = self.waiting.split_off(len.min(self.waiting.len()));
        std::mem::replace(&mut self.waiting, later)
    }

    /// What is left at the file's end.
    pub fn finish(mut self) -> (Vec<Segment>, Vec<u8>) {
        self.walker.last_steps(&self.short);
        self.plan();
        (self.planner.finish(), self.waiting)
    }

    /// Walks as far as the bytes go.
    fn look(&mut self, bytes: &[u8]) {
        let at = self.came;
        self.came += bytes.len() as u64;
        let short_at = at - self.short.len() as u64;
        let mut short = std::mem::take(&mut self.short);
        if !short.is_empty() {
            short.extend_from_slice(&bytes[..bytes.len().min(MAX_NEED)]);
        }
        while let Some((place, need)) = self.walker.wants() {
            let seen = match place.checked_sub(at) {
                Some(from) => bytes.get(from as usize..).unwrap_or(&[]),
                None => &short[(place - short_at) as usize..],
            };
            if seen.len() < need {
                self.short = seen.to_vec();
                return;
            }
            self.walker.step(seen);
        }
    }

    fn plan(&mut self) {
        for region in self.walker.finds.regions.drain(..) {
            self.planner.add(region);
        }
    }
}
