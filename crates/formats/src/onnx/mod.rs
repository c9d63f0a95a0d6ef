//! ONNX: a protocol buffer of a graph, with the tensors' bytes in it or in files beside it.
//!
//! There is no magic: a file is taken for ONNX if it begins with a version and the fields of a model, up
//! to a graph. Messages are in the order in which they are written, each with its length before it, so
//! that the layout is found on the way through the file.

mod dtypes;
mod schema;
mod tensor;

use crate::format::{Format, Found};
use crate::protobuf::{self, Field, MAX_FIELD_LEN, Value};
use crate::walk::{Finds, Step, Walk};
use schema::{Meaning, Message};
use tensor::Draft;

/// How deep messages may lie in each other: a subgraph is three deep.
const MAX_DEPTH: usize = 100;

/// The longest text that is kept of a name.
const MAX_TEXT_LEN: u64 = 512;

/// The most of a file that is looked at for its graph: what comes before is names and versions.
const MAX_BEFORE_GRAPH: usize = 64 << 10;

/// No version of the format is above this.
const MAX_VERSION: u64 = 100;

pub(crate) struct Onnx;

impl Format for Onnx {
    fn sniff(&self, head: &[u8]) -> Found {
        // The version is the first field.
        match *head {
            [] => return Found::NeedMore(2),
            [8] => return Found::NeedMore(2),
            [8, version, ..] if (1..=MAX_VERSION).contains(&u64::from(version)) => {}
            _ => return Found::No,
        }
        let mut at = 2;
        while let Some(rest) = head.get(at..).filter(|rest| !rest.is_empty()) {
            let Some((field, len)) = protobuf::parse(rest, at as u64) else {
                return more_or_no(head, at + MAX_FIELD_LEN);
            };
            match (field.number, &field.value) {
                (7, Value::Bytes(graph)) => return in_graph(head, graph.start as usize),
                // Names, versions, a description; opsets, properties, functions.
                (2..=4 | 6 | 8 | 14 | 25, Value::Bytes(range)) => {
                    at = usize::try_from(range.end).unwrap_or(usize::MAX);
                }
                (5, Value::Number(_)) => at += len,
                _ => return Found::No,
            }
        }
        more_or_no(head, at.saturating_add(1))
    }
}

fn more_or_no(head: &[u8], len: usize) -> Found {
    if len <= head.len() || len > MAX_BEFORE_GRAPH {
        Found::No
    } else {
        Found::NeedMore(len)
    }
}

/// A graph begins with a node, a name or a tensor.
fn in_graph(head: &[u8], at: usize) -> Found {
    match head.get(at) {
        None => more_or_no(head, at + 1),
        Some(0x0a | 0x12 | 0x2a | 0x52 | 0x5a | 0x62 | 0x6a | 0x7a) => {
            Found::Walk(Box::new(OnnxWalk::default()))
        }
        Some(_) => Found::No,
    }
}

/// On the way through a file.
struct OnnxWalk {
    place: u64,
    /// The messages that it is in, and where they end.
    inside: Vec<(Message, u64)>,
    tensor: Draft,
    /// What a constant is called: the first output of the node that it is in.
    output: String,
}

impl Default for OnnxWalk {
    fn default() -> Self {
        OnnxWalk {
            place: 0,
            inside: vec![(Message::Model, u64::MAX)],
            tensor: Draft::default(),
            output: String::new(),
        }
    }
}

impl Walk for OnnxWalk {
    fn format(&self) -> &'static str {
        "onnx"
    }

    fn place(&self) -> u64 {
        self.place
    }

    fn step(&mut self, bytes: &[u8], finds: &mut Finds) -> Step {
        let Some(&(message, end)) = self.inside.last() else {
            return Step::Stop;
        };
        let Some((field, len)) = protobuf::parse(bytes, self.place) else {
            return if bytes.len() < MAX_FIELD_LEN {
                Step::Need(MAX_FIELD_LEN)
            } else {
                Step::Stop
            };
        };
        let after = match &field.value {
            Value::Bytes(range) => range.end,
            _ => self.place + len as u64,
        };
        if after > end {
            return Step::Stop;
        }
        let step = self.take(message, &field, after, &bytes[len..], finds);
        self.leave(finds);
        step
    }
}

impl OnnxWalk {
    /// Takes a field; `bytes` are those behind its tag and length.
    fn take(
        &mut self,
        message: Message,
        field: &Field,
        after: u64,
        bytes: &[u8],
        finds: &mut Finds,
    ) -> Step {
        match (message.field(field.number), &field.value) {
            (Meaning::Message(child), Value::Bytes(range)) if self.inside.len() < MAX_DEPTH => {
                self.place = range.start;
                self.inside.push((child, range.end));
                if child == Message::Tensor {
                    self.tensor = Draft::default();
                }
                return Step::On;
            }
            (Meaning::Text(text), Value::Bytes(range)) => {
                let len = (range.end - range.start).min(MAX_TEXT_LEN) as usize;
                let Some(value) = bytes.get(..len) else {
                    let before = (range.start - self.place) as usize;
                    return Step::Need(before + len);
                };
                self.text(text, &String::from_utf8_lossy(value), finds);
            }
            (Meaning::Numbers, Value::Bytes(range)) => {
                // Packed: at most 64 numbers of at most 10 bytes.
                let len = (range.end - range.start).min(640) as usize;
                let Some(value) = bytes.get(..len) else {
                    let before = (range.start - self.place) as usize;
                    return Step::Need(before + len);
                };
                self.tensor.dims_packed(value);
            }
            (Meaning::Numbers, Value::Number(number)) => self.tensor.dim(*number),
            (Meaning::Dtype, Value::Number(number)) => self.tensor.dtype = *number,
            (Meaning::External, Value::Number(number)) => self.tensor.external = *number == 1,
            (Meaning::Version, Value::Number(number)) => {
                finds.metadata.add("ir_version", &number.to_string());
            }
            (Meaning::Data(kind), Value::Bytes(range)) => {
                self.tensor.data(kind, range.clone(), finds);
            }
            _ => {}
        }
        self.place = after;
        Step::On
    }

    fn text(&mut self, text: schema::Text, value: &str, finds: &mut Finds) {
        match text {
            schema::Text::Name => self.tensor.name = value.to_owned(),
            schema::Text::Output => self.output = value.to_owned(),
            schema::Text::Key => self.tensor.key = value.to_owned(),
            schema::Text::Value => self.tensor.outside(value, finds),
            // Of the graph, not of those in it.
            schema::Text::Says("graph") if self.inside.len() > 2 => {}
            schema::Text::Says(key) => finds.metadata.add(key, value),
        }
    }

    /// Leaves the messages that end here.
    fn leave(&mut self, finds: &mut Finds) {
        while let Some((message, _)) = self.inside.pop_if(|(_, end)| *end <= self.place) {
            if message != Message::Tensor {
                continue;
            }
            let mut tensor = std::mem::take(&mut self.tensor);
            if tensor.name.is_empty() {
                tensor.name.clone_from(&self.output);
            }
            tensor.finish(finds);
        }
    }
}
