//! What the pickles in a file would do when loaded, as the API shows it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the pickles in a file would do when loaded, found without loading them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PickleVerdict {
    /// What it comes to.
    pub state: PickleState,
    /// Why, as a sentence.
    pub why: String,
    /// Pickles that were found.
    pub pickles: u64,
    /// What they import, each once.
    pub imports: Vec<PickleImport>,
    /// What they call, each once.
    pub calls: Vec<PickleCall>,
}

/// What a verdict comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PickleState {
    /// Nothing is imported but what is known to be harmless.
    Clean,
    /// In a container that is not looked into.
    NotScanned,
    /// Something is imported of which nothing is known.
    Unknown,
    /// It can run what it likes, or cannot be read through.
    Suspicious,
}

/// Something imported by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PickleImport {
    /// The module.
    pub module: String,
    /// The name in it.
    pub name: String,
    /// `harmless`, `unknown` or `dangerous`.
    pub kind: String,
}

/// Something called while a pickle is loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PickleCall {
    /// `REDUCE`, `NEWOBJ`, `NEWOBJ_EX`, `OBJ`, `INST` or `BUILD`.
    pub opcode: String,
    /// What is called.
    pub callee: String,
    /// The first call's arguments, cut short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<String>,
    /// How often it is.
    pub count: u64,
}
