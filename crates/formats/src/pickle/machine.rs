//! The stack machine of pickles, in which nothing is called: a call leaves a record of itself.

use std::collections::HashMap;

use super::graph::{Graph, Node, Object, Value};
use super::ops::{Op, Ops};

/// The most values that are kept, in nodes, containers, the memo and the stack together: a tensor
/// takes about 40 of them.
const MAX_VALUES: usize = 2 << 20;

/// What a node counts for, by what it takes in memory.
const NODE: usize = 2;
const OBJECT: usize = 6;

/// Runs a pickle to its end. Returns what comes after it too.
pub(super) fn run(bytes: &[u8]) -> Option<(Graph<'_>, &[u8])> {
    let mut ops = Ops::new(bytes);
    let mut machine = Machine::default();
    loop {
        let op = ops.next()?;
        if op == Op::Stop {
            let root = machine.pop()?;
            let nodes = machine.nodes;
            return Some((Graph { nodes, root }, ops.rest()));
        }
        machine.step(op)?;
    }
}

#[derive(Default)]
struct Machine<'a> {
    nodes: Vec<Node<'a>>,
    stack: Vec<Value<'a>>,
    /// Lengths of the stack.
    marks: Vec<usize>,
    memo: HashMap<u64, Value<'a>>,
    values: usize,
}

impl<'a> Machine<'a> {
    fn step(&mut self, op: Op<'a>) -> Option<()> {
        match op {
            Op::Nothing => Some(()),
            Op::Stop => None,
            Op::Mark => {
                self.count(1)?;
                self.marks.push(self.stack.len());
                Some(())
            }
            Op::Pop => self.pop_or_unmark(),
            Op::PopMark => self.pop_mark().map(|_| ()),
            Op::Dup => self.push(*self.stack.last()?),
            Op::None => self.push(Value::None),
            Op::Bool(value) => self.push(Value::Bool(value)),
            Op::Int(value) => self.push(Value::Int(value)),
            Op::Number | Op::Buffer => self.push(Value::Other),
            Op::Text(text) => self.push(Value::Text(text)),
            Op::Get(key) => self.push(*self.memo.get(&key)?),
            Op::Put(key) => self.put(key),
            Op::Memoize => self.put(self.memo.len() as u64),
            _ => self.step_compound(op),
        }
    }

    fn step_compound(&mut self, op: Op<'a>) -> Option<()> {
        match op {
            Op::Tuple(len) => {
                let items = self.stack.split_off(self.floor_checked(len)?);
                self.add(Node::Tuple(items))
            }
            Op::TupleFromMark => {
                let items = self.pop_mark()?;
                self.add(Node::Tuple(items))
            }
            Op::List => self.add(Node::List(vec![])),
            Op::ListFromMark => {
                let items = self.pop_mark()?;
                self.add(Node::List(items))
            }
            Op::Append => {
                let item = self.pop()?;
                self.extend(&[item])
            }
            Op::AppendFromMark => {
                let items = self.pop_mark()?;
                self.extend(&items)
            }
            Op::Dict => self.add(Node::Dict(vec![])),
            Op::DictFromMark => {
                let items = self.pop_mark()?;
                self.add(Node::Dict(vec![]))?;
                self.set(&items)
            }
            Op::SetItem => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.set(&[key, value])
            }
            Op::SetItemsFromMark => {
                let items = self.pop_mark()?;
                self.set(&items)
            }
            Op::Persistent(id) => self.add(Node::Persistent(Value::Text(id))),
            Op::PersistentFromStack => {
                let id = self.pop()?;
                self.add(Node::Persistent(id))
            }
            _ => self.step_call(op),
        }
    }

    fn step_call(&mut self, op: Op<'a>) -> Option<()> {
        match op {
            Op::Global(module, name) => self.add(Node::Global(module, name)),
            Op::StackGlobal => match (self.pop()?, self.pop()?) {
                (Value::Text(name), Value::Text(module)) => self.add(Node::Global(module, name)),
                _ => None,
            },
            Op::Extension(_) => self.add(Node::Global(b"", b"")),
            Op::Reduce | Op::NewObject => {
                let args = self.pop()?;
                let callable = self.pop()?;
                self.call(callable, args)
            }
            Op::NewObjectWithKeywords => {
                let keywords = self.pop()?;
                let args = self.pop()?;
                let callable = self.pop()?;
                self.call(callable, args)?;
                self.add_item(None, keywords)
            }
            Op::ObjectFromMark => {
                let mut args = self.pop_mark()?;
                if args.is_empty() {
                    return None;
                }
                let callable = args.remove(0);
                self.call_with(callable, args)
            }
            Op::Instance(module, name) => {
                let args = self.pop_mark()?;
                self.add(Node::Global(module, name))?;
                let callable = self.pop()?;
                self.call_with(callable, args)
            }
            Op::Build => {
                let state = self.pop()?;
                self.add_item(None, state)
            }
            _ => None,
        }
    }

    fn count(&mut self, values: usize) -> Option<()> {
        self.values += values;
        (self.values <= MAX_VALUES).then_some(())
    }

    /// The stack's length at the last mark: what is below is out of reach.
    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    /// The stack's length without so many values, if there are so many.
    fn floor_checked(&self, len: usize) -> Option<usize> {
        self.stack
            .len()
            .checked_sub(len)
            .filter(|&left| left >= self.floor())
    }

    fn push(&mut self, value: Value<'a>) -> Option<()> {
        // What was popped does not count less: that also bounds the number of steps.
        self.count(1)?;
        self.stack.push(value);
        Some(())
    }

    fn pop(&mut self) -> Option<Value<'a>> {
        self.floor_checked(1)?;
        self.stack.pop()
    }

    fn pop_or_unmark(&mut self) -> Option<()> {
        match self.pop() {
            Some(_) => Some(()),
            None => self.marks.pop().map(|_| ()),
        }
    }

    fn pop_mark(&mut self) -> Option<Vec<Value<'a>>> {
        let mark = self.marks.pop()?;
        Some(self.stack.split_off(mark))
    }

    fn put(&mut self, key: u64) -> Option<()> {
        self.floor_checked(1)?;
        self.count(NODE)?;
        self.memo.insert(key, *self.stack.last()?);
        Some(())
    }

    fn add(&mut self, node: Node<'a>) -> Option<()> {
        self.count(NODE)?;
        let id = u32::try_from(self.nodes.len()).ok()?;
        self.nodes.push(node);
        self.push(Value::Node(id))
    }

    fn call(&mut self, callable: Value<'a>, args: Value<'a>) -> Option<()> {
        self.count(OBJECT)?;
        self.add(Node::Object(Box::new(Object {
            callable,
            args,
            items: vec![],
        })))
    }

    fn call_with(&mut self, callable: Value<'a>, args: Vec<Value<'a>>) -> Option<()> {
        self.add(Node::Tuple(args))?;
        let args = self.pop()?;
        self.call(callable, args)
    }

    /// Appends to what is on the stack's top.
    fn extend(&mut self, items: &[Value<'a>]) -> Option<()> {
        items.iter().try_for_each(|&item| self.add_item(None, item))
    }

    /// Sets pairs of key and value in what is on the stack's top.
    fn set(&mut self, items: &[Value<'a>]) -> Option<()> {
        let (pairs, rest) = items.as_chunks::<2>();
        if !rest.is_empty() {
            return None;
        }
        pairs
            .iter()
            .try_for_each(|&[key, value]| self.add_item(Some(key), value))
    }

    fn add_item(&mut self, key: Option<Value<'a>>, value: Value<'a>) -> Option<()> {
        self.count(2)?;
        self.floor_checked(1)?;
        let Value::Node(id) = *self.stack.last()? else {
            return None;
        };
        match self.nodes.get_mut(id as usize)? {
            Node::Object(object) => object.items.push((key, value)),
            Node::List(items) => items.push(value),
            Node::Dict(items) => items.push((key.unwrap_or(Value::None), value)),
            // A state for what cannot have one, as a class: of no interest.
            Node::Tuple(_) | Node::Global(..) | Node::Persistent(_) => {}
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root_items(bytes: &[u8]) -> Option<Vec<Value<'_>>> {
        let (graph, _) = run(bytes)?;
        match graph.node(graph.root)? {
            Node::Tuple(items) | Node::List(items) => Some(items.clone()),
            Node::Dict(items) => Some(items.iter().flat_map(|&(k, v)| [k, v]).collect()),
            _ => None,
        }
    }

    #[test]
    fn scalars() {
        let bytes = b"\x80\x02(K\x05M\x01\x01J\xff\xff\xff\xff\x8a\x02\x00\x80I42\nL-7L\nI01\n\
            NX\x02\x00\x00\x00hiS'yo'\nG\0\0\0\0\0\0\0\0t.";
        let expected = [
            Value::Int(5),
            Value::Int(257),
            Value::Int(-1),
            Value::Int(-32768),
            Value::Int(42),
            Value::Int(-7),
            Value::Bool(true),
            Value::None,
            Value::Text(b"hi"),
            Value::Text(b"yo"),
            Value::Other,
        ];
        assert_eq!(root_items(bytes).unwrap(), expected);
    }

    #[test]
    fn containers_and_memo() {
        let expected = [Value::Int(1), Value::Int(2), Value::Int(3), Value::Int(1)];
        assert_eq!(
            root_items(b"}q\0(K\x01q\x01K\x02K\x03h\x01u.").unwrap(),
            expected
        );
        assert_eq!(
            root_items(b"]\x94(K\x01K\x02eK\x03aK\x01a.").unwrap(),
            expected
        );
    }

    #[test]
    fn what_is_unsound_is_none() {
        let unsound: [&[u8]; 10] = [
            b"",
            b".",
            b"K\x01",
            b"t.",
            b"0.",
            b"(.",
            b"K\x01(a.",
            b"h\x07.",
            b"\xff.",
            b"]K\x01s.",
        ];
        for bytes in unsound {
            assert!(run(bytes).is_none(), "{bytes:?}");
        }
        let endless = b"(".repeat(MAX_VALUES + 1);
        assert!(run(&endless).is_none());
    }
}
