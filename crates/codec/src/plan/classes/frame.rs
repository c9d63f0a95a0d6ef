//! A frame: the length of what is coded (4 bytes), the rows' symbols and the elements' as one
//! payload, the elements' low bits by runs of rows that end with the same zeros, what escaped.

use super::{Classes, MAX_CLASSES, escapes, low};
use crate::Error;
use crate::coder::rans::{self, Decoder, Segment};
use crate::plan::{Core, Decoded};

/// Buffers that a thread keeps: for two frames that are decoded side by side.
#[derive(Default)]
pub(crate) struct Buffers([Frame; 2]);

/// Buffers of a frame.
#[derive(Default)]
struct Frame {
    symbols: Vec<u8>,
    contexts: Vec<u8>,
    rows: Vec<u8>,
}

/// The coded part of a stored frame, and the rest.
pub(super) fn take_apart(stored: &[u8]) -> Result<(&[u8], &[u8]), Error> {
    let ends = Error::Malformed("frame ends early");
    let (len, rest) = stored.split_first_chunk().ok_or(ends.clone())?;
    rest.split_at_checked(u32::from_le_bytes(*len) as usize)
        .ok_or(ends)
}

impl Classes {
    pub(super) fn encode_frame(&self, core: Core<'_>, buffers: &mut Buffers, out: &mut Vec<u8>) {
        let count = core.bytes.len() / self.split.width;
        let symbols = &self.symbols[core.first..core.first + count];
        let Frame { contexts, .. } = &mut buffers.0[0];
        let rows = self.frame_rows(core.first, count);
        self.fill_contexts(core.first, count, rows, contexts);
        let start = out.len();
        out.extend([0; 4]);
        self.encode_symbols(rows, symbols, contexts, out);
        let len = (out.len() - start - 4) as u32;
        out[start..start + 4].copy_from_slice(&len.to_le_bytes());
        let mut rest = core.bytes;
        self.runs_of_zeros(core.first, count, rows, |zeros, len| {
            let (run, after) = rest.split_at(len * self.split.width);
            low::write(self.split, zeros, run, out);
            rest = after;
            Ok(())
        })
        .unwrap_or_default();
        if self.made().escapes {
            escapes::write(self.split, core.bytes, symbols, out);
        }
    }

    /// The symbols of a frame's rows.
    fn frame_rows(&self, first: usize, count: usize) -> &[u8] {
        if self.row_tables.is_none() {
            return &[];
        }
        let skip = self.rows.count(first + 1) - 1;
        let end = self.rows.count(first + count);
        self.row_symbols.get(skip..end).unwrap_or_default()
    }

    fn encode_symbols(&self, rows: &[u8], symbols: &[u8], contexts: &[u8], out: &mut Vec<u8>) {
        let [row_tables, tables] = self.encoder();
        let rows = row_tables.as_ref().map(|tables| Segment {
            symbols: rows,
            contexts: &[],
            tables,
        });
        let symbols = tables.as_ref().map(|tables| Segment {
            symbols,
            contexts,
            tables,
        });
        let segments: Vec<Segment<'_>> = rows.into_iter().chain(symbols).collect();
        let whole = rans::encode_segments(&segments, out);
        debug_assert!(whole, "the tables are of all of the chunk's symbols");
    }

    pub(super) fn decode_frame(
        &self,
        stored: &[u8],
        mut core: Decoded<'_>,
        buffers: &mut Buffers,
    ) -> Result<(), Error> {
        let frame = &mut buffers.0[0];
        let (mut decoder, rest) = self.begin(stored, &core, frame)?;
        let to = self.symbols_to(&mut core, &mut frame.symbols);
        if let Some(tables) = &self.decoder()[1] {
            decoder.decode(&frame.contexts, tables, to)?;
        }
        self.finish(decoder, rest, core, frame)
    }

    pub(super) fn decode_two_frames(
        &self,
        [(stored_a, mut core_a), (stored_b, mut core_b)]: [(&[u8], Decoded<'_>); 2],
        buffers: &mut Buffers,
    ) -> Result<(), Error> {
        let [a, b] = &mut buffers.0;
        let (mut decoder_a, rest_a) = self.begin(stored_a, &core_a, a)?;
        let (mut decoder_b, rest_b) = self.begin(stored_b, &core_b, b)?;
        let to_a = self.symbols_to(&mut core_a, &mut a.symbols);
        let to_b = self.symbols_to(&mut core_b, &mut b.symbols);
        if let Some(tables) = &self.decoder()[1] {
            let decoders = [&mut decoder_a, &mut decoder_b];
            let contexts = [a.contexts.as_slice(), &b.contexts];
            Decoder::decode_two(decoders, contexts, tables, [to_a, to_b])?;
        }
        self.finish(decoder_a, rest_a, core_a, a)?;
        self.finish(decoder_b, rest_b, core_b, b)
    }

    /// Decodes what is said of a frame's rows, and finds the contexts. Gives the decoder of the symbols, and
    /// what follows their payload.
    fn begin<'a>(
        &self,
        stored: &'a [u8],
        core: &Decoded<'_>,
        frame: &mut Frame,
    ) -> Result<(Decoder<'a>, &'a [u8]), Error> {
        let (coded, rest) = take_apart(stored)?;
        let count = core.bytes.len() / self.split.width;
        let mut decoder = Decoder::new(coded)?;
        frame.rows.clear();
        if let Some(tables) = &self.decoder()[0] {
            let number = self.rows.runs(core.first, count).count();
            frame.rows.resize(number, 0);
            decoder.decode(&[], tables, &mut frame.rows)?;
        }
        self.fill_contexts(core.first, count, &frame.rows, &mut frame.contexts);
        Ok((decoder, rest))
    }

    /// Where the symbols go: elements of a byte are their symbols.
    fn symbols_to<'a>(&self, core: &'a mut Decoded<'_>, symbols: &'a mut Vec<u8>) -> &'a mut [u8] {
        if self.split.width == 1 {
            return core.bytes;
        }
        symbols.resize(core.bytes.len() / self.split.width, 0);
        symbols
    }

    /// After the symbols.
    fn finish(
        &self,
        decoder: Decoder<'_>,
        rest: &[u8],
        core: Decoded<'_>,
        frame: &Frame,
    ) -> Result<(), Error> {
        decoder.finish()?;
        if self.split.width == 1 {
            return match rest {
                [] => Ok(()),
                _ => Err(Error::Malformed("bytes after the symbols")),
            };
        }
        let symbols = frame.symbols.as_slice();
        let escaped = self.read_elements(rest, core.first, &frame.rows, symbols, core.bytes)?;
        match (self.made().escapes, escaped) {
            (false, []) => Ok(()),
            _ => escapes::read(self.split, escaped, symbols, core.bytes),
        }
    }

    /// Makes elements of symbols and low bits, and gives back what follows those.
    fn read_elements<'a>(
        &self,
        mut stored: &'a [u8],
        first: usize,
        rows: &[u8],
        mut symbols: &[u8],
        mut out: &mut [u8],
    ) -> Result<&'a [u8], Error> {
        self.runs_of_zeros(first, symbols.len(), rows, |zeros, len| {
            let (own, others) = symbols.split_at(len);
            let (run, after) = std::mem::take(&mut out).split_at_mut(len * self.split.width);
            stored = low::read(self.split, zeros, own, stored, run)?;
            (symbols, out) = (others, after);
            Ok(())
        })?;
        Ok(stored)
    }

    /// Calls back for each run of elements that end with the same number of zeros.
    fn runs_of_zeros(
        &self,
        first: usize,
        count: usize,
        rows: &[u8],
        mut each: impl FnMut(u32, usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let zeros = |row: u8| {
            let which = usize::from(row) / MAX_CLASSES;
            self.zeros.get(which).map_or(0, |zeros| u32::from(*zeros))
        };
        if self.zeros.len() == 1 {
            return each(zeros(0), count);
        }
        let (mut open, mut len) = (0, 0);
        for (i, run) in self.rows.runs(first, count).enumerate() {
            let zeros = zeros(rows.get(i).copied().unwrap_or(0));
            if zeros != open && len > 0 {
                each(open, len)?;
                len = 0;
            }
            (open, len) = (zeros, len + run.len);
        }
        if len > 0 {
            each(open, len)?;
        }
        Ok(())
    }
}
