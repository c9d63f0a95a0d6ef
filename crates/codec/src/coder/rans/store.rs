//! Tables as bytes: the bits; the number of contexts; then, bit by bit, the symbols that occur, and
//! each context's shares of those, by what a table before it, or the share before it, lets expect.

use super::bits::{Length, Put, Reader, Writer};
use super::{BITS, MAX_CONTEXTS, Tables, alphabet};
use crate::Error;

const ERROR: Error = Error::Malformed("tables");
/// How far back a table's model may be.
const MAX_BACK: u32 = 3;

impl Tables {
    /// Appends them to `out`.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend([self.bits as u8, self.contexts() as u8]);
        let symbols = self.symbols();
        let mut writer = Writer::default();
        write_symbols(&symbols, &mut writer);
        let mut errors = Errors::default();
        for (i, own) in self.shares.iter().enumerate() {
            let lens = (0..=MAX_BACK.min(i as u32)).map(|back| {
                let mut len = Length::default();
                let model = self.model(i, back);
                write_shares(&symbols, own, model, &mut errors.clone(), &mut len);
                (len.0 + back as usize, back)
            });
            let (_, back) = lens.min().unwrap_or_default();
            writer.put_rice(back, 0);
            let model = self.model(i, back);
            write_shares(&symbols, own, model, &mut errors, &mut writer);
        }
        out.extend(writer.finish());
    }

    /// How many bytes they take.
    pub(crate) fn written_len(&self) -> usize {
        let mut out = Vec::new();
        self.write(&mut out);
        out.len()
    }

    /// Reads tables from the beginning of bytes, and says how many of those they took.
    pub(crate) fn read(bytes: &[u8]) -> Result<(Tables, usize), Error> {
        let &[bits, contexts, ref rest @ ..] = bytes else {
            return Err(ERROR);
        };
        let bits = u32::from(bits);
        if !BITS.contains(&bits) || !(1..=MAX_CONTEXTS).contains(&usize::from(contexts)) {
            return Err(ERROR);
        }
        let mut reader = Reader::new(rest);
        let symbols = read_symbols(alphabet(bits), &mut reader)?;
        let mut errors = Errors::default();
        let mut tables = Tables {
            bits,
            shares: Vec::with_capacity(usize::from(contexts)),
        };
        for i in 0..usize::from(contexts) {
            let back = reader.get_rice(0);
            if back > MAX_BACK.min(i as u32) {
                return Err(ERROR);
            }
            let model = tables.model(i, back);
            let own = read_shares(&symbols, 1 << bits, model, &mut errors, &mut reader)?;
            tables.shares.push(own);
        }
        Ok((tables, 2 + reader.finish()?))
    }

    /// The symbols that occur in any context.
    fn symbols(&self) -> Vec<u8> {
        (0..=255)
            .filter(|symbol| self.shares.iter().any(|own| own[usize::from(*symbol)] > 0))
            .collect()
    }

    /// The table that table `i` is told by: none for 0, else so many back.
    fn model(&self, i: usize, back: u32) -> Option<&[u16; 256]> {
        match back {
            0 => None,
            back => Some(&self.shares[i - back as usize]),
        }
    }
}

/// How many there are, less 1; then how many are left out before each.
fn write_symbols(symbols: &[u8], writer: &mut Writer) {
    writer.put(symbols.len() as u32 - 1, 8);
    let mut next = 0;
    for &symbol in symbols {
        writer.put_rice(u32::from(symbol) - next, 0);
        next = u32::from(symbol) + 1;
    }
}

fn read_symbols(alphabet: usize, reader: &mut Reader<'_>) -> Result<Vec<u8>, Error> {
    let number = reader.get(8) + 1;
    let mut next = 0;
    let mut symbols = Vec::with_capacity(number as usize);
    for _ in 0..number {
        let symbol = next + reader.get_rice(0);
        if symbol as usize >= alphabet {
            return Err(ERROR);
        }
        symbols.push(symbol as u8);
        next = symbol + 1;
    }
    Ok(symbols)
}

/// Symbols without a share before the first that has one, then shares until the sum is full.
fn write_shares(
    symbols: &[u8],
    own: &[u16; 256],
    model: Option<&[u16; 256]>,
    errors: &mut Errors,
    writer: &mut impl Put,
) {
    let share = |symbol: &u8| own[usize::from(*symbol)];
    let skip = symbols
        .iter()
        .take_while(|symbol| share(symbol) == 0)
        .count();
    writer.put_rice(skip as u32, 2);
    let mut left: u32 = own.iter().map(|share| u32::from(*share)).sum();
    let mut last = 0;
    for symbol in &symbols[skip..] {
        if left == 0 {
            return;
        }
        let expected = model.map_or(last, |model| model[usize::from(*symbol)]);
        let share = share(symbol);
        errors.write(expected.into(), share.into(), writer);
        left -= u32::from(share);
        last = share;
    }
}

fn read_shares(
    symbols: &[u8],
    sum: u32,
    model: Option<&[u16; 256]>,
    errors: &mut Errors,
    reader: &mut Reader<'_>,
) -> Result<[u16; 256], Error> {
    let mut own = [0; 256];
    let mut left = sum;
    let mut last = 0;
    let skip = reader.get_rice(2) as usize;
    for &symbol in symbols.get(skip..).ok_or(ERROR)? {
        if left == 0 {
            break;
        }
        let expected = model.map_or(last, |model| model[usize::from(symbol)]);
        let share = errors.read(expected.into(), reader);
        // The whole sum has no place in the decoder's entries.
        if share > left || share == sum {
            return Err(ERROR);
        }
        left -= share;
        last = share as u16;
        own[usize::from(symbol)] = last;
    }
    if left == 0 { Ok(own) } else { Err(ERROR) }
}

/// How far shares were from what was expected, by the expected share's log2.
#[derive(Clone)]
struct Errors {
    sum: [u32; 16],
    number: [u32; 16],
}

impl Default for Errors {
    fn default() -> Errors {
        Errors {
            sum: std::array::from_fn(|log| 1 << (log / 2)),
            number: [1; 16],
        }
    }
}

impl Errors {
    fn write(&mut self, expected: u32, share: u32, writer: &mut impl Put) {
        let folded = fold(expected, share);
        let low = self.low(expected);
        writer.put_rice(folded, low);
        self.learn(expected, folded);
    }

    fn read(&mut self, expected: u32, reader: &mut Reader<'_>) -> u32 {
        let low = self.low(expected);
        let folded = reader.get_rice(low);
        self.learn(expected, folded);
        unfold(expected, folded)
    }

    /// How many low bits to write plainly.
    fn low(&self, expected: u32) -> u32 {
        let log = log(expected);
        (self.sum[log] / self.number[log])
            .checked_ilog2()
            .unwrap_or(0)
            .min(13)
    }

    /// Older errors count less and less.
    fn learn(&mut self, expected: u32, folded: u32) {
        let log = log(expected);
        self.sum[log] += folded;
        self.number[log] += 1;
        if self.number[log] == 16 {
            self.sum[log] /= 2;
            self.number[log] /= 2;
        }
    }
}

/// 0 for 0, else 1 and more.
fn log(expected: u32) -> usize {
    expected.checked_ilog2().map_or(0, |log| log as usize + 1)
}

/// The distance from what was expected as a number: below and above in turn, as long as there is a
/// below, and then only above.
fn fold(expected: u32, share: u32) -> u32 {
    if share > 2 * expected {
        share
    } else if share >= expected {
        2 * (share - expected)
    } else {
        2 * (expected - share) - 1
    }
}

fn unfold(expected: u32, folded: u32) -> u32 {
    if folded > 2 * expected {
        folded
    } else if folded.is_multiple_of(2) {
        expected + folded / 2
    } else {
        expected - folded.div_ceil(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_leads_back() {
        for expected in 0..50 {
            let mut seen = std::collections::BTreeSet::new();
            for share in 0..200 {
                let folded = fold(expected, share);
                assert_eq!(unfold(expected, folded), share);
                assert!(seen.insert(folded));
            }
        }
    }

    #[test]
    fn tables_come_back() {
        for bits in BITS {
            let counts: Vec<[u32; 256]> = (0..64u32)
                .map(|context| {
                    std::array::from_fn(|i| {
                        let far = (i as i32 - context as i32 / 4).unsigned_abs();
                        if i < alphabet(bits).min(100) {
                            100_000 >> far.min(31)
                        } else {
                            0
                        }
                    })
                })
                .collect();
            let tables = Tables::new(bits, &counts);
            let mut bytes = Vec::new();
            tables.write(&mut bytes);
            assert_eq!(bytes.len(), tables.written_len());
            let len = bytes.len();
            bytes.extend([0xff; 9]);
            assert_eq!(Tables::read(&bytes), Ok((tables, len)));
            for cut in 0..len {
                assert!(Tables::read(&bytes[..cut]).is_err());
            }
        }
    }
}
