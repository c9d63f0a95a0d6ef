//! The stack machine of pickles as a scan needs it: it keeps names and who is called, goes on after
//! what would be an error, and stops only where opcodes cannot be told any more.
//!
//! `crate::pickle` has a machine of its own, which gives the values of a pickle held in memory and
//! gives up on an unsound one. Both read the same opcodes.

use std::collections::HashMap;
use std::io;
use std::ops::Range;

use super::budget::Budget;
use super::escapes::unescaped;
use super::findings::Findings;
use super::joblib;
use super::tape::{Next, Tape};
use super::value::{Node, Text, Value, Values};
use super::verdict::{Kind, State};
use crate::pickle::Op;
use crate::read_at::{ReadAt, read_vec};

/// The most values on the stack, and in the memo.
const MAX_STACK: usize = 1 << 20;
const MAX_MEMO: usize = 1 << 20;

/// Characters of arguments that are shown.
const SHOWN: usize = 120;

/// Why a machine stops that comes upon something else.
pub(super) const NO_OPCODE: &str = "what is there is no opcode";

const TOO_MANY: &str = "it has more opcodes than are read";

/// So many bytes of a line that is looked through cost as much as an opcode.
const LINE_COST: u64 = 64;

/// Of a long text so many bytes are kept.
const HEAD_LEN: usize = 64;

/// What became of a pickle.
#[derive(Debug)]
pub(super) struct Ran {
    /// The byte behind the last opcode that was read.
    pub end: u64,
    pub ops: u64,
    /// Whether it came to its STOP.
    pub stopped: bool,
    /// Why it did not.
    pub broken: Option<&'static str>,
    /// Whether it imports what could be there.
    pub imports: bool,
    pub calls: bool,
}

/// Runs a pickle from a place in a file.
pub(super) fn run(
    file: &dyn ReadAt,
    place: u64,
    findings: &mut Findings,
    budget: &mut Budget,
) -> io::Result<Ran> {
    let mut tape = Tape::new(file, place);
    let mut machine = Machine::new(findings);
    loop {
        if !budget.step() {
            return Ok(machine.ended(tape.place, Some(TOO_MANY)));
        }
        let mut looked_for = 0;
        let stop = match tape.next()? {
            Next::End => Some(Some("it ends in the midst")),
            Next::Bad => Some(Some(NO_OPCODE)),
            Next::Op(Op::Stop, _) => Some(None),
            Next::Op(op, place) => machine.step(op, place),
            Next::LongLine(place) => {
                looked_for = (place.end - place.start) / LINE_COST;
                machine.ops += 1;
                machine.text(&[], false, None)
            }
            Next::Long(place) => {
                machine.ops += 1;
                let head = read_vec(file, place.start, HEAD_LEN)?;
                machine.text(&head, false, Some(place))
            }
        };
        if looked_for > 0 && !budget.steps(looked_for) {
            return Ok(machine.ended(tape.place, Some(TOO_MANY)));
        }
        if let Some(why) = stop {
            return Ok(machine.ended(tape.place, why));
        }
        if let Some(array) = machine.array.take() {
            match machine.skip(file, tape.place, array, budget)? {
                Ok(end) => tape.place = end,
                Err(why) => return Ok(machine.ended(tape.place, Some(why))),
            }
        }
    }
}

/// Why the machine stops; without a reason at a STOP.
type Stop = Option<Option<&'static str>>;

struct Machine<'f> {
    findings: &'f mut Findings,
    values: Values,
    stack: Vec<Value>,
    /// Lengths of the stack.
    marks: Vec<usize>,
    memo: HashMap<u64, Value>,
    memoized: u64,
    ops: u64,
    imports: bool,
    calls: bool,
    /// An array whose bytes come next.
    array: Option<joblib::Array>,
}

impl<'f> Machine<'f> {
    fn new(findings: &'f mut Findings) -> Machine<'f> {
        Machine {
            findings,
            values: Values::default(),
            stack: vec![],
            marks: vec![],
            memo: HashMap::new(),
            memoized: 0,
            ops: 0,
            imports: false,
            calls: false,
            array: None,
        }
    }

    fn ended(&self, end: u64, broken: Option<&'static str>) -> Ran {
        Ran {
            end,
            ops: self.ops,
            stopped: broken.is_none(),
            broken,
            imports: self.imports,
            calls: self.calls,
        }
    }

    fn step(&mut self, op: Op<'_>, place: Option<Range<u64>>) -> Stop {
        self.ops += 1;
        match op {
            Op::Nothing | Op::Stop => None,
            Op::Mark => {
                self.marks.push(self.stack.len());
                (self.marks.len() > MAX_STACK).then_some(Some("it goes deeper than is read"))
            }
            Op::Pop => {
                if self.stack.len() > self.floor() {
                    self.stack.pop();
                } else {
                    self.marks.pop();
                }
                None
            }
            Op::PopMark => {
                self.pop_mark();
                None
            }
            Op::Dup => self.push(self.stack.last().copied().unwrap_or(Value::Lost)),
            Op::None | Op::Number | Op::Buffer => self.push(Value::Opaque),
            Op::Bool(value) => self.push(Value::Bool(value)),
            Op::Int(value) => self.push(Value::Int(value)),
            Op::Text(text) => self.text(text, true, place),
            Op::Get(key) => self.push(self.memo.get(&key).copied().unwrap_or(Value::Lost)),
            Op::Put(key) => self.put(key),
            Op::Memoize => self.put(self.memoized),
            _ => self.step_compound(op),
        }
    }

    fn step_compound(&mut self, op: Op<'_>) -> Stop {
        match op {
            Op::Tuple(len) => {
                let from = self.stack.len().saturating_sub(len).max(self.floor());
                let items = self.stack.split_off(from.min(self.stack.len()));
                self.push_tuple(&items)
            }
            Op::TupleFromMark => {
                let items = self.pop_mark();
                self.push_tuple(&items)
            }
            Op::List => self.push(Value::Opaque),
            Op::ListFromMark => {
                self.pop_mark();
                self.push(Value::Opaque)
            }
            Op::Append => {
                self.pop();
                None
            }
            Op::AppendFromMark => {
                self.pop_mark();
                None
            }
            Op::Dict => self.push_node(Node::Dict(vec![])),
            Op::DictFromMark => {
                let items = self.pop_mark();
                let dict = self.values.add(Node::Dict(vec![]));
                self.values.set(dict, &items);
                self.push(dict)
            }
            Op::SetItem => {
                let value = self.pop();
                let key = self.pop();
                self.set(&[key, value])
            }
            Op::SetItemsFromMark => {
                let items = self.pop_mark();
                self.set(&items)
            }
            _ => self.step_outside(op),
        }
    }

    /// What reaches outside the pickle.
    fn step_outside(&mut self, op: Op<'_>) -> Stop {
        match op {
            Op::Global(module, name) => self.import(Some(module), Some(name)),
            Op::StackGlobal => {
                let name = self.pop();
                let module = self.pop();
                let text = |value| {
                    let text = self.values.text(value).filter(|text| text.whole)?;
                    Some(text.bytes.clone())
                };
                let texts = [module, name].map(|value| self.values.text(value).is_some());
                let (module, name) = (text(module), text(name));
                self.imports |= texts == [true; 2];
                self.import(module.as_deref(), name.as_deref())
            }
            Op::Extension(code) => {
                let why = "it imports by a number, which programs may give any meaning";
                self.findings.note(State::Suspicious, why);
                self.import(
                    Some(b"copyreg"),
                    Some(format!("extension {code}").as_bytes()),
                )
            }
            Op::Persistent(_) => {
                self.persistent();
                self.push(Value::Opaque)
            }
            Op::PersistentFromStack => {
                let id = self.pop();
                if !self.is_storage(id) {
                    self.persistent();
                }
                self.push(Value::Opaque)
            }
            _ => self.step_call(op),
        }
    }

    fn step_call(&mut self, op: Op<'_>) -> Stop {
        match op {
            Op::Reduce | Op::NewObject => {
                let args = self.pop();
                let callee = self.pop();
                let opcode = if op == Op::Reduce { "REDUCE" } else { "NEWOBJ" };
                self.call(opcode, callee, args)
            }
            Op::NewObjectWithKeywords => {
                let _keywords = self.pop();
                let args = self.pop();
                let callee = self.pop();
                self.call("NEWOBJ_EX", callee, args)
            }
            Op::ObjectFromMark => {
                let items = self.pop_mark();
                let (callee, args) = items
                    .split_first()
                    .map_or((Value::Lost, &[][..]), |(f, a)| (*f, a));
                let args = self.values.add_tuple(args);
                self.call("OBJ", callee, args)
            }
            Op::Instance(module, name) => {
                let args = self.pop_mark();
                let args = self.values.add_tuple(&args);
                self.import(Some(module), Some(name));
                let callee = self.pop();
                self.call("INST", callee, args)
            }
            Op::Build => self.build(),
            _ => None,
        }
    }

    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn push(&mut self, value: Value) -> Stop {
        self.stack.push(value);
        (self.stack.len() > MAX_STACK).then_some(Some("it holds more than is read"))
    }

    fn pop(&mut self) -> Value {
        // What a mark keeps out of reach would be an error: it is given all the same, as some
        // machine may give it.
        self.stack.pop().unwrap_or(Value::Lost)
    }

    fn pop_mark(&mut self) -> Vec<Value> {
        let mark = self.marks.pop().unwrap_or(0);
        self.stack.split_off(mark.min(self.stack.len()))
    }

    fn push_tuple(&mut self, items: &[Value]) -> Stop {
        let tuple = self.values.add_tuple(items);
        self.push(tuple)
    }

    fn push_node(&mut self, node: Node) -> Stop {
        let value = self.values.add(node);
        self.push(value)
    }

    fn put(&mut self, key: u64) -> Stop {
        let value = self.stack.last().copied().unwrap_or(Value::Lost);
        // What has no room is lost, which tells only where it would be called or names an import.
        if self.memo.len() < MAX_MEMO || self.memo.contains_key(&key) {
            if self.memo.insert(key, value).is_none() {
                self.memoized += 1;
            }
        } else {
            self.memoized += 1;
        }
        None
    }

    fn text(&mut self, text: &[u8], whole: bool, place: Option<Range<u64>>) -> Stop {
        let bytes = match &place {
            None if text.contains(&b'\\') => unescaped(text),
            _ => text.to_vec(),
        };
        if let Some(place) = place
            && looks_like_pickle(&bytes)
        {
            self.findings.nested(place);
        }
        let value = self.values.add_text(Text { bytes, whole });
        self.push(value)
    }

    fn set(&mut self, items: &[Value]) -> Stop {
        if let Some(dict) = self.stack.last() {
            self.values.set(*dict, items);
        }
        None
    }

    fn import(&mut self, module: Option<&[u8]>, name: Option<&[u8]>) -> Stop {
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

    fn persistent(&mut self) {
        let why = "it asks whoever loads it for something by an id of its own";
        self.findings.note(State::Unknown, why);
    }

    /// Whether an id is PyTorch's, of a storage or of a module's source.
    fn is_storage(&self, id: Value) -> bool {
        let first = self.values.tuple(id).and_then(|items| items.first());
        let text = first.and_then(|first| self.values.text(*first));
        text.is_some_and(|text| text.bytes == b"storage" || text.bytes == b"module")
    }

    fn call(&mut self, opcode: &'static str, callee: Value, args: Value) -> Stop {
        self.calls = true;
        self.note_call(opcode, callee, args);
        self.push_node(Node::Made {
            callee,
            args,
            state: Value::Opaque,
        })
    }

    fn build(&mut self) -> Stop {
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
    fn wrapped(&self, made: Value) -> Option<joblib::Array> {
        let Some(Node::Made { callee, state, .. }) = self.values.node(made) else {
            return None;
        };
        let is_wrapper = self.names(*callee)? == joblib::WRAPPER;
        is_wrapper.then(|| joblib::Array::of(&self.values, *state))
    }

    /// The place behind an array. One of objects is a pickle in the pickle.
    fn skip(
        &mut self,
        file: &dyn ReadAt,
        place: u64,
        array: joblib::Array,
        budget: &mut Budget,
    ) -> io::Result<Result<u64, &'static str>> {
        if let Some(end) = joblib::end(file, place, array)? {
            return Ok(end.ok_or("it ends in an array"));
        }
        if !budget.enter() {
            return Ok(Err("pickles lie too deep in it"));
        }
        let ran = run(file, place, self.findings, budget)?;
        budget.leave();
        self.imports |= ran.imports;
        Ok(ran.broken.map_or(Ok(ran.end), Err))
    }

    fn names(&self, callee: Value) -> Option<String> {
        let Value::Import(place) = callee else {
            return None;
        };
        let import = self.findings.imports.get(place as usize)?;
        Some(format!("{}.{}", import.module, import.name))
    }

    fn note_call(&mut self, opcode: &'static str, callee: Value, args: Value) {
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

/// Whether Python could have something of this name.
fn is_plausible(name: &[u8]) -> bool {
    let Ok(name) = std::str::from_utf8(name) else {
        return false;
    };
    !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || "_. ".contains(c))
}

/// Whether a text begins as pickles and files with pickles do.
pub(super) fn looks_like_pickle(bytes: &[u8]) -> bool {
    matches!(
        bytes,
        [0x80, 0..=5, ..] | [b'P', b'K', 3, 4, ..] | [0x93, b'N', b'U', b'M', ..]
    ) || matches!(bytes, [b'c', rest @ ..] if has_two_lines(rest))
}

fn has_two_lines(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|&byte| byte == b'\n');
    let (module, name, rest) = (lines.next(), lines.next(), lines.next());
    rest.is_some() && module.is_some_and(is_plausible) && name.is_some_and(is_plausible)
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
