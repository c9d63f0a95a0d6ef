//! The opcodes of pickles of all protocols, one by one.

/// One opcode with its argument.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Op<'a> {
    /// Framing, of no effect.
    Nothing,
    Stop,
    Mark,
    Pop,
    PopMark,
    Dup,
    None,
    Bool(bool),
    Int(i64),
    /// A float, or an integer of more than 64 bits.
    Number,
    Text(&'a [u8]),
    /// Of so many values from the stack's top.
    Tuple(usize),
    TupleFromMark,
    /// Lists and sets, which matter alike.
    List,
    ListFromMark,
    Append,
    AppendFromMark,
    Dict,
    DictFromMark,
    SetItem,
    SetItemsFromMark,
    Get(u64),
    Put(u64),
    Memoize,
    Global(&'a [u8], &'a [u8]),
    StackGlobal,
    /// An import by a number that programs agree on.
    Extension(u64),
    Persistent(&'a [u8]),
    PersistentFromStack,
    /// Calls: callable and arguments are on the stack, in one form or another.
    Reduce,
    NewObject,
    NewObjectWithKeywords,
    ObjectFromMark,
    Instance(&'a [u8], &'a [u8]),
    Build,
    /// A buffer outside the pickle.
    Buffer,
}

/// Reads opcodes.
pub(crate) struct Ops<'a> {
    rest: &'a [u8],
}

impl<'a> Ops<'a> {
    pub fn new(bytes: &'a [u8]) -> Ops<'a> {
        Ops { rest: bytes }
    }

    /// What has not been read.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next opcode, if there is a sound one.
    pub fn next(&mut self) -> Option<Op<'a>> {
        let code = self.take(1)?[0];
        Some(match code {
            0x80 => self.skip(1)?,
            0x95 => self.skip(8)?,
            0x98 => Op::Nothing,
            b'.' => Op::Stop,
            b'(' => Op::Mark,
            b'0' => Op::Pop,
            b'1' => Op::PopMark,
            b'2' => Op::Dup,
            b')' => Op::Tuple(0),
            0x85..=0x87 => Op::Tuple(usize::from(code - 0x84)),
            b't' => Op::TupleFromMark,
            b']' | 0x8f => Op::List,
            b'l' | 0x91 => Op::ListFromMark,
            b'a' => Op::Append,
            b'e' | 0x90 => Op::AppendFromMark,
            b'}' => Op::Dict,
            b'd' => Op::DictFromMark,
            b's' => Op::SetItem,
            b'u' => Op::SetItemsFromMark,
            b'g' => Op::Get(decimal(self.line()?)?),
            b'h' => Op::Get(self.number(1)?),
            b'j' => Op::Get(self.number(4)?),
            b'p' => Op::Put(decimal(self.line()?)?),
            b'q' => Op::Put(self.number(1)?),
            b'r' => Op::Put(self.number(4)?),
            0x94 => Op::Memoize,
            b'c' => Op::Global(self.line()?, self.line()?),
            0x93 => Op::StackGlobal,
            0x82 => self.extension(1)?,
            0x83 => self.extension(2)?,
            0x84 => self.extension(4)?,
            b'P' => Op::Persistent(self.line()?),
            b'Q' => Op::PersistentFromStack,
            b'R' => Op::Reduce,
            0x81 => Op::NewObject,
            0x92 => Op::NewObjectWithKeywords,
            b'o' => Op::ObjectFromMark,
            b'i' => Op::Instance(self.line()?, self.line()?),
            b'b' => Op::Build,
            0x97 => Op::Buffer,
            _ => return self.scalar(code),
        })
    }

    fn scalar(&mut self, code: u8) -> Option<Op<'a>> {
        Some(match code {
            b'N' => Op::None,
            0x88 => Op::Bool(true),
            0x89 => Op::Bool(false),
            b'K' => Op::Int(self.number(1)? as i64),
            b'M' => Op::Int(self.number(2)? as i64),
            b'J' => Op::Int((self.number(4)? as u32).cast_signed().into()),
            b'I' => int_line(self.line()?),
            b'L' => int_line(self.line()?),
            0x8a => long(self.counted(1)?),
            0x8b => long(self.counted(4)?),
            b'F' => {
                self.line()?;
                Op::Number
            }
            b'G' => {
                self.take(8)?;
                Op::Number
            }
            b'S' => Op::Text(unquoted(self.line()?)),
            b'V' => Op::Text(self.line()?),
            b'U' | b'C' | 0x8c => Op::Text(self.counted(1)?),
            b'T' | b'X' | b'B' => Op::Text(self.counted(4)?),
            0x8d | 0x8e | 0x96 => Op::Text(self.counted(8)?),
            _ => return None,
        })
    }

    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(taken)
    }

    fn number(&mut self, len: usize) -> Option<u64> {
        Some(
            self.take(len)?
                .iter()
                .rev()
                .fold(0, |value, &byte| value << 8 | u64::from(byte)),
        )
    }

    /// Bytes with their number before them, in so many bytes.
    fn counted(&mut self, len: usize) -> Option<&'a [u8]> {
        let len = usize::try_from(self.number(len)?).ok()?;
        self.take(len)
    }

    fn line(&mut self) -> Option<&'a [u8]> {
        let len = self.rest.iter().position(|&byte| byte == b'\n')?;
        let line = self.take(len + 1)?;
        Some(&line[..len])
    }

    fn skip(&mut self, len: usize) -> Option<Op<'a>> {
        self.take(len).map(|_| Op::Nothing)
    }

    fn extension(&mut self, len: usize) -> Option<Op<'a>> {
        self.number(len).map(Op::Extension)
    }
}

fn decimal(line: &[u8]) -> Option<u64> {
    std::str::from_utf8(line).ok()?.trim().parse().ok()
}

fn int_line<'a>(line: &[u8]) -> Op<'a> {
    match line {
        b"00" => Op::Bool(false),
        b"01" => Op::Bool(true),
        _ => {
            let digits = std::str::from_utf8(line)
                .unwrap_or("")
                .trim()
                .trim_end_matches('L');
            digits.parse().map_or(Op::Number, Op::Int)
        }
    }
}

/// An integer of any number of bytes, in two's complement.
fn long<'a>(bytes: &[u8]) -> Op<'a> {
    if bytes.len() > 8 {
        return Op::Number;
    }
    let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
    let mut wide = [if negative { 0xff } else { 0 }; 8];
    wide[..bytes.len()].copy_from_slice(bytes);
    Op::Int(i64::from_le_bytes(wide))
}

fn unquoted(line: &[u8]) -> &[u8] {
    match line {
        [b'\'', text @ .., b'\''] | [b'"', text @ .., b'"'] => text,
        _ => line,
    }
}
