//! A set of tables with what coder and decoder need of it, each made at its first use.

use std::sync::OnceLock;

use crate::Error;
use crate::coder::rans::{DecodeTables, Decoder, EncodeTables, Segment, Tables};

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

    pub(super) fn decode(
        &self,
        decoder: &mut Decoder<'_>,
        contexts: &[u8],
        out: &mut [u8],
    ) -> Result<(), Error> {
        let tables = self.decoder.get_or_init(|| self.tables.decoder());
        decoder.decode(contexts, tables, out)
    }

    /// As [`Set::decode`], from two payloads side by side.
    pub(super) fn decode_two(
        &self,
        decoders: [&mut Decoder<'_>; 2],
        contexts: [&[u8]; 2],
        outs: [&mut [u8]; 2],
    ) -> Result<(), Error> {
        let tables = self.decoder.get_or_init(|| self.tables.decoder());
        Decoder::decode_two(decoders, contexts, tables, outs)
    }
}
