//! The header of an object: its messages.

use super::datatype::Datatype;
use crate::protobuf::Stop;
use crate::source::{Source, le};

/// The most messages of an object that are looked at, and the most blocks that they are in.
const MAX_MESSAGES: usize = 1 << 16;
const MAX_BLOCKS: usize = 1 << 10;

/// The longest block of messages that is read.
const MAX_BLOCK_LEN: u64 = 1 << 20;

/// The most dimensions: HDF5 has 32.
const MAX_DIMS: usize = 32;

/// Kinds of messages.
pub(super) const DATASPACE: u16 = 0x01;
pub(super) const DATATYPE: u16 = 0x03;
pub(super) const LINK: u16 = 0x06;
pub(super) const LAYOUT: u16 = 0x08;
pub(super) const FILTERS: u16 = 0x0b;
const CONTINUED: u16 = 0x10;
pub(super) const SYMBOLS: u16 = 0x11;

/// Whether a message is a reference to one that is shared, in its flags.
const SHARED: u8 = 2;

/// An object's messages, of those kinds that are looked at.
pub(super) struct Object {
    messages: Vec<(u16, Vec<u8>)>,
}

/// How messages are written.
#[derive(Clone, Copy)]
struct Style {
    /// Bytes before a block's messages and after them.
    before: usize,
    after: usize,
    /// Bytes before a message; 0 for the first version.
    header: usize,
}

impl Object {
    /// Reads the header at an address.
    pub fn read(source: &mut Source<'_>, at: u64) -> Result<Object, Stop> {
        let head = source.up_to(at, 64)?;
        let (style, first) = match head.first() {
            Some(b'O') => second_version(&head).ok_or(Stop::Malformed)?,
            Some(1) => first_version(&head).ok_or(Stop::Malformed)?,
            _ => return Err(Stop::Malformed),
        };
        let start = at.checked_add(first.0).ok_or(Stop::Malformed)?;
        let mut object = Object { messages: vec![] };
        let mut blocks = vec![(start, first.1, 0, 0)];
        let mut done = 0;
        while let Some(&(at, len, before, after)) = blocks.get(done) {
            done += 1;
            if len > MAX_BLOCK_LEN || done > MAX_BLOCKS {
                break;
            }
            let bytes = source.bytes(at, len)?;
            let end = bytes.len().saturating_sub(after);
            let messages = bytes.get(before..end).unwrap_or(&[]);
            for next in object.take(messages, style) {
                blocks.push((next.0, next.1, style.before, style.after));
            }
        }
        Ok(object)
    }

    /// Takes the messages of a block, and says which blocks follow it.
    fn take(&mut self, mut bytes: &[u8], style: Style) -> Vec<(u64, u64)> {
        let mut blocks = vec![];
        while let Some((kind, body, rest)) = message(bytes, style) {
            bytes = rest;
            match kind {
                CONTINUED => blocks.extend(le(body, 0, 8).zip(le(body, 8, 8))),
                DATASPACE | DATATYPE | LINK | LAYOUT | FILTERS | SYMBOLS
                    if self.messages.len() < MAX_MESSAGES =>
                {
                    self.messages.push((kind, body.to_vec()));
                }
                _ => {}
            }
        }
        blocks
    }

    /// The messages of a kind.
    pub fn all(&self, kind: u16) -> impl Iterator<Item = &[u8]> {
        let of_kind = self.messages.iter().filter(move |(k, _)| *k == kind);
        of_kind.map(|(_, body)| body.as_slice())
    }

    /// The first message of a kind.
    pub fn first(&self, kind: u16) -> Option<&[u8]> {
        self.all(kind).next()
    }

    /// The shape of a dataset.
    pub fn shape(&self) -> Option<Vec<u64>> {
        let space = self.first(DATASPACE)?;
        let dims_at = match space.first()? {
            1 => 8,
            2 => 4,
            _ => return None,
        };
        let rank = usize::from(*space.get(1)?);
        if rank > MAX_DIMS {
            return None;
        }
        (0..rank).map(|i| le(space, dims_at + 8 * i, 8)).collect()
    }

    /// What its elements are.
    pub fn datatype(&self) -> Option<Datatype> {
        Datatype::parse(self.first(DATATYPE)?)
    }
}

/// How messages are written, and where the first block of them is from the header on.
fn first_version(head: &[u8]) -> Option<(Style, (u64, u64))> {
    let style = Style {
        before: 0,
        after: 0,
        header: 0,
    };
    Some((style, (16, le(head, 8, 4)?)))
}

fn second_version(head: &[u8]) -> Option<(Style, (u64, u64))> {
    let flags = *head.get(5)?;
    if !head.starts_with(b"OHDR\x02") {
        return None;
    }
    let times = if flags & 0x20 != 0 { 16 } else { 0 };
    let limits = if flags & 0x10 != 0 { 4 } else { 0 };
    let at = 6 + times + limits;
    let width = 1 << (flags & 3);
    let style = Style {
        before: 4,
        after: 4,
        header: if flags & 4 != 0 { 6 } else { 4 },
    };
    Some((style, ((at + width) as u64, le(head, at, width)?)))
}

/// The first message of some bytes, and what follows it. One that is shared has no body.
fn message(bytes: &[u8], style: Style) -> Option<(u16, &[u8], &[u8])> {
    let (kind, len, flags, header) = match style.header {
        0 => (le(bytes, 0, 2)?, le(bytes, 2, 2)?, bytes.get(4)?, 8),
        header => (le(bytes, 0, 1)?, le(bytes, 1, 2)?, bytes.get(3)?, header),
    };
    let (body, rest) = bytes.get(header..)?.split_at_checked(len as usize)?;
    let body = if flags & SHARED != 0 { &[] } else { body };
    Some((kind as u16, body, rest))
}
