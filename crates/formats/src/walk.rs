//! Layouts that are found on the way through a file: what says where tensors are lies between them.
//!
//! A walk asks for a few bytes at a place, and says from them where it wants to look next. So the same
//! walk goes through a file at hand, of which it reads next to nothing, and along with a file that
//! streams by.

use std::io;
use std::ops::Range;

use sheaf_codec::Dtype;

use crate::beside::Parts;
use crate::format::{Contents, MAX_TENSORS, Region};
use crate::groups::LIGHT;
use crate::layout::Tensor;
use crate::metadata::Metadata;
use crate::read_at::{ReadAt, Window};

/// The most steps of a walk: a model of 100,000 tensors takes about 2 million.
const MAX_STEPS: usize = 4 << 20;

/// The most bytes that a step may ask for.
pub(crate) const MAX_NEED: usize = 16 << 10;

/// What is known of a file's structure is settled at the latest after so many bytes.
const MAX_OPEN: u64 = 1 << 20;

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The walk is at another place now, or in another state.
    On,
    /// So many bytes are needed from this place on, more than there were: at most [`MAX_NEED`].
    Need(usize),
    /// There is nothing more to find.
    Stop,
}

/// A way through a file.
pub(crate) trait Walk: Send {
    /// The format's name.
    fn format(&self) -> &'static str;

    /// Where in the file it looks next: never before a place that it was at.
    fn place(&self) -> u64;

    /// Looks at the bytes from its place on, of which there may be more or fewer than it needs. How many
    /// more there are must not matter, nor must what it asked for before: a file comes in any pushes, and
    /// at its end there are fewer than were asked for.
    fn step(&mut self, bytes: &[u8], finds: &mut Finds) -> Step;
}

/// What a walk has found.
#[derive(Default)]
pub(crate) struct Finds {
    /// Data and long runs of structure, in the order of the file and without overlaps.
    pub regions: Vec<Region>,
    /// Up to where regions were found, or found not to be.
    settled: u64,
    tensors: Vec<Tensor>,
    /// Tensors in other files.
    pub beside: Parts,
    pub metadata: Metadata,
}

impl Finds {
    /// The bytes of a tensor, which lie behind all that was found before.
    pub fn data(&mut self, region: Region) {
        // What is light is better off as a part of what is around it.
        if region.range.start < self.settled || len(&region.range) <= LIGHT {
            return;
        }
        self.structure(region.range.start);
        self.settled = region.range.end;
        self.regions.push(region);
    }

    /// A tensor to show.
    pub fn tensor(&mut self, tensor: Tensor) {
        if self.tensors.len() < MAX_TENSORS {
            self.tensors.push(tensor);
        }
    }

    /// What lies before this place and is no data is structure. A short run of it goes along with
    /// its neighbours.
    fn structure(&mut self, end: u64) {
        let range = self.settled..end;
        if len(&range) > LIGHT {
            self.regions.push(Region {
                range,
                dtype: Dtype::Bytes,
                row: 0,
                key: 0,
            });
        }
        self.settled = self.settled.max(end);
    }

    /// The walk is at this place.
    fn at(&mut self, place: u64) {
        if place.saturating_sub(self.settled) >= MAX_OPEN {
            self.structure(place);
        }
    }
}

fn len(range: &Range<u64>) -> u64 {
    range.end.saturating_sub(range.start)
}

/// A walk with what it has found, of a bounded number of steps.
pub(crate) struct Walker {
    walk: Box<dyn Walk>,
    pub finds: Finds,
    steps: usize,
    /// How many bytes the next step needs.
    need: usize,
    stopped: bool,
}

impl Walker {
    pub fn new(walk: Box<dyn Walk>) -> Walker {
        Walker {
            walk,
            finds: Finds::default(),
            steps: 0,
            need: 1,
            stopped: false,
        }
    }

    /// What is to be looked at next: so many bytes at a place, unless there is nothing more to find.
    pub fn wants(&self) -> Option<(u64, usize)> {
        (!self.stopped).then(|| (self.walk.place(), self.need))
    }

    /// Looks at the bytes from the place that it wants on.
    pub fn step(&mut self, bytes: &[u8]) {
        match self.walk.step(bytes, &mut self.finds) {
            // Those that want more are not counted: how many there are is up to the pushes.
            Step::On if self.steps < MAX_STEPS => {
                self.steps += 1;
                self.need = 1;
                self.finds.at(self.walk.place());
            }
            Step::Need(need) if need > bytes.len() && need <= MAX_NEED => self.need = need,
            _ => self.stop(),
        }
    }

    /// Looks at the file's last bytes, from the place that it wants on. They may be enough where more were
    /// asked for.
    pub fn last_steps(&mut self, bytes: &[u8]) {
        let start = self.walk.place();
        while let Some((place, _)) = self.wants() {
            let seen = bytes.get((place - start) as usize..).unwrap_or(&[]);
            if !seen.is_empty() {
                self.step(seen);
            }
            if self.need > seen.len() {
                self.stop();
            }
        }
    }

    /// Knows that nothing more is found.
    pub fn stop(&mut self) {
        if !self.stopped {
            self.finds.structure(self.walk.place());
            self.stopped = true;
        }
    }
}

/// What is in a file at hand.
pub(crate) fn read(walk: Box<dyn Walk>, file: &dyn ReadAt) -> io::Result<Contents> {
    let format = walk.format();
    let mut walker = Walker::new(walk);
    let mut window = Window::new(file);
    while let Some((place, need)) = walker.wants() {
        let bytes = window.from(place, need)?;
        if bytes.len() < need {
            walker.last_steps(bytes);
        } else {
            walker.step(bytes);
        }
    }
    let finds = walker.finds;
    Ok(Contents {
        format,
        tensors: finds.tensors,
        metadata: finds.metadata.into_pairs(),
        regions: finds.regions,
        beside: finds.beside.into_vec(),
    })
}
