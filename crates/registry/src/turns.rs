//! Turns by key: those with one key wait for each other.

use std::hash::{BuildHasher, Hash, RandomState};

use tokio::sync::Mutex;

/// More than are likely to be wanted at once; two keys that share one only wait needlessly.
const TURNS: usize = 64;

pub(crate) struct Turns {
    hasher: RandomState,
    turns: Vec<Mutex<()>>,
}

impl Turns {
    pub fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            turns: (0..TURNS).map(|_| Mutex::new(())).collect(),
        }
    }

    /// The turn of a key.
    pub fn of(&self, key: &impl Hash) -> &Mutex<()> {
        let hash = self.hasher.hash_one(key) as usize;
        &self.turns[hash % self.turns.len()]
    }
}
