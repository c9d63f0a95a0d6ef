//! The stack machine of pickles as a scan needs it: it keeps names and who is called, goes on after
//! what would be an error, and stops only where opcodes cannot be told any more.
//!
//! `crate::pickle` has a machine of its own, which gives the values of a pickle held in memory and
//! gives up on an unsound one. Both read the same opcodes.

mod calls;
mod stack;

use std::collections::HashMap;
use std::io;
use std::ops::Range;

use super::budget::Budget;
use super::findings::Findings;
use super::joblib;
use super::tape::{Next, Tape};
use super::value::{Node, Value, Values};
use super::verdict::State;
use crate::pickle::Op;
use crate::read_at::{ReadAt, read_vec};

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
    /// Whether it imports, by name, what could be there.
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
                (self.marks.len() > stack::MAX_STACK).then_some(Some("it goes deeper than is read"))
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
                // In noise numbers are frequent, names are not.
                let by_name = self.imports;
                let name = format!("extension {code}");
                let stop = self.import(Some(b"copyreg"), Some(name.as_bytes()));
                self.imports = by_name;
                stop
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
}
