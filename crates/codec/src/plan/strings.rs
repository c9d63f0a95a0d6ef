//! The plan of texts that lie one after the other, each with its length before it in 8 bytes, as a tokenizer's words in
//! a GGUF file: the lengths apart from the texts, in which strings come again then. Frame by frame: the runs of such
//! texts, then the lengths and all other bytes as planes.

use super::directory::{self, Writer};
use super::{Code, Core, Decoded, Part, Plan};
use crate::header::Facts;
use crate::scratch::Scratch;
use crate::{Dtype, Error, Level};

/// Bytes of a length.
const LENGTH: usize = 8;
/// From here on a text is too long.
const LONG: usize = 255;
/// Fewer texts are no run.
const LEAST: usize = 16;
/// What the number of runs, and each of a run's two numbers, takes.
const NUMBER: usize = 4;
const NAMES: [&str; 2] = ["lengths", "texts"];

/// Texts and their lengths.
#[derive(Debug)]
pub(crate) struct Strings;

/// Texts that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    /// Bytes between the run before and this one.
    after: usize,
    /// How many texts.
    number: usize,
}

impl Strings {
    /// The plan for a chunk, if its beginning has many texts.
    pub(crate) fn plausible(raw: &[u8], dtype: Dtype) -> Option<Strings> {
        const LOOKED_AT: usize = 16 << 10;
        const SHARE: usize = 8;
        if dtype != Dtype::Bytes {
            return None;
        }
        let middle = &raw[raw.len() / 2..];
        let sample = &middle[..middle.len().min(LOOKED_AT)];
        let texts: usize = runs(sample).iter().map(|run| run.number).sum();
        (texts > 0 && texts * LENGTH * SHARE >= sample.len()).then_some(Strings)
    }

    /// Frames share nothing.
    pub(super) fn read(shared: &[u8], facts: &Facts) -> Result<Strings, Error> {
        let fits = facts.hint.dtype == Dtype::Bytes && shared.is_empty() && facts.base.is_none();
        fits.then_some(Strings).ok_or(Error::Malformed("texts"))
    }
}

/// The length of a text at the beginning of bytes, if it is all there.
fn length(bytes: &[u8]) -> Option<usize> {
    let len = u64::from_le_bytes(*bytes.first_chunk()?);
    let len = usize::try_from(len).ok().filter(|len| *len < LONG)?;
    (len <= bytes.len() - LENGTH).then_some(len)
}

/// All runs of texts.
fn runs(bytes: &[u8]) -> Vec<Run> {
    let mut runs = Vec::new();
    let (mut at, mut end) = (0, 0);
    while at < bytes.len() {
        let mut next = at;
        let mut number = 0;
        while let Some(len) = length(&bytes[next..]) {
            next += LENGTH + len;
            number += 1;
        }
        if number < LEAST {
            at += 1;
            continue;
        }
        runs.push(Run {
            after: at - end,
            number,
        });
        (at, end) = (next, next);
    }
    runs
}

/// Texts and what lies around them, and the lengths of the former.
fn split(mut bytes: &[u8], runs: &[Run], lengths: &mut Vec<u8>, texts: &mut Vec<u8>) {
    lengths.clear();
    texts.resize(bytes.len(), 0);
    let mut at = 0;
    for run in runs {
        let (before, rest) = bytes.split_at(run.after);
        texts[at..at + before.len()].copy_from_slice(before);
        at += before.len();
        bytes = rest;
        for _ in 0..run.number {
            let len = bytes[0];
            lengths.push(len);
            copy(usize::from(len), &bytes[LENGTH..], &mut texts[at..]);
            at += usize::from(len);
            bytes = &bytes[LENGTH + usize::from(len)..];
        }
    }
    texts[at..at + bytes.len()].copy_from_slice(bytes);
    texts.truncate(at + bytes.len());
}

/// Copies the first bytes of some, so many, and some that follow them, which are to be written over, where that is
/// faster.
#[inline(always)]
fn copy(len: usize, from: &[u8], to: &mut [u8]) {
    const SHORT: usize = 16;
    match (from.first_chunk::<SHORT>(), to.first_chunk_mut::<SHORT>()) {
        (Some(from), Some(to)) if len <= SHORT => *to = *from,
        _ => to[..len].copy_from_slice(&from[..len]),
    }
}

/// The inverse of [`split`].
fn merge(runs: &[Run], lengths: &[u8], mut texts: &[u8], out: &mut [u8]) -> Result<(), Error> {
    const ERROR: Error = Error::Malformed("lengths of texts");
    let mut lengths = lengths.iter();
    let mut out = out;
    let mut put = |len: Option<u8>, text_len: usize| -> Result<(), Error> {
        let rest = texts.get(text_len..).ok_or(ERROR)?;
        let from = std::mem::replace(&mut texts, rest);
        let mut to = std::mem::take(&mut out);
        if let Some(len) = len {
            let (word, after) = to.split_first_chunk_mut::<LENGTH>().ok_or(ERROR)?;
            *word = u64::from(len).to_le_bytes();
            to = after;
        }
        if to.len() < text_len {
            return Err(ERROR);
        }
        copy(text_len, from, to);
        out = &mut to[text_len..];
        Ok(())
    };
    for run in runs {
        put(None, run.after)?;
        for len in lengths.by_ref().take(run.number) {
            put(Some(*len), (*len).into())?;
        }
    }
    if texts.len() != out.len() {
        return Err(ERROR);
    }
    out.copy_from_slice(texts);
    Ok(())
}

fn write_runs(runs: &[Run], out: &mut Vec<u8>) {
    let numbers = runs.iter().flat_map(|run| [run.after, run.number]);
    for number in std::iter::once(runs.len()).chain(numbers) {
        out.extend((number as u32).to_le_bytes());
    }
}

/// The runs, how many texts they have, and what follows them.
fn read_runs(stored: &[u8]) -> Result<(Vec<Run>, usize, &[u8]), Error> {
    const ERROR: Error = Error::Malformed("runs of texts");
    let (number, rest) = stored.split_first_chunk::<NUMBER>().ok_or(ERROR)?;
    let len = (u32::from_le_bytes(*number) as usize).checked_mul(2 * NUMBER);
    let (runs, rest) = len
        .and_then(|len| rest.split_at_checked(len))
        .ok_or(ERROR)?;
    let runs = runs.as_chunks::<{ 2 * NUMBER }>().0.iter();
    let runs: Vec<Run> = runs
        .map(|&[a, b, c, d, e, f, g, h]| Run {
            after: u32::from_le_bytes([a, b, c, d]) as usize,
            number: u32::from_le_bytes([e, f, g, h]) as usize,
        })
        .collect();
    let texts = runs
        .iter()
        .try_fold(0usize, |sum, run| sum.checked_add(run.number))
        .ok_or(ERROR)?;
    Ok((runs, texts, rest))
}

/// How many bytes all but the lengths of so many texts take.
fn texts_len(core_len: usize, texts: usize) -> Result<usize, Error> {
    let lengths = texts.checked_mul(LENGTH);
    lengths
        .and_then(|lengths| core_len.checked_sub(lengths))
        .ok_or(Error::Malformed("number of texts"))
}

impl Plan for Strings {
    fn code(&self) -> Code {
        Code::Strings
    }

    fn write(&self, _: &mut Vec<u8>) {}

    fn encode(&self, core: Core<'_>, level: Level, scratch: &mut Scratch, out: &mut Vec<u8>) {
        let Scratch {
            planes,
            words,
            coder,
            ..
        } = scratch;
        let runs = runs(core.bytes);
        split(core.bytes, &runs, words, planes);
        write_runs(&runs, out);
        let mut writer = Writer::new(NAMES.len(), level, coder, out);
        writer.add(words);
        writer.add_texts(planes);
    }

    fn decode(&self, stored: &[u8], core: Decoded<'_>, scratch: &mut Scratch) -> Result<(), Error> {
        let (runs, number, stored) = read_runs(stored)?;
        let texts_len = texts_len(core.bytes.len(), number)?;
        let planes = directory::read(NAMES.len(), stored)?;
        let lengths = planes[0].bytes(number, &mut scratch.words)?;
        let texts = planes[1].bytes(texts_len, &mut scratch.planes)?;
        merge(&runs, lengths, texts, core.bytes)
    }

    fn parts(&self, stored: &[u8], core_len: usize) -> Result<Vec<Part>, Error> {
        let (_, number, stored) = read_runs(stored)?;
        let lens = [number * LENGTH, texts_len(core_len, number)?];
        let planes = directory::read(NAMES.len(), stored)?;
        let parts = planes.iter().zip(NAMES).zip(lens);
        let part = |((plane, name), raw_len): ((&directory::Plane<'_>, _), _)| Part {
            name,
            raw_len,
            stored_len: plane.payload.len(),
            coding: plane.coding.name(),
        };
        Ok(parts.map(part).collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Header, Hint, Parsed, encode};

    fn code_and_len(raw: &[u8], level: Level) -> (Code, usize) {
        let hint = Hint {
            dtype: Dtype::Bytes,
            row: 0,
            offset: 0,
        };
        let blob = encode(raw, *blake3::hash(raw).as_bytes(), &hint, None, level).bytes;
        assert!(crate::decode(&blob, None).unwrap() == raw);
        let Parsed::Header(header, _) = Header::parse(&blob).unwrap() else {
            panic!("no header");
        };
        (header.plan.code(), blob.len())
    }

    fn words(number: u64) -> Vec<u8> {
        let word = |i: u64| {
            format!(
                "word {:x}",
                i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (i % 50)
            )
        };
        let texts = (0..number).map(word);
        texts
            .flat_map(|text| [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat())
            .collect()
    }

    #[test]
    fn texts_with_lengths_take_what_texts_alone_do() {
        let raw = [
            b"a header".as_slice(),
            &words(40_000),
            b"in between",
            &words(9000),
        ]
        .concat();
        // From anywhere on.
        for start in [0, 3, 17] {
            for level in [Level::Fast, Level::Default, Level::Max] {
                let (code, len) = code_and_len(&raw[start..], level);
                assert_eq!(code, Code::Strings);
                assert!(len < 49_000 * 9, "{len}");
            }
        }
    }

    #[test]
    fn parts_of_words_come_again() {
        let part = |i: u64| {
            [
                "some", "thing", "where", "body", "one", "how", "time", "what",
            ][i as usize % 8]
        };
        let word = |i: u64| format!("{}{}{}", part(i), part(i / 7), part(i / 61 + 3));
        let texts = (0..20_000u64).map(|i| word(i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 50));
        let raw: Vec<u8> = texts
            .flat_map(|text| [&(text.len() as u64).to_le_bytes(), text.as_bytes()].concat())
            .collect();
        for level in [Level::Fast, Level::Default, Level::Max] {
            let (code, len) = code_and_len(&raw, level);
            assert_eq!(code, Code::Strings);
            // By how often letters occur, which is soonest found, it is above 100,000.
            let most = if level == Level::Max { 80_000 } else { 120_000 };
            assert!(len < most, "{len}");
        }
    }

    #[test]
    fn what_has_no_lengths_is_left_alone() {
        let text = "nothing but a text that goes on and on. ".repeat(5000);
        assert!(Strings::plausible(text.as_bytes(), Dtype::Bytes).is_none());
        assert!(Strings::plausible(&[], Dtype::Bytes).is_none());
        assert!(Strings::plausible(&words(1000), Dtype::U64).is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(
            lens in proptest::collection::vec(0..300usize, 0..60), around in any::<[u8; 9]>(),
            cut in 0..20usize, at in any::<usize>(), byte in any::<u8>(),
        ) {
            let text = |len: &usize| [&(*len as u64).to_le_bytes()[..], &vec![b'a'; *len]].concat();
            let texts: Vec<u8> = lens.iter().flat_map(text).collect();
            let raw = [&around, texts.as_slice(), &around].concat();
            let raw = &raw[cut.min(raw.len())..];
            let (mut scratch, mut stored) = (Scratch::default(), vec![]);
            Strings.encode(Core { first: 0, bytes: raw, base: &[] }, Level::Default, &mut scratch, &mut stored);
            let mut back = vec![1; raw.len()];
            let mut decode = |stored: &[u8], back: &mut [u8]| {
                Strings.decode(stored, Decoded { first: 0, bytes: back, base: &[], check: None, far: false }, &mut scratch)
            };
            decode(&stored, &mut back).unwrap();
            prop_assert_eq!(back.as_slice(), raw);
            let at = at % stored.len();
            stored[at] = byte;
            let _ = decode(&stored, &mut back);
            let _ = Strings.parts(&stored, raw.len());
            stored.truncate(at);
            let _ = decode(&stored, &mut back);
            let _ = Strings.parts(&stored, raw.len());
        }
    }
}
