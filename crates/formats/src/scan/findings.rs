//! What was found so far, of all pickles of a file.

use std::collections::HashMap;
use std::ops::Range;

use super::globals;
use super::verdict::{Call, Import, Kind, State, Verdict};

/// The most imports, and the most calls, that are listed.
const MAX_LISTED: usize = 4096;

/// The most texts with pickles in them that are looked into.
const MAX_NESTED: usize = 64;

/// The most sentences that are kept.
const MAX_REASONS: usize = 64;

const UNREAD: &str = "it cannot be read through";

/// What was found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub pickles: u64,
    pub imports: Vec<Import>,
    pub calls: Vec<Call>,
    reasons: Vec<(State, String)>,
    /// Texts that look like pickles, by their places.
    pub nested: Vec<Range<u64>>,
    import_places: HashMap<(String, String), u32>,
    call_places: HashMap<(&'static str, String), usize>,
}

impl Findings {
    /// Notes why a file is not clean.
    pub fn note(&mut self, state: State, why: impl Into<String>) {
        let why = why.into();
        let known = self.reasons.iter().any(|(_, known)| *known == why);
        if !known && self.reasons.len() < MAX_REASONS {
            self.reasons.push((state, why));
        } else if !known && self.reasons.iter().all(|(worst, _)| *worst < state) {
            self.reasons.pop();
            self.reasons.push((state, why));
        }
    }

    /// Notes what keeps a file from being read through.
    pub fn unread(&mut self, why: &str) {
        self.note(State::Suspicious, format!("{UNREAD}: {why}"));
    }

    pub fn nested(&mut self, place: Range<u64>) {
        if self.nested.len() < MAX_NESTED {
            self.nested.push(place);
        } else {
            self.unread("more pickles lie in it than are looked into");
        }
    }

    /// Adds an import; its place among them.
    pub fn import(&mut self, module: &str, name: &str) -> u32 {
        let key = (module.to_owned(), name.to_owned());
        if let Some(place) = self.import_places.get(&key) {
            return *place;
        }
        let kind = globals::kind(module, name);
        match kind {
            Kind::Harmless => {}
            Kind::Unknown => self.note(
                State::Unknown,
                format!("it imports {module}.{name}, of which nothing is known"),
            ),
            Kind::Dangerous => self.note(
                State::Suspicious,
                format!("it imports {module}.{name}, which can run code or reach what can"),
            ),
        }
        if self.imports.len() >= MAX_LISTED {
            self.unread("it imports more than is listed");
            return u32::MAX;
        }
        let place = self.imports.len() as u32;
        self.imports.push(Import {
            module: key.0.clone(),
            name: key.1.clone(),
            kind,
        });
        self.import_places.insert(key, place);
        place
    }

    /// Adds a call; `arguments` is asked for where they are shown.
    pub fn call(
        &mut self,
        opcode: &'static str,
        callee: String,
        arguments: impl FnOnce() -> Option<String>,
    ) {
        let key = (opcode, callee);
        if let Some(place) = self.call_places.get(&key) {
            self.calls[*place].count += 1;
            return;
        }
        if self.calls.len() >= MAX_LISTED {
            self.unread("it calls more than is listed");
            return;
        }
        self.call_places.insert(key.clone(), self.calls.len());
        self.calls.push(Call {
            opcode,
            callee: key.1,
            arguments: arguments(),
            count: 1,
        });
    }

    /// Takes in what was found elsewhere.
    pub fn add(&mut self, other: Findings) {
        self.pickles += other.pickles;
        for import in other.imports {
            self.import(&import.module, &import.name);
        }
        for call in other.calls {
            self.call(call.opcode, call.callee.clone(), || call.arguments);
            if let Some(place) = self.call_places.get(&(call.opcode, call.callee)) {
                self.calls[*place].count += call.count - 1;
            }
        }
        for (state, why) in other.reasons {
            self.note(state, why);
        }
        for place in other.nested {
            self.nested(place);
        }
    }

    /// The worst that was noted.
    pub fn state(&self) -> State {
        let states = self.reasons.iter().map(|(state, _)| *state);
        states.max().unwrap_or(State::Clean)
    }

    /// Whether there is anything to say.
    pub fn is_empty(&self) -> bool {
        self.pickles == 0 && self.reasons.is_empty()
    }

    pub fn verdict(self) -> Verdict {
        let state = self.state();
        Verdict {
            state,
            why: why(state, &self.reasons),
            pickles: self.pickles,
            imports: self.imports,
            calls: self.calls,
        }
    }
}

/// The first of the worst as a sentence, and how many more there are.
fn why(state: State, reasons: &[(State, String)]) -> String {
    let of_state: Vec<&String> = reasons
        .iter()
        .filter(|(found, _)| *found == state)
        .map(|(_, why)| why)
        .collect();
    // What would be done says more than what is in the way of seeing it.
    let named = of_state.iter().find(|why| !why.starts_with(UNREAD));
    let Some(first) = named.or(of_state.first()) else {
        return "it imports nothing but what is known to be harmless".into();
    };
    match of_state.len() - 1 {
        0 => (*first).clone(),
        more => format!("{first}; and {more} more"),
    }
}
