//! The names of the tensors in a pickle: the keys that lead to each.

use std::borrow::Cow;

use super::tensors::{View, view};
use crate::format::MAX_TENSORS;
use crate::pickle::{Graph, Node, Value};

/// How deep containers may lie in each other and still be looked into.
const MAX_DEPTH: usize = 256;

/// The longest name.
const MAX_NAME_LEN: usize = 1024;

/// All names and shapes together: without an end to them a short pickle could ask for gigabytes.
const MAX_BYTES: usize = 32 << 20;

/// Finds the tensors that the root reaches, with their names. Each container is looked into once,
/// so that the time is linear whatever the graph is.
pub(super) fn walk<'a>(graph: &Graph<'a>) -> Vec<View<'a>> {
    let mut walk = Walk {
        graph,
        seen: vec![false; graph.nodes.len()],
        path: String::new(),
        found: vec![],
        kept: 0,
    };
    walk.visit(graph.root);
    walk.found
}

struct Walk<'g, 'a> {
    graph: &'g Graph<'a>,
    seen: Vec<bool>,
    path: String,
    found: Vec<View<'a>>,
    kept: usize,
}

/// A container that is being looked into.
struct Open<'a> {
    container: Value<'a>,
    next: usize,
    path_len: usize,
}

impl<'a> Walk<'_, 'a> {
    fn visit(&mut self, root: Value<'a>) {
        let mut open = Vec::new();
        self.enter(root, &mut open);
        while let Some(top) = open.last_mut() {
            self.path.truncate(top.path_len);
            let child = self
                .graph
                .node(top.container)
                .and_then(|node| child(node, top.next));
            top.next += 1;
            match child {
                None => {
                    open.pop();
                }
                Some((key, value)) => {
                    self.append(&key);
                    self.enter(value, &mut open);
                }
            }
        }
    }

    fn enter(&mut self, value: Value<'a>, open: &mut Vec<Open<'a>>) {
        let Value::Node(id) = value else { return };
        if let Some(view) = view(self.graph, value) {
            self.keep(view);
            return;
        }
        let unseen = self.seen.get_mut(id as usize).filter(|seen| !**seen);
        if let Some(seen) = unseen
            && open.len() < MAX_DEPTH
        {
            *seen = true;
            open.push(Open {
                container: value,
                next: 0,
                path_len: self.path.len(),
            });
        }
    }

    fn keep(&mut self, view: View<'a>) {
        self.kept += self.path.len() + 16 * view.shape.len();
        if self.found.len() < MAX_TENSORS && self.kept <= MAX_BYTES {
            self.found.push(view.named(self.path.clone()));
        }
    }

    fn append(&mut self, key: &str) {
        if key.is_empty() || self.path.len() + key.len() >= MAX_NAME_LEN {
            return;
        }
        if !self.path.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(key);
    }
}

/// What is in a container at a place, and the word for it.
fn child<'a>(node: &Node<'a>, index: usize) -> Option<(Cow<'a, str>, Value<'a>)> {
    let numbered = |value: &Value<'a>| (Cow::from(index.to_string()), *value);
    match node {
        Node::Tuple(items) | Node::List(items) => items.get(index).map(numbered),
        Node::Dict(items) => items.get(index).map(|(key, value)| (word(*key), *value)),
        // What it was called with, then what was put into it.
        Node::Object(object) => match index.checked_sub(1) {
            None => Some((Cow::from(""), object.args)),
            Some(index) => {
                let (key, value) = object.items.get(index)?;
                Some((key.map_or(Cow::from(""), word), *value))
            }
        },
        Node::Global(..) | Node::Persistent(_) => None,
    }
}

fn word(key: Value<'_>) -> Cow<'_, str> {
    match key {
        // Where a module keeps what it has: not part of the names that `state_dict` gives.
        Value::Text(b"_modules" | b"_parameters" | b"_buffers") => Cow::from(""),
        Value::Text(text) => String::from_utf8_lossy(text),
        Value::Int(n) => Cow::from(n.to_string()),
        Value::Bool(b) => Cow::from(b.to_string()),
        Value::None | Value::Other | Value::Node(_) => Cow::from(""),
    }
}
