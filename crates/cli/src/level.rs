//! The codec's levels by name, for flags and for the configuration.

use sheaf_codec::Level;

/// How much work goes into making files small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LevelName {
    /// Fastest
    Fast,
    /// A good balance
    #[default]
    Default,
    /// Smallest
    Max,
}

impl From<LevelName> for Level {
    fn from(name: LevelName) -> Self {
        match name {
            LevelName::Fast => Self::Fast,
            LevelName::Default => Self::Default,
            LevelName::Max => Self::Max,
        }
    }
}
