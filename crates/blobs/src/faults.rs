//! A store that fails on purpose, for tests: how often, in which way, and when, told by a seed.

mod plan;
mod store;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use object_store::ObjectStore;

pub use plan::{BadPlan, Plan};
use store::Faulty;

/// What is asked of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Operation {
    Put,
    Get,
    Delete,
    List,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Fault {
    /// Nothing is done, and that is said.
    Fail,
    /// It is done, and the answer is lost.
    Lost,
    /// Nothing is said for long, then an answer is given up; whether it was done is left to chance.
    Stall,
    /// It is done late.
    Late,
    /// A part of an object is written, and the answer is lost: what is left of a write that was not
    /// synced when the power went.
    Torn,
    /// Fewer bytes come than were asked for.
    Truncate,
    /// One bit is another.
    Flip,
    /// An object that is there is said not to be.
    Gone,
}

impl Operation {
    const ALL: [(&str, Self); 4] = [
        ("put", Self::Put),
        ("get", Self::Get),
        ("delete", Self::Delete),
        ("list", Self::List),
    ];

    fn name(self) -> &'static str {
        name_of(&Self::ALL, self)
    }
}

impl Fault {
    const ALL: [(&str, Self); 8] = [
        ("fail", Self::Fail),
        ("lost", Self::Lost),
        ("stall", Self::Stall),
        ("late", Self::Late),
        ("torn", Self::Torn),
        ("truncate", Self::Truncate),
        ("flip", Self::Flip),
        ("gone", Self::Gone),
    ];

    fn name(self) -> &'static str {
        name_of(&Self::ALL, self)
    }

    /// Whether it can befall such an operation.
    fn befalls(self, operation: Operation) -> bool {
        match self {
            Self::Fail | Self::Stall | Self::Late => true,
            Self::Lost => operation != Operation::List,
            Self::Torn => operation == Operation::Put,
            Self::Truncate | Self::Flip | Self::Gone => operation == Operation::Get,
        }
    }
}

fn name_of<T: PartialEq + Copy>(all: &'static [(&'static str, T)], of: T) -> &'static str {
    let found = all.iter().find(|(_, item)| *item == of);
    found.map_or("", |(name, _)| name)
}

/// Who is told of each fault, in a line: `put.lost blobs/…`.
type Told = Arc<dyn Fn(&str) + Send + Sync>;

/// Decides what goes wrong. Clones decide together.
#[derive(Clone)]
pub struct Faults {
    plan: Plan,
    told: Told,
    /// How often each was asked for already.
    asked: Arc<Mutex<HashMap<(Operation, String), u64>>>,
}

impl std::fmt::Debug for Faults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Faults").field(&self.plan).finish()
    }
}

/// What befalls one operation, and a number for whatever else is left to chance.
struct Befalls {
    fault: Option<Fault>,
    chance: u64,
}

impl Faults {
    /// Faults as planned; `told` hears of each.
    pub fn new(plan: Plan, told: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self {
            plan,
            told: Arc::new(told),
            asked: Arc::default(),
        }
    }

    /// The store, with these faults.
    pub(crate) fn around(&self, store: Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> {
        Arc::new(Faulty::new(self.clone(), store))
    }

    /// What befalls this try. It depends on the seed, the operation, what it is about and how often that
    /// was asked for before, not on what else goes on: another run with the same content meets the same.
    fn next(&self, operation: Operation, about: &str) -> Befalls {
        let stem = stem(about);
        let before = self.count(operation, stem);
        let number = |purpose: u8| {
            let mut hasher = DefaultHasher::new();
            (self.plan.seed, operation, stem, before, purpose).hash(&mut hasher);
            hasher.finish()
        };
        let fault = self.plan.choose(operation, number(0));
        if let Some(fault) = fault {
            let (operation, fault) = (operation.name(), fault.name());
            (self.told)(&format!("{operation}.{fault} {about}"));
        }
        Befalls {
            fault,
            chance: number(1),
        }
    }

    fn count(&self, operation: Operation, stem: &str) -> u64 {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let count = asked.entry((operation, stem.to_owned())).or_default();
        *count += 1;
        *count - 1
    }

    fn stall(&self) -> Duration {
        self.plan.stall
    }

    fn late(&self, chance: u64) -> Duration {
        self.plan.late.mul_f64((chance % 1000) as f64 / 1000.0)
    }
}

/// What a key has in common with that of another write of the same bytes.
fn stem(about: &str) -> &str {
    about.rsplit_once('.').map_or(about, |(stem, _)| stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_means_the_same_faults_whatever_the_order() {
        let faults = || {
            let plan = "seed=3,get.fail=0.2,get.flip=0.2".parse().unwrap();
            Faults::new(plan, |_| {})
        };
        let (one, other) = (faults(), faults());
        let mut seen = HashMap::new();
        for try_ in 0..4 {
            for key in 0..50 {
                let about = format!("blobs/{key}.first");
                let befalls = one.next(Operation::Get, &about);
                seen.insert((key, try_), (befalls.fault, befalls.chance));
            }
        }
        for key in (0..50).rev() {
            for try_ in 0..4 {
                let about = format!("blobs/{key}.second");
                let befalls = other.next(Operation::Get, &about);
                assert_eq!(seen[&(key, try_)], (befalls.fault, befalls.chance));
            }
        }
        let kinds: std::collections::HashSet<_> = seen.values().map(|(f, _)| *f).collect();
        assert_eq!(kinds.len(), 3, "two faults, and none");
    }

    #[test]
    fn each_is_told() {
        let told = Arc::new(Mutex::new(vec![]));
        let lines = Arc::clone(&told);
        let plan = "put.lost=1".parse().unwrap();
        let faults = Faults::new(plan, move |line| {
            lines.lock().unwrap().push(line.to_owned())
        });
        faults.next(Operation::Put, "a");
        faults.next(Operation::Get, "b");
        assert_eq!(*told.lock().unwrap(), ["put.lost a"]);
    }
}
