//! What a scan found as the API has it.

use sheaf_formats::scan::{Call, Import, Kind, State, Verdict};
use sheaf_types::pickles::{PickleCall, PickleImport, PickleState, PickleVerdict};

/// A verdict as the API has it.
pub fn verdict_of(found: Verdict) -> PickleVerdict {
    PickleVerdict {
        state: match found.state {
            State::Clean => PickleState::Clean,
            State::NotScanned => PickleState::NotScanned,
            State::Unknown => PickleState::Unknown,
            State::Suspicious => PickleState::Suspicious,
        },
        why: found.why,
        pickles: found.pickles,
        imports: found.imports.into_iter().map(import_of).collect(),
        calls: found.calls.into_iter().map(call_of).collect(),
    }
}

fn import_of(import: Import) -> PickleImport {
    let kind = match import.kind {
        Kind::Harmless => "harmless",
        Kind::Unknown => "unknown",
        Kind::Dangerous => "dangerous",
    };
    PickleImport {
        module: import.module,
        name: import.name,
        kind: kind.into(),
    }
}

fn call_of(call: Call) -> PickleCall {
    PickleCall {
        opcode: call.opcode.into(),
        callee: call.callee,
        arguments: call.arguments,
        count: call.count,
    }
}
