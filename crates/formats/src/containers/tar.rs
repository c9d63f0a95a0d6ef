//! Tar files: NeMo's models, and whatever else was put together.

use std::io;
use std::ops::Range;

use super::parts::{Part, look};
use crate::format::{Contents, Format, Found};
use crate::read_at::{ReadAt, read_vec};

pub(crate) struct Tar;

/// Above all that may lie in one.
const RANK: u8 = 3;

/// All lies at multiples of this.
const BLOCK: usize = 512;

/// The most headers that are read.
const MAX_HEADERS: usize = 1 << 16;

/// The longest record that says something of the file behind it.
const MAX_RECORD_LEN: u64 = 64 << 10;

impl Format for Tar {
    fn sniff(&self, head: &[u8]) -> Found {
        match head.len() {
            BLOCK.. if is_tar(head) => Found::WholeFile,
            BLOCK.. => Found::No,
            _ => Found::NeedMore(BLOCK),
        }
    }

    fn rank(&self) -> u8 {
        RANK
    }

    fn read(&self, file: &dyn ReadAt) -> io::Result<Option<Contents>> {
        let members = Archive::read(file)?.members.into_iter();
        let files = members.filter(|member| member.is_file);
        let parts = files.map(|member| Part {
            name: member.name.into(),
            range: member.range,
        });
        let mut contents = look(file, parts.collect(), RANK)?.contents;
        contents.format = "tar";
        Ok(Some(contents))
    }
}

/// Whether a file begins with a sound header.
pub(crate) fn is_tar(head: &[u8]) -> bool {
    head.first_chunk().and_then(Header::parse).is_some()
}

/// What is in a tar file.
#[derive(Default)]
pub(crate) struct Archive {
    pub members: Vec<Member>,
    /// Whether it was read up to its end.
    pub whole: bool,
    /// Whether something is said of lengths that not every reader takes from there.
    pub contradicts: bool,
}

/// A file in a tar file, or whatever else has bytes of its own there.
pub(crate) struct Member {
    pub name: Vec<u8>,
    pub range: Range<u64>,
    pub is_file: bool,
}

impl Archive {
    /// Reads the headers, as far as they are sound.
    pub fn read(file: &dyn ReadAt) -> io::Result<Archive> {
        let (size, mut at) = (file.size(), 0_u64);
        let mut archive = Archive::default();
        let mut said = Said::default();
        for _ in 0..MAX_HEADERS {
            let data = at.saturating_add(BLOCK as u64);
            if data > size {
                archive.whole = at == size;
                break;
            }
            let block = read_vec(file, at, BLOCK)?;
            let Some(header) = block.first_chunk().and_then(Header::parse) else {
                archive.whole = block.iter().all(|byte| *byte == 0);
                break;
            };
            let len = said
                .size
                .filter(|_| header.is_file())
                .unwrap_or(header.size);
            let range = data..data.saturating_add(len);
            if range.end > size {
                break;
            }
            at = range.end.next_multiple_of(BLOCK as u64);
            archive.take(file, header, range, &mut said)?;
        }
        Ok(archive)
    }

    fn take(
        &mut self,
        file: &dyn ReadAt,
        header: Header,
        range: Range<u64>,
        said: &mut Said,
    ) -> io::Result<()> {
        match header.kind {
            b'L' | b'x' => return said.read(file, header.kind, range),
            // What is said of all that follow.
            b'g' => {
                let mut of_all = Said::default();
                of_all.read(file, b'x', range)?;
                self.contradicts |= of_all.size.is_some();
                return Ok(());
            }
            _ => {}
        }
        let is_file = header.is_file();
        let said = std::mem::take(said);
        self.contradicts |= said.size.is_some() && !is_file;
        self.members.push(Member {
            name: said.name.unwrap_or(header.name),
            range,
            is_file,
        });
        Ok(())
    }
}

/// What a header says.
struct Header {
    name: Vec<u8>,
    size: u64,
    kind: u8,
}

impl Header {
    /// Reads a block, if its sum is right.
    fn parse(block: &[u8; BLOCK]) -> Option<Header> {
        // The sum counts its own bytes as spaces.
        let sum: u64 = block.iter().map(|&byte| u64::from(byte)).sum();
        let own: u64 = block[148..156].iter().map(|&byte| u64::from(byte)).sum();
        if octal(&block[148..156])? != sum - own + 8 * u64::from(b' ') {
            return None;
        }
        let len = block[..100].iter().position(|&byte| byte == 0);
        Some(Header {
            name: block[..len.unwrap_or(100)].to_vec(),
            size: number(&block[124..136])?,
            kind: block[156],
        })
    }

    fn is_file(&self) -> bool {
        matches!(self.kind, 0 | b'0' | b'7')
    }
}

/// What is said of a file before its header: what did not fit there.
#[derive(Default)]
struct Said {
    name: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Said {
    fn read(&mut self, file: &dyn ReadAt, kind: u8, range: Range<u64>) -> io::Result<()> {
        if range.end - range.start > MAX_RECORD_LEN {
            return Ok(());
        }
        let bytes = read_vec(file, range.start, (range.end - range.start) as usize)?;
        if kind == b'L' {
            let name = bytes.split(|&byte| byte == 0).next();
            self.name = name.map(<[u8]>::to_vec);
            return Ok(());
        }
        // Lines of `<length> <key>=<value>`.
        for line in bytes.split(|&byte| byte == b'\n') {
            let line = line.splitn(2, |&byte| byte == b' ').nth(1).unwrap_or(&[]);
            if let Some(name) = line.strip_prefix(b"path=") {
                self.name = Some(name.to_vec());
            } else if let Some(size) = line.strip_prefix(b"size=") {
                self.size = std::str::from_utf8(size).ok().and_then(|n| n.parse().ok());
            }
        }
        Ok(())
    }
}

/// A number in octal digits, or in binary where its first bit is set.
fn number(field: &[u8]) -> Option<u64> {
    match field.split_first()? {
        (0x80, rest) => {
            let (high, low) = rest.split_last_chunk::<8>()?;
            let fits = high.iter().all(|&byte| byte == 0);
            fits.then_some(u64::from_be_bytes(*low))
        }
        _ => octal(field),
    }
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?;
    let digits = text.trim_matches(|c| c == ' ' || c == '\0');
    u64::from_str_radix(digits, 8).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(number(b"00000001750\0"), Some(1000));
        assert_eq!(number(b"       1750 "), Some(1000));
        assert_eq!(number(b"\x80\0\0\0\0\0\0\x02\0\0\0\0"), Some(1 << 33));
        assert_eq!(number(b"\x80\0\0\x01\0\0\0\x02\0\0\0\0"), None);
        assert_eq!(number(b"9"), None);
    }
}
