//! What a pickle imports, calls and changes.

use super::super::joblib;
use super::super::plausible::is_plausible;
use super::super::value::{Node, Value, Values};
use super::super::verdict::{Kind, State};
use super::{Machine, Stop};

/// Characters of arguments that are shown.
const SHOWN: usize = 120;

impl Machine<'_> {
    pub(super) fn import(&mut self, module: Option<&[u8]>, name: Option<&[u8]>) -> Stop {
        let (Some(module), Some(name)) = (module, name) else {
            let why = "it imports what cannot be told from it";
            self.findings.note(State::Suspicious, why);
            return self.push(Value::Lost);
        };
        self.imports |= is_plausible(module) && is_plausible(name);
        let module = String::from_utf8_lossy(module);
        let name = String::from_utf8_lossy(name);
        let place = self.findings.import(&module, &name);
        self.push(Value::Import(place))
    }

    pub(super) fn persistent(&mut self) {
        let why = "it asks whoever loads it for something by an id of its own";
        self.findings.note(State::Unknown, why);
    }

    /// Whether an id is PyTorch's, of a storage or of a module's source.
    pub(super) fn is_storage(&self, id: Value) -> bool {
        let first = self.values.tuple(id).and_then(|items| items.first());
        let text = first.and_then(|first| self.values.text(*first));
        text.is_some_and(|text| text.bytes == b"storage" || text.bytes == b"module")
    }

    pub(super) fn call(&mut self, opcode: &'static str, callee: Value, args: Value) -> Stop {
        self.calls = true;
        self.note_call(opcode, callee, args);
        self.push_node(Node::Made {
            callee,
            args,
            state: Value::Opaque,
        })
    }

    pub(super) fn build(&mut self) -> Stop {
        let state = self.pop();
        let target = self.stack.last().copied().unwrap_or(Value::Lost);
        self.calls = true;
        match target {
            Value::Import(_) => {
                let why = "it changes what it imports (BUILD)";
                self.findings.note(State::Suspicious, why);
                self.note_call("BUILD", target, state);
            }
            Value::Node(_) => {
                if let Some(Node::Made { callee, .. }) = self.values.node(target) {
                    let callee = *callee;
                    self.note_call("BUILD", callee, state);
                }
                self.values.set_state(target, state);
                self.array = self.wrapped(target);
            }
            _ => self.note_call("BUILD", target, state),
        }
        None
    }

    /// The array that joblib writes after its wrapper.
    pub(super) fn wrapped(&self, made: Value) -> Option<joblib::Array> {
        let Some(Node::Made { callee, state, .. }) = self.values.node(made) else {
            return None;
        };
        let is_wrapper = self.names(*callee)? == joblib::WRAPPER;
        is_wrapper.then(|| joblib::Array::of(&self.values, *state))
    }

    pub(super) fn names(&self, callee: Value) -> Option<String> {
        let Value::Import(place) = callee else {
            return None;
        };
        let import = self.findings.imports.get(place as usize)?;
        Some(format!("{}.{}", import.module, import.name))
    }

    pub(super) fn note_call(&mut self, opcode: &'static str, callee: Value, args: Value) {
        let name = match (self.names(callee), self.values.node(callee)) {
            (Some(name), _) => name,
            (None, Some(Node::Made { callee, .. })) => {
                let of = self.names(*callee).unwrap_or_else(|| "a call".into());
                let why = format!("it calls what {of} gives back");
                self.findings.note(State::Suspicious, why);
                format!("what {of} gives back")
            }
            _ if opcode == "BUILD" => return,
            _ => {
                let why = "it calls what cannot be told from it";
                self.findings.note(State::Suspicious, why);
                "unknown".into()
            }
        };
        let kind = match callee {
            Value::Import(place) => self.findings.imports.get(place as usize).map(|i| i.kind),
            _ => None,
        };
        let values = &self.values;
        let shown = (kind != Some(Kind::Harmless)).then(|| shown(values, args));
        self.findings.call(opcode, name, || shown.flatten());
    }
}

/// Arguments in few words: texts and numbers.
fn shown(values: &Values, args: Value) -> Option<String> {
    let items = values.tuple(args)?;
    let shown = items.iter().map(|item| match item {
        Value::Text(_) => values.text(*item).map_or("…".into(), |text| {
            format!("{:?}", String::from_utf8_lossy(&text.bytes))
        }),
        Value::Int(value) => value.to_string(),
        Value::Bool(value) => value.to_string(),
        _ => "…".into(),
    });
    let all = shown.collect::<Vec<String>>().join(", ");
    if all.chars().count() <= SHOWN {
        return Some(all);
    }
    Some(all.chars().take(SHOWN).chain(['…']).collect())
}
