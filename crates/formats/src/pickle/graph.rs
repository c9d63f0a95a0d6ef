//! What a pickle would build.

/// A value. What is compound lies in the graph, and may hold itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'a> {
    None,
    Bool(bool),
    Int(i64),
    /// Text or bytes.
    Text(&'a [u8]),
    /// A number that does not fit, or a thing of no interest.
    Other,
    /// What is at this place in [`Graph::nodes`].
    Node(u32),
}

/// A compound value.
#[derive(Debug)]
pub(crate) enum Node<'a> {
    Tuple(Vec<Value<'a>>),
    /// A list or a set.
    List(Vec<Value<'a>>),
    Dict(Vec<(Value<'a>, Value<'a>)>),
    /// Something imported, by module and name.
    Global(&'a [u8], &'a [u8]),
    /// Something outside the pickle, by its id.
    Persistent(Value<'a>),
    Object(Box<Object<'a>>),
}

/// What a call would give.
#[derive(Debug)]
pub(crate) struct Object<'a> {
    /// What would be called.
    pub callable: Value<'a>,
    /// A tuple, if the pickle is sound.
    pub args: Value<'a>,
    /// What was put into it after, with a key or without.
    pub items: Vec<(Option<Value<'a>>, Value<'a>)>,
}

/// All that a pickle would build.
#[derive(Debug)]
pub(crate) struct Graph<'a> {
    /// Every compound value, also what the root does not reach.
    pub nodes: Vec<Node<'a>>,
    /// What the pickle is of.
    pub root: Value<'a>,
}

impl<'a> Graph<'a> {
    pub fn node(&self, value: Value<'a>) -> Option<&Node<'a>> {
        match value {
            Value::Node(id) => self.nodes.get(id as usize),
            _ => None,
        }
    }

    pub fn tuple(&self, value: Value<'a>) -> Option<&[Value<'a>]> {
        match self.node(value)? {
            Node::Tuple(items) => Some(items),
            _ => None,
        }
    }

    pub fn global(&self, value: Value<'a>) -> Option<(&'a [u8], &'a [u8])> {
        match *self.node(value)? {
            Node::Global(module, name) => Some((module, name)),
            _ => None,
        }
    }
}
