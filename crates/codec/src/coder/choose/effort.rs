//! What a level is ready to do for a smaller plane.

use crate::Level;

/// What a level is ready to do.
pub(super) struct Effort {
    /// The least share of a plane that coding it must save: less is not worth the decoder's time.
    pub least_gain: f64,
    /// The levels of zstd that are tried. Higher ones are not always smaller on planes: they find
    /// matches that cost more than the code of their bytes.
    pub zstd: &'static [i32],
    /// What zstd must save beyond a plane's code, as a share of what that saves, if it does not halve the plane again:
    /// it takes twenty times as long, but where little is to be found.
    pub zstd_gain: f64,
    /// Those that are tried on bytes among which short strings come again.
    pub strings: &'static [i32],
    /// The one for texts, where there is time for it.
    pub texts: Option<i32>,
    /// How many times more often than by chance a byte is equal to the next where zstd is tried.
    pub alike: f64,
    /// How often two bytes are equal where one is most of all, so that a bit each is too much.
    pub most_of_all: f64,
    /// How much of a plane is looked at for strings that come again.
    pub sample: usize,
    /// The bits a byte that may be lost where bits that stand apart make for less work: as many as this of a code in
    /// levels, if one is good enough then.
    pub for_levels: f32,
    /// And of any code.
    pub for_speed: f32,
    /// The share by which a code in levels may be longer, which is read and written fastest.
    levels: f64,
    /// The share by which a plane may be longer than with a code of its own, where it gets the one before's.
    pub drift: f32,
}

impl Effort {
    /// The share by which a code in levels may be longer for the plane at a place of a frame: twice as much where a
    /// plane before has its part of the bytes.
    pub fn levels(&self, slot: usize) -> f64 {
        if slot == 0 {
            self.levels
        } else {
            2.0 * self.levels
        }
    }
}

pub(super) const fn effort(level: Level) -> &'static Effort {
    match level {
        Level::Fast => &Effort {
            least_gain: 0.03,
            zstd: &[1],
            zstd_gain: 0.1,
            strings: &[1],
            texts: None,
            alike: 1.55,
            most_of_all: 0.55,
            sample: 2 << 10,
            for_levels: 0.04,
            for_speed: 0.002,
            levels: 0.01,
            drift: 0.004,
        },
        Level::Default => &Effort {
            least_gain: 0.01,
            zstd: &[1, 3],
            zstd_gain: 0.1,
            strings: &[5],
            texts: None,
            alike: 1.55,
            most_of_all: 0.55,
            sample: 4 << 10,
            for_levels: 0.002,
            for_speed: 0.002,
            levels: 0.008,
            drift: 0.002,
        },
        Level::Max => &Effort {
            least_gain: 0.0,
            zstd: &[1, 3, 6, 12],
            zstd_gain: 0.0,
            strings: &[6, 12],
            texts: Some(6),
            alike: 1.1,
            most_of_all: 0.35,
            sample: 64 << 10,
            for_levels: 0.0,
            for_speed: 0.0,
            levels: 0.0,
            drift: 0.0,
        },
    }
}
