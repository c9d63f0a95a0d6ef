//! The messages of an ONNX file, as far as tensors may be in them (`onnx.proto`).

use super::tensor::Kind;

/// A kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message {
    Model,
    Graph,
    Node,
    Attribute,
    Tensor,
    Sparse,
    External,
    Function,
    Training,
}

/// What a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    Message(Message),
    Text(Text),
    /// Dimensions.
    Numbers,
    Dtype,
    /// Whether a tensor's bytes are in another file.
    External,
    Version,
    Data(Kind),
    /// Of no interest.
    Other,
}

/// What a text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    /// A tensor's name.
    Name,
    /// A node's output.
    Output,
    /// Key and value of what is said about another file.
    Key,
    Value,
    /// Something about the model.
    Says(&'static str),
}

impl Message {
    /// What the field of a number is.
    pub fn field(self, number: u32) -> Meaning {
        use Meaning::{Data, Dtype, External, Numbers, Text as Says, Version};
        match (self, number) {
            (Message::Model, 1) => Version,
            (Message::Model, 2) => Says(Text::Says("producer_name")),
            (Message::Model, 3) => Says(Text::Says("producer_version")),
            (Message::Graph, 2) => Says(Text::Says("graph")),
            (Message::Node, 2) => Says(Text::Output),
            (Message::Tensor, 1) => Numbers,
            (Message::Tensor, 2) => Dtype,
            (Message::Tensor, 8) => Says(Text::Name),
            (Message::Tensor, 14) => External,
            (Message::External, 1) => Says(Text::Key),
            (Message::External, 2) => Says(Text::Value),
            (Message::Tensor, _) => Kind::of(number).map_or_else(|| self.message(number), Data),
            _ => self.message(number),
        }
    }

    fn message(self, number: u32) -> Meaning {
        Meaning::Message(match (self, number) {
            (Message::Model, 7) => Message::Graph,
            (Message::Model, 20) => Message::Training,
            (Message::Model, 25) => Message::Function,
            (Message::Training, 1 | 2) => Message::Graph,
            (Message::Graph, 1) | (Message::Function, 7) => Message::Node,
            (Message::Graph, 5) => Message::Tensor,
            (Message::Graph, 15) => Message::Sparse,
            (Message::Node, 5) => Message::Attribute,
            (Message::Attribute, 5 | 10) => Message::Tensor,
            (Message::Attribute, 6 | 11) => Message::Graph,
            (Message::Attribute, 22 | 23) => Message::Sparse,
            (Message::Sparse, 1 | 2) => Message::Tensor,
            (Message::Tensor, 13) => Message::External,
            _ => return Meaning::Other,
        })
    }
}
