//! What is kept of a pickle's values: names, and enough beside them to say what is called with what.

/// A value on the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// A thing of no interest.
    Opaque,
    /// One that was not kept, or was never there.
    Lost,
    Bool(bool),
    Int(i64),
    Text(u32),
    /// By its place in the imports.
    Import(u32),
    Node(u32),
}

/// A text, of which the beginning is kept.
#[derive(Debug)]
pub(super) struct Text {
    pub bytes: Vec<u8>,
    pub whole: bool,
}

/// A compound value.
#[derive(Debug)]
pub(super) enum Node {
    Tuple(Vec<Value>),
    Dict(Vec<(Value, Value)>),
    /// What a call gave, and the state it was given after.
    Made {
        callee: Value,
        args: Value,
        state: Value,
    },
}

/// The most texts and nodes, the most values in a node, and the most bytes of texts that are kept.
const MAX_KEPT: usize = 1 << 17;
const MAX_ITEMS: usize = 64;
const MAX_TEXTS_LEN: usize = 8 << 20;

/// The values that are kept.
#[derive(Debug, Default)]
pub(super) struct Values {
    texts: Vec<Text>,
    texts_len: usize,
    nodes: Vec<Node>,
}

impl Values {
    pub fn add_text(&mut self, text: Text) -> Value {
        self.texts_len += text.bytes.len();
        if self.texts.len() >= MAX_KEPT || self.texts_len > MAX_TEXTS_LEN {
            return Value::Lost;
        }
        self.texts.push(text);
        Value::Text(self.texts.len() as u32 - 1)
    }

    pub fn add(&mut self, node: Node) -> Value {
        if self.nodes.len() >= MAX_KEPT {
            return Value::Lost;
        }
        self.nodes.push(node);
        Value::Node(self.nodes.len() as u32 - 1)
    }

    /// A tuple; of a long one the beginning.
    pub fn add_tuple(&mut self, items: &[Value]) -> Value {
        let items = items.iter().copied().take(MAX_ITEMS).collect();
        self.add(Node::Tuple(items))
    }

    pub fn text(&self, value: Value) -> Option<&Text> {
        match value {
            Value::Text(at) => self.texts.get(at as usize),
            _ => None,
        }
    }

    pub fn node(&self, value: Value) -> Option<&Node> {
        match value {
            Value::Node(at) => self.nodes.get(at as usize),
            _ => None,
        }
    }

    pub fn tuple(&self, value: Value) -> Option<&[Value]> {
        match self.node(value)? {
            Node::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// Sets pairs of key and value in a dict that is kept.
    pub fn set(&mut self, dict: Value, items: &[Value]) {
        let Value::Node(at) = dict else { return };
        if let Some(Node::Dict(pairs)) = self.nodes.get_mut(at as usize) {
            let (new, _) = items.as_chunks::<2>();
            if pairs.len() + new.len() > MAX_ITEMS {
                // What is said of a key may be said anew in what has no room.
                *pairs = vec![(Value::Lost, Value::Lost); MAX_ITEMS];
                return;
            }
            pairs.extend(new.iter().map(|&[key, value]| (key, value)));
        }
    }

    pub fn set_state(&mut self, made: Value, new: Value) {
        let Value::Node(at) = made else { return };
        if let Some(Node::Made { state, .. }) = self.nodes.get_mut(at as usize) {
            *state = new;
        }
    }

    /// What a dict has for a key.
    pub fn get(&self, dict: Value, key: &[u8]) -> Option<Value> {
        let Node::Dict(pairs) = self.node(dict)? else {
            return None;
        };
        let is_it =
            |(found, _): &&(Value, Value)| self.text(*found).is_some_and(|text| text.bytes == key);
        pairs.iter().rfind(is_it).map(|(_, value)| *value)
    }
}
