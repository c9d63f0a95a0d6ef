//! The machine's stack, marks and memo.

use std::ops::Range;

use super::super::escapes::unescaped;
use super::super::plausible::looks_like_pickle;
use super::super::value::{Node, Text, Value};
use super::{Machine, Stop};

/// The most values on the stack, and in the memo.
pub(super) const MAX_STACK: usize = 1 << 20;
const MAX_MEMO: usize = 1 << 20;

impl Machine<'_> {
    pub(super) fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    pub(super) fn push(&mut self, value: Value) -> Stop {
        self.stack.push(value);
        (self.stack.len() > MAX_STACK).then_some(Some("it holds more than is read"))
    }

    pub(super) fn pop(&mut self) -> Value {
        // What a mark keeps out of reach would be an error: it is given all the same, as some
        // machine may give it.
        self.stack.pop().unwrap_or(Value::Lost)
    }

    pub(super) fn pop_mark(&mut self) -> Vec<Value> {
        let mark = self.marks.pop().unwrap_or(0);
        self.stack.split_off(mark.min(self.stack.len()))
    }

    pub(super) fn push_tuple(&mut self, items: &[Value]) -> Stop {
        let tuple = self.values.add_tuple(items);
        self.push(tuple)
    }

    pub(super) fn push_node(&mut self, node: Node) -> Stop {
        let value = self.values.add(node);
        self.push(value)
    }

    pub(super) fn put(&mut self, key: u64) -> Stop {
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

    pub(super) fn text(&mut self, text: &[u8], whole: bool, place: Option<Range<u64>>) -> Stop {
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

    pub(super) fn set(&mut self, items: &[Value]) -> Stop {
        if let Some(dict) = self.stack.last() {
            self.values.set(*dict, items);
        }
        None
    }
}
