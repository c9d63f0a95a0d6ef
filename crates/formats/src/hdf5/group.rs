//! The links of a group: messages of its own, or a tree of tables with a heap of names.

use super::NOWHERE;
use super::object::{LINK, Object, SYMBOLS};
use crate::protobuf::Stop;
use crate::source::{Source, le};

/// The longest name of a link.
const MAX_NAME_LEN: u64 = 256;

/// How deep a tree may be.
const MAX_LEVEL: u8 = 16;

/// Bytes of a tree's node before its keys.
const NODE_LEN: usize = 24;

/// Bytes of a symbol in a table, and before the first.
const SYMBOL_LEN: usize = 40;
const TABLE_LEN: usize = 8;

/// Names, and where the headers of what they name are.
pub(super) fn links(source: &mut Source<'_>, group: &Object) -> Result<Vec<(String, u64)>, Stop> {
    let mut links: Vec<_> = group.all(LINK).filter_map(link).collect();
    let Some(symbols) = group.first(SYMBOLS) else {
        return Ok(links);
    };
    let (Some(tree), Some(heap)) = (le(symbols, 0, 8), le(symbols, 8, 8)) else {
        return Ok(links);
    };
    let names = names(source, heap)?;
    for table in leaves(source, tree)? {
        symbols_of(source, table, names, &mut links)?;
    }
    Ok(links)
}

/// A link to an object in this file.
fn link(message: &[u8]) -> Option<(String, u64)> {
    let flags = *message.get(1)?;
    let mut at = 2;
    if flags & 8 != 0 {
        if *message.get(at)? != 0 {
            return None;
        }
        at += 1;
    }
    at += if flags & 4 != 0 { 8 } else { 0 };
    at += if flags & 16 != 0 { 1 } else { 0 };
    let width = 1 << (flags & 3);
    let len = usize::try_from(le(message, at, width)?).ok()?;
    let name = message.get(at + width..)?.get(..len)?;
    let address = le(message, at + width + len, 8)?;
    Some((String::from_utf8_lossy(name).into_owned(), address))
}

/// Where a heap's names are.
fn names(source: &mut Source<'_>, heap: u64) -> Result<u64, Stop> {
    let head = source.bytes(heap, 32)?;
    if !head.starts_with(b"HEAP") {
        return Err(Stop::Malformed);
    }
    le(&head, 24, 8).ok_or(Stop::Malformed)
}

/// The tables at a tree's leaves.
fn leaves(source: &mut Source<'_>, tree: u64) -> Result<Vec<u64>, Stop> {
    let mut tables = vec![];
    let mut todo = vec![(tree, MAX_LEVEL)];
    while let Some((at, above)) = todo.pop() {
        let node = Node::read(source, at, 0, above)?;
        let bytes = source.bytes(at.saturating_add(NODE_LEN as u64), 16 * node.used + 8)?;
        for child in (0..node.used as usize).rev() {
            let Some(address) = le(&bytes, 16 * child + 8, 8) else {
                continue;
            };
            match node.level {
                0 => tables.push(address),
                level => todo.push((address, level)),
            }
        }
    }
    Ok(tables)
}

/// A node of a tree of the first version.
pub(super) struct Node {
    pub level: u8,
    /// How many children it has.
    pub used: u64,
}

impl Node {
    /// Bytes before its keys.
    pub const LEN: u64 = NODE_LEN as u64;

    /// Reads a node of a kind of tree, which must be lower than the one above it.
    pub fn read(source: &mut Source<'_>, at: u64, kind: u8, above: u8) -> Result<Node, Stop> {
        let head = source.bytes(at, Node::LEN)?;
        let level = head[5];
        if !head.starts_with(b"TREE") || head[4] != kind || level >= above {
            return Err(Stop::Malformed);
        }
        let used = le(&head, 6, 2).ok_or(Stop::Malformed)?;
        Ok(Node { level, used })
    }
}

fn symbols_of(
    source: &mut Source<'_>,
    table: u64,
    names: u64,
    links: &mut Vec<(String, u64)>,
) -> Result<(), Stop> {
    let head = source.bytes(table, TABLE_LEN as u64)?;
    if !head.starts_with(b"SNOD") {
        return Err(Stop::Malformed);
    }
    let count = le(&head, 6, 2).ok_or(Stop::Malformed)?;
    let bytes = source.bytes(table + TABLE_LEN as u64, count * SYMBOL_LEN as u64)?;
    for symbol in bytes.chunks_exact(SYMBOL_LEN) {
        let (Some(name), Some(address)) = (le(symbol, 0, 8), le(symbol, 8, 8)) else {
            continue;
        };
        if address == NOWHERE {
            continue;
        }
        let name = source.up_to(names.saturating_add(name), MAX_NAME_LEN)?;
        let name = name.split(|&byte| byte == 0).next().unwrap_or(&[]);
        links.push((String::from_utf8_lossy(name).into_owned(), address));
    }
    Ok(())
}
