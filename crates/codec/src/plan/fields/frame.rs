//! A frame's blocks to planes and back.

use super::kind::{Kind, Quants, Subs};
use super::order::Order;
use super::origins;
use super::pieces;
use super::shape::Shape;
use super::tiles::{self, Parts};
use super::turns;
use super::words::Words;
use crate::coder;
use crate::coder::levels::quarters;
use crate::coder::rows::TILE;
use crate::plan::blocks::Mode;
use crate::plan::directory::{self, Plane, Writer};
use crate::plan::{Decoded, Part};
use crate::{Error, Level};

/// What a symbol costs in time, as bits that it would have to save.
const SYMBOL: f64 = 0.1;
/// The same of signed bytes, of which few bits can be saved.
const SYMBOL_OF_BYTES: f64 = 1.0;

/// Buffers that are used again.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    /// Scales and minimums, and what they were made from.
    halves: [Vec<u16>; 2],
    made: [Vec<u16>; 2],
    back: [Vec<u16>; 2],
    subs: [Vec<u8>; 2],
    turns: Vec<u8>,
    order: Order,
    /// What was found for the chunk's first frame.
    shape: Option<Shape>,
    /// The quants' bytes that are a plane as they are.
    plain: Vec<u8>,
    /// The planes in work.
    high: Vec<u8>,
    low: Vec<u8>,
    symbols: Vec<u8>,
    /// Symbols as their bits.
    bits: Vec<quarters::Bits>,
    tiles: tiles::Buffers,
}

/// What a frame begins with, and its planes.
struct Head<'a> {
    mode: Mode,
    /// How words are split, and those that are not.
    words: Vec<(Words, &'a [[u8; 4]])>,
    shape: Shape,
    planes: Vec<Plane<'a>>,
}

impl<'a> Head<'a> {
    fn read(kind: &Kind, order: &mut Order, mut stored: &'a [u8]) -> Result<Head<'a>, Error> {
        const ENDS: Error = Error::Malformed("frame of fields ends early");
        let (&[a, b, shape], rest) = stored.split_first_chunk().ok_or(ENDS)?;
        stored = rest;
        let mode = Mode::from_code([a, b], kind.halves)?;
        let shape = Shape::from_code(shape).ok_or(Error::Malformed("shape of quants"))?;
        let words = (0..kind.halves)
            .map(|_| Words::read(&mut stored))
            .collect::<Result<_, Error>>()?;
        order.read(&mut stored)?;
        Ok(Head {
            mode,
            words,
            shape,
            planes: directory::read(kind.planes() + order.classes(), stored)?,
        })
    }
}

impl Kind {
    /// How many planes there are before the symbols.
    fn planes(&self) -> usize {
        2 * self.halves + self.series().len() + 2
    }

    /// The shapes that quants may have.
    fn shapes(&self, level: Level) -> &'static [Shape] {
        match self.quants {
            Quants::Points if level == Level::Fast => &[Shape::TopOfNibbles],
            Quants::Nibbles | Quants::PairedNibbles => &[Shape::TopOfNibbles, Shape::Nibbles],
            Quants::Bytes => &[
                Shape::Quarters,
                Shape::TopOfBytes,
                Shape::Upper,
                Shape::Whole,
            ],
            Quants::Fifths | Quants::PairedFifths => &[Shape::Nibbles],
            Quants::Points => &[Shape::TopOfNibbles, Shape::Whole],
            Quants::Twos => &[Shape::TopOfPairs, Shape::Whole],
            Quants::Sixes | Quants::Thirds | Quants::Grid(_) => &[Shape::Whole],
        }
    }
}

impl Buffers {
    /// What was found for one chunk is of no use for the next.
    pub(super) fn forget(&mut self) {
        self.shape = None;
        self.order.forget();
    }

    pub(super) fn encode(
        &mut self,
        kind: &Kind,
        core: &[u8],
        level: Level,
        coder: &mut coder::Scratch,
        out: &mut Vec<u8>,
    ) {
        self.resize(kind, core.len() / kind.unit);
        pieces::take_halves(kind, core, &mut self.halves);
        pieces::take_subs(kind, core, &mut self.subs);
        self.find_turns(kind);
        let shape = self.find_shape(kind, core, level);
        let several = kind.quants == Quants::Bytes && level != Level::Fast && shape == Shape::Whole;
        self.order.fit(&self.halves[0], several);
        let mode = self.find_origins(kind.mode);
        out.extend(mode.code());
        out.push(shape as u8);
        let made = &self.made[..kind.halves];
        let fit = |words: &Vec<u16>| Words::fit(words, mode != Mode::Plain);
        let hows: Vec<Words> = made.iter().map(fit).collect();
        for (how, words) in hows.iter().zip(made) {
            how.write(words, out);
        }
        self.order.write(out);
        let planes = kind.planes() + self.order.classes();
        let mut writer = Writer::new(planes, level, coder, out);
        for (how, words) in hows.iter().zip(made) {
            self.high.resize(words.len(), 0);
            self.low.resize(how.low_len(words.len()), 0);
            how.split(words, &mut self.high, &mut self.low);
            writer.add_symbols(&self.high);
            writer.add_low(&self.low);
        }
        for subs in &self.subs[..kind.series().len()] {
            writer.add_symbols(subs);
        }
        self.encode_quants(kind, shape, core, &mut writer);
    }

    fn encode_quants(&mut self, kind: &Kind, shape: Shape, core: &[u8], writer: &mut Writer<'_>) {
        let blocks = core.len() / kind.unit;
        let len = blocks * kind.dense();
        let Buffers {
            symbols,
            order,
            turns,
            tiles,
            bits,
            ..
        } = self;
        let quants = tiles::Quants {
            kind,
            shape,
            order: &order.blocks,
            turns,
        };
        let lens = [blocks * kind.plain(), shape.low_len(len)];
        let count = shape.symbols_len(len);
        if shape == Shape::Quarters {
            bits.resize(count.div_ceil(TILE), quarters::NONE);
            writer.add_lows(lens, |[_, low]| quants.take_bits(core, tiles, low, bits));
            if !writer.add_quarters(bits, count) {
                symbols.resize(count, 0);
                let tiles = symbols.chunks_mut(TILE).zip(bits);
                tiles.for_each(|(symbols, bits)| quarters::symbols_of_bits(bits, symbols));
                writer.add_symbols(symbols);
            }
            return;
        }
        symbols.resize(count, 0);
        writer.add_lows(lens, |[plain, low]| {
            quants.take(core, tiles, plain, low, symbols)
        });
        let mut start = 0;
        for end in &order.ends {
            let end = shape.symbols_len(end * kind.dense());
            writer.add_symbols(&symbols[start..end]);
            start = end;
        }
    }

    /// The shape that was found for the chunk's first frame, which this one may be.
    fn find_shape(&mut self, kind: &Kind, core: &[u8], level: Level) -> Shape {
        let shapes = kind.shapes(level);
        let symbol = match kind.quants {
            Quants::Bytes => SYMBOL_OF_BYTES,
            _ => SYMBOL,
        };
        let Buffers { turns, tiles, .. } = self;
        *self.shape.get_or_insert_with(|| match shapes {
            [only] => *only,
            _ => Shape::best(shapes, tiles.sample(kind, turns, core), symbol),
        })
    }

    pub(super) fn decode(
        &mut self,
        kind: &Kind,
        stored: &[u8],
        core: Decoded<'_>,
    ) -> Result<(), Error> {
        let blocks = core.bytes.len() / kind.unit;
        self.resize(kind, blocks);
        let head = Head::read(kind, &mut self.order, stored)?;
        let (of_words, rest) = head.planes.split_at(2 * kind.halves);
        let each = head.words.iter().zip(of_words.as_chunks().0);
        for ((words, [high, low]), made) in each.zip(&mut self.made) {
            let (how, exceptions) = words;
            let high = high.bytes(made.len(), &mut self.high)?;
            let low = low.bytes(how.low_len(made.len()), &mut self.low)?;
            how.merge(high, low, exceptions, made)?;
        }
        std::mem::swap(&mut self.halves, &mut self.made);
        origins::undo(head.mode, &mut self.halves);
        let (of_subs, rest) = rest.split_at(kind.series().len());
        for (plane, subs) in of_subs.iter().zip(&mut self.subs) {
            plane.decode(subs)?;
        }
        self.order.place(&self.halves[0]);
        self.find_turns(kind);
        let [plain, low, symbols @ ..] = rest else {
            return Err(Error::Malformed("planes of quants"));
        };
        let parts = Parts {
            kind,
            shape: head.shape,
            halves: self.halves.each_ref().map(Vec::as_slice),
            subs: self.subs.each_ref().map(Vec::as_slice),
            turns: &self.turns,
            plain: plain.bytes(blocks * kind.plain(), &mut self.plain)?,
            low: low.bytes(head.shape.low_len(blocks * kind.dense()), &mut self.low)?,
        };
        if let [symbols] = symbols {
            return parts.put(*symbols, &mut self.tiles, core.bytes, core.check);
        }
        let Buffers {
            symbols: all,
            tiles,
            order,
            ..
        } = self;
        all.resize(head.shape.symbols_len(blocks * kind.dense()), 0);
        let mut start = 0;
        for (plane, end) in symbols.iter().zip(&order.ends) {
            let end = head.shape.symbols_len(end * kind.dense());
            plane.decode(&mut all[start..end])?;
            start = end;
        }
        parts.put_ordered(&order.blocks, all, tiles, core.bytes);
        Ok(())
    }

    /// Room for so many blocks.
    fn resize(&mut self, kind: &Kind, blocks: usize) {
        let number = kind.halves;
        for halves in [&mut self.halves, &mut self.made] {
            for (i, words) in halves.iter_mut().enumerate() {
                words.resize(if i < number { blocks } else { 0 }, 0);
            }
        }
        let series = kind.series();
        for (i, subs) in self.subs.iter_mut().enumerate() {
            subs.resize(blocks * series.get(i).unwrap_or(&0), 0);
        }
    }

    /// By how much quants are turned.
    fn find_turns(&mut self, kind: &Kind) {
        let Buffers {
            halves,
            subs,
            turns,
            ..
        } = self;
        let [scales, minimums] = &*halves;
        match (kind.quants, kind.subs) {
            (Quants::Nibbles, _) if kind.halves == 1 => {
                turns.clear();
                turns.resize(scales.len(), turns::MIDDLE);
            }
            (Quants::Nibbles, _) => {
                turns.resize(scales.len(), 0);
                turns::of_groups(scales, minimums, turns);
            }
            (Quants::PairedNibbles, Subs::Sixes) => {
                turns.resize(4 * scales.len(), 0);
                let [sub_scales, sub_minimums] = &*subs;
                turns::of_pairs([scales, minimums], [sub_scales, sub_minimums], turns);
            }
            (Quants::Twos, _) => {
                turns.resize(4 * scales.len(), 0);
                turns::of_fours([scales, minimums], &subs[0], turns);
            }
            _ => turns.clear(),
        }
    }

    /// What all halves were made from, if they were; how, then.
    fn find_origins(&mut self, mode: Mode) -> Mode {
        self.made.clone_from(&self.halves);
        if mode == Mode::Plain {
            return mode;
        }
        origins::make(mode, &mut self.made);
        self.back.clone_from(&self.made);
        origins::undo(mode, &mut self.back);
        if self.back == self.halves {
            return mode;
        }
        self.made.clone_from(&self.halves);
        Mode::Plain
    }
}

/// Takes a frame of so many blocks apart without decoding it.
pub(super) fn parts(kind: &Kind, stored: &[u8], blocks: usize) -> Result<Vec<Part>, Error> {
    let mut order = Order::default();
    let head = Head::read(kind, &mut order, stored)?;
    let dense = blocks * kind.dense();
    let mut lens = Vec::new();
    for (words, _) in &head.words {
        lens.extend([
            ("scales", blocks),
            ("lower bits of scales", words.low_len(blocks)),
        ]);
    }
    let series = kind.series().iter();
    lens.extend(series.map(|each| ("scales of groups", each * blocks)));
    lens.push(("lower bits", kind.plain() * blocks));
    lens.push(("lower bits", head.shape.low_len(dense)));
    let symbols = head.shape.symbols_len(dense).div_ceil(order.classes());
    lens.resize(head.planes.len(), ("upper bits", symbols));
    let each = lens.into_iter().zip(&head.planes);
    let parts = each.map(|((name, raw_len), plane)| Part {
        name,
        raw_len,
        stored_len: plane.payload.len(),
        coding: plane.coding.name(),
    });
    Ok(parts.collect())
}
