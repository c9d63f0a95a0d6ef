//! The opcodes of a pickle in a file, read in small pieces: a long text is skipped, not held.

use std::io;
use std::ops::Range;

use crate::pickle::{Op, Ops};
use crate::read_at::{ReadAt, Window};

/// An opcode and its number are within so many bytes.
const HEAD_LEN: usize = 16;

/// The longest text of which more than a place is kept, and the longest line that is read.
const MAX_TEXT_LEN: u64 = 4 << 10;

/// The next thing on the tape.
pub(super) enum Next<'a> {
    /// An opcode; where the text in it is, if it has one with its length before it.
    Op(Op<'a>, Option<Range<u64>>),
    /// A text too long to be kept, and where it is.
    Long(Range<u64>),
    /// The same of one that ends with its line, which had to be looked for.
    LongLine(Range<u64>),
    /// The file ends in an opcode, or before one.
    End,
    /// No opcode of any protocol, or a line without end.
    Bad,
}

/// A file that is read opcode by opcode.
pub(super) struct Tape<'f> {
    window: Window<'f>,
    size: u64,
    /// Where the next opcode is.
    pub place: u64,
}

impl<'f> Tape<'f> {
    pub fn new(file: &'f dyn ReadAt, place: u64) -> Tape<'f> {
        Tape {
            window: Window::new(file),
            size: file.size(),
            place,
        }
    }

    pub fn next(&mut self) -> io::Result<Next<'_>> {
        let head = self.window.from(self.place, HEAD_LEN)?;
        if head.is_empty() {
            return Ok(Next::End);
        }
        if let Some((prefix, len)) = counted(head) {
            return self.counted(prefix, len);
        }
        // Asked for more only where that can help, as it means to read again.
        let needs_more = Ops::new(head).next().is_none() && is_long(head[0]);
        let is_text = needs_more && b"SV".contains(&head[0]);
        let wanted = if needs_more {
            MAX_TEXT_LEN as usize
        } else {
            HEAD_LEN
        };
        if is_text && !self.window.from(self.place, wanted)?.contains(&b'\n') {
            return self.long_line();
        }
        let bytes = self.window.from(self.place, wanted)?;
        let mut ops = Ops::new(bytes);
        let ended = bytes.len() < wanted;
        match ops.next() {
            Some(op) => {
                self.place += (bytes.len() - ops.rest().len()) as u64;
                Ok(Next::Op(op, None))
            }
            None if ended && is_opcode(bytes[0]) => Ok(Next::End),
            None => Ok(Next::Bad),
        }
    }

    /// A text whose line goes beyond what is kept.
    fn long_line(&mut self) -> io::Result<Next<'_>> {
        let start = self.place + 1;
        let mut at = start;
        loop {
            let bytes = self.window.from(at, HEAD_LEN)?;
            if bytes.is_empty() {
                return Ok(Next::End);
            }
            if let Some(len) = bytes.iter().position(|byte| *byte == b'\n') {
                let end = at + len as u64;
                self.place = end + 1;
                return Ok(Next::LongLine(start..end));
            }
            at += bytes.len() as u64;
        }
    }

    fn counted(&mut self, prefix: u64, len: u64) -> io::Result<Next<'_>> {
        let start = self.place + prefix;
        let end = start.checked_add(len).filter(|end| *end <= self.size);
        let Some(end) = end else {
            return Ok(Next::End);
        };
        let whole = (end - self.place) as usize;
        if len > MAX_TEXT_LEN {
            self.place = end;
            return Ok(Next::Long(start..end));
        }
        let bytes = self.window.from(self.place, whole)?;
        self.place = end;
        let op = bytes.get(..whole).and_then(|bytes| Ops::new(bytes).next());
        Ok(op.map_or(Next::End, |op| Next::Op(op, Some(start..end))))
    }
}

/// The bytes before a counted argument, and its length; none of another opcode.
fn counted(head: &[u8]) -> Option<(u64, u64)> {
    let width = match head.first()? {
        b'U' | b'C' | 0x8a | 0x8c => 1,
        b'T' | b'X' | b'B' | 0x8b => 4,
        0x8d | 0x8e | 0x96 => 8,
        _ => return None,
    };
    let number = head.get(1..1 + width)?;
    let len = number
        .iter()
        .rev()
        .fold(0, |value, byte| value << 8 | u64::from(*byte));
    Some((1 + width as u64, len))
}

/// Whether an opcode has lines for arguments.
fn is_long(code: u8) -> bool {
    b"gpcPiILFSV".contains(&code)
}

fn is_opcode(code: u8) -> bool {
    is_long(code) || b"hjqrKMJGUCTXB\x80\x95\x82\x83\x84\x8a\x8b\x8c\x8d\x8e\x96".contains(&code)
}
