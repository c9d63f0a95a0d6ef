//! ONNX files, written field by field.

use super::noise;

/// A message that is being written.
#[derive(Clone, Default)]
pub struct Message(pub Vec<u8>);

fn varint(mut n: u64, to: &mut Vec<u8>) {
    while n >= 0x80 {
        to.push(n as u8 | 0x80);
        n >>= 7;
    }
    to.push(n as u8);
}

impl Message {
    pub fn number(mut self, field: u64, n: u64) -> Message {
        varint(field << 3, &mut self.0);
        varint(n, &mut self.0);
        self
    }

    pub fn bytes(mut self, field: u64, bytes: impl AsRef<[u8]>) -> Message {
        varint(field << 3 | 2, &mut self.0);
        varint(bytes.as_ref().len() as u64, &mut self.0);
        self.0.extend(bytes.as_ref());
        self
    }

    pub fn message(self, field: u64, message: &Message) -> Message {
        self.bytes(field, &message.0)
    }
}

/// A tensor's dimensions and dtype.
pub fn tensor(dtype: u64, dims: &[u64]) -> Message {
    dims.iter()
        .fold(Message::default(), |tensor, &n| tensor.number(1, n))
        .number(2, dtype)
}

/// A tensor with bytes of no pattern, in the order in which programs write it.
pub fn raw(name: &str, dtype: u64, dims: &[u64], len: usize) -> Message {
    tensor(dtype, dims)
        .bytes(8, name)
        .bytes(9, noise(len, len as u64))
}

/// A model of this graph.
pub fn model(graph: &Message) -> Vec<u8> {
    let opset = Message::default().bytes(1, "").number(2, 17);
    Message::default()
        .number(1, 8)
        .bytes(2, "sheaf")
        .message(7, graph)
        .message(8, &opset)
        .0
}

/// A small file: a node, a constant in another, tensors small and large.
pub fn small() -> Vec<u8> {
    let add = Message::default()
        .bytes(1, "x")
        .bytes(2, "y")
        .bytes(4, "Add");
    let value = tensor(7, &[100]).bytes(9, noise(800, 3));
    let attribute = Message::default().bytes(1, "value").message(5, &value);
    let constant = Message::default()
        .bytes(2, "shape")
        .bytes(4, "Constant")
        .message(5, &attribute);
    let graph = Message::default()
        .message(1, &add)
        .message(1, &constant)
        .bytes(2, "g")
        .message(5, &raw("a", 1, &[300, 300], 360_000))
        .message(5, &raw("b", 16, &[1000], 2000));
    model(&graph)
}
