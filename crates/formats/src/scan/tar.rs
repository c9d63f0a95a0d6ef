//! Pickles in tar files.

use std::io;

use super::budget::Budget;
use super::findings::Findings;
use super::pickles::{self, Said};
use super::verdict::State;
use super::{names, nested, part};
use crate::containers::tar::Archive;
use crate::read_at::{ReadAt, Section};

/// What a member costs beside its opcodes.
const MEMBER_COST: u64 = 64;

/// Reads the pickles in a tar file, also in what is no file of it.
pub(super) fn read(
    file: &dyn ReadAt,
    findings: &mut Findings,
    budget: &mut Budget,
) -> io::Result<()> {
    // A header has room for a pickle, and what is told apart by its first bytes can be both.
    pickles::read(file, Said::Part, findings, budget)?;
    nested(file, findings, budget)?;
    let archive = Archive::read(file)?;
    if archive.contradicts {
        findings.unread("the tar archive says of a length what not every reader takes from there");
    }
    if !archive.whole {
        findings.note(
            State::NotScanned,
            "the tar archive in it is broken, or has more in it than is looked into",
        );
    }
    for member in archive.members {
        if !budget.steps(MEMBER_COST) {
            findings.unread("it has more in it than is looked into");
            break;
        }
        let said = names::of_part([&member.name; 2]);
        let range = member.range;
        part(&Section { file, range }, said, findings, budget)?;
    }
    Ok(())
}
