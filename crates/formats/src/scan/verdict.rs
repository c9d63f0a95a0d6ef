//! What a scan says of a file.

use serde::Serialize;

/// What the pickles in a file would do when loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// What it comes to.
    pub state: State,
    /// Why, as a sentence.
    pub why: String,
    /// Pickles that were found.
    pub pickles: u64,
    /// What they import, each once, in the order in which it is met.
    pub imports: Vec<Import>,
    /// What they call, likewise.
    pub calls: Vec<Call>,
}

/// What a verdict comes to, from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Read to the end; nothing is imported but what is known to be harmless.
    Clean,
    /// A container that is not looked into.
    NotScanned,
    /// Something is imported of which nothing is known.
    Unknown,
    /// It can run what it likes, or cannot be read through.
    Suspicious,
}

/// Something imported by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Import {
    /// The module, as the pickle has it.
    pub module: String,
    /// The name in it, maybe with dots.
    pub name: String,
    /// What is known of it.
    pub kind: Kind,
}

/// What is known of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Does no harm, whatever it is called with.
    Harmless,
    /// Nothing is known of it.
    Unknown,
    /// Can run code, or reach what can.
    Dangerous,
}

/// Something called while a pickle is loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Call {
    /// The opcode.
    pub opcode: &'static str,
    /// What is called, as `module.name`, or what else it is.
    pub callee: String,
    /// The first call's arguments, cut short; absent where they are many or the callee is harmless.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<String>,
    /// How often it is.
    pub count: u64,
}
