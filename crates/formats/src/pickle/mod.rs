//! Pickles, read without executing anything: what they would build, as a graph of plain data.

mod graph;
mod machine;
mod ops;

pub(crate) use graph::{Graph, Node, Value};
pub(crate) use ops::{Op, Ops};

/// Reads a pickle, if it is sound and within bounds.
pub(crate) fn read(bytes: &[u8]) -> Option<Graph<'_>> {
    machine::run(bytes).map(|(graph, _)| graph)
}

/// Reads the first of several pickles, and moves `bytes` behind it.
pub(crate) fn read_first<'a>(bytes: &mut &'a [u8]) -> Option<Graph<'a>> {
    let (graph, rest) = machine::run(bytes)?;
    *bytes = rest;
    Some(graph)
}
