//! A set of tables with what coder and decoder need of it, each made at its first use.

use std::sync::OnceLock;

use crate::Error;
use crate::coder::rans::{DecodeTables, Decoder, EncodeTables, Segment, Tables};

/// A segment that is to be decoded.
pub(super) struct Part<'a, 'b> {
    pub decoder: &'a mut Decoder<'b>,
    /// As many as symbols, or none.
    pub contexts: &'a [u8],
    pub out: &'a mut [u8],
}

#[derive(Debug)]
pub(super) struct Set {
    pub tables: Tables,
    encoder: OnceLock<EncodeTables>,
    decoder: OnceLock<DecodeTables>,
}

impl Set {
    pub(super) fn new(tables: Tables) -> Set {
        Set {
            tables,
            encoder: OnceLock::new(),
            decoder: OnceLock::new(),
        }
    }

    /// Takes the tables from the beginning of bytes.
    pub(super) fn read(bytes: &mut &[u8]) -> Result<Set, Error> {
        let (tables, len) = Tables::read(bytes)?;
        *bytes = &bytes[len..];
        Ok(Set::new(tables))
    }

    pub(super) fn segment<'a>(&'a self, symbols: &'a [u8], contexts: &'a [u8]) -> Segment<'a> {
        Segment {
            symbols,
            contexts,
            tables: self.encoder.get_or_init(|| self.tables.encoder()),
        }
    }

    /// Decodes the next segment of a payload, or of two side by side.
    pub(super) fn decode<const N: usize>(&self, parts: [Part<'_, '_>; N]) -> Result<(), Error> {
        let tables = self.decoder.get_or_init(|| self.tables.decoder());
        let mut parts = parts.into_iter();
        while let Some(a) = parts.next() {
            match parts.next() {
                Some(b) => Decoder::decode_two(
                    [a.decoder, b.decoder],
                    [a.contexts, b.contexts],
                    tables,
                    [a.out, b.out],
                )?,
                None => a.decoder.decode(a.contexts, tables, a.out)?,
            }
        }
        Ok(())
    }
}
