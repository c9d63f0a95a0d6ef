//! Pickles in a run of bytes: one after the other, behind padding, behind other bytes.

use std::io;

use super::budget::Budget;
use super::findings::Findings;
use super::machine::{self, Ran};
use super::plausible::looks_like_pickle;
use super::verdict::{Kind, State};
use crate::read_at::{ReadAt, Section, read_vec};

/// How far beyond what was read another pickle is looked for.
const SEARCHED: u64 = 64 << 10;

/// The most pickles of a file.
const MAX_PICKLES: u64 = 1 << 16;

/// What a try costs beside its opcodes.
const TRY_COST: u64 = 64;

/// What is known of a file before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// Its name, or what it lies in, says that it is a pickle.
    Pickle,
    /// Its name says that it may be one, or nothing.
    Nothing,
    /// It lies in a file, from whose other parts it is not told apart.
    Part,
}

/// Reads the pickles of a file from a place on. Says whether there is one.
pub(super) fn read(
    file: &dyn ReadAt,
    said: Said,
    findings: &mut Findings,
    budget: &mut Budget,
) -> io::Result<bool> {
    let mut place = 0;
    let mut found = 0;
    loop {
        let ran = try_at(
            file,
            place,
            said == Said::Pickle && found == 0,
            findings,
            budget,
        )?;
        let from = match ran {
            Some(ran) => {
                found += 1;
                ran.end
            }
            None if place > 0 || said == Said::Part || is_text(file)? => break,
            None => 0,
        };
        let Some(next) = search(file, from, budget)? else {
            break;
        };
        if found >= MAX_PICKLES {
            findings.unread("more pickles follow each other than are read");
            break;
        }
        if found == 0 {
            findings.note(
                State::Suspicious,
                "other bytes come before the pickle in it",
            );
        }
        place = next;
    }
    Ok(found > 0)
}

/// Runs what is at a place, and keeps what was found if that is a pickle.
fn try_at(
    file: &dyn ReadAt,
    place: u64,
    said: bool,
    findings: &mut Findings,
    budget: &mut Budget,
) -> io::Result<Option<Ran>> {
    let mut here = Findings::default();
    let ran = machine::run(file, place, &mut here, budget)?;
    if !said && !is_pickle(file, place, &ran)? {
        return Ok(None);
    }
    here.pickles += 1;
    if let Some(why) = ran.broken {
        here.unread(why);
    }
    findings.add(here);
    Ok(Some(ran))
}

/// Whether what was run is a pickle, and not bytes that look like opcodes for a while.
fn is_pickle(file: &dyn ReadAt, place: u64, ran: &Ran) -> io::Result<bool> {
    if ran.imports {
        return Ok(true);
    }
    let head = read_vec(file, place, (file.size() - place).min(2) as usize)?;
    let begins = matches!(*head, [0x80, 0..=5]);
    Ok(begins && (ran.stopped || ran.ops >= 4))
}

/// The next place from which a pickle seems to run that does something.
fn search(file: &dyn ReadAt, from: u64, budget: &mut Budget) -> io::Result<Option<u64>> {
    let end = file.size().min(from.saturating_add(SEARCHED));
    if from >= end {
        return Ok(None);
    }
    let bytes = read_vec(file, from, (end - from) as usize)?;
    for at in 0..bytes.len() {
        let place = from + at as u64;
        if may_begin(&bytes[at..]) && seems_pickle(file, place, at == 0, budget)? {
            return Ok(Some(place));
        }
    }
    Ok(None)
}

fn may_begin(bytes: &[u8]) -> bool {
    match bytes {
        [0x80, 0..=5, ..] => true,
        [b'c' | b'i', ..] => looks_like_pickle(&[b"c", &bytes[1..bytes.len().min(256)]].concat()),
        [0x8c, len, first, ..] => *len > 0 && first.is_ascii_lowercase(),
        _ => false,
    }
}

/// Whether what begins at a place does what a pickle does: right where another ended it need not do
/// much, elsewhere it must come to its end or import what is dangerous.
fn seems_pickle(
    file: &dyn ReadAt,
    place: u64,
    follows: bool,
    budget: &mut Budget,
) -> io::Result<bool> {
    if !budget.steps(TRY_COST) {
        return Ok(false);
    }
    let section = Section {
        file,
        range: place..file.size(),
    };
    let mut here = Findings::default();
    let ran = machine::run(&section, 0, &mut here, budget)?;
    if follows {
        return is_pickle(&section, 0, &ran);
    }
    let dangerous = here
        .imports
        .iter()
        .any(|import| import.kind == Kind::Dangerous);
    Ok(ran.imports && ran.calls && (ran.stopped || dangerous))
}

/// Whether a file begins as a text does: what is shown in one is loaded by nobody.
fn is_text(file: &dyn ReadAt) -> io::Result<bool> {
    let head = read_vec(file, 0, file.size().min(4096) as usize)?;
    let is_control = |byte: &u8| *byte < 0x20 && !b"\t\n\r\x0c\x1b".contains(byte);
    let valid = match std::str::from_utf8(&head) {
        Ok(_) => true,
        // Cut in the midst of a character.
        Err(error) => error.error_len().is_none(),
    };
    Ok(valid && !head.iter().any(is_control))
}
