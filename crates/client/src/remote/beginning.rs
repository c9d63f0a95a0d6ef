//! A file of which a server gives no parts: its beginning, as far as that is bearable.

use reqwest::Response;

use super::RemoteError;
use super::ask::Asker;

/// The most that is read of such a file: the largest header that is parsed, and more.
const MAX_LEN: u64 = 32 << 20;

pub(super) struct Beginning {
    response: Response,
    bytes: Vec<u8>,
    /// Whether the body ended.
    ended: bool,
}

impl Beginning {
    pub fn new(response: Response) -> Self {
        Self {
            response,
            bytes: vec![],
            ended: false,
        }
    }

    /// The file's size where the server does not say it: it must end soon.
    pub async fn measure(&mut self, asker: &Asker) -> Result<u64, RemoteError> {
        while !self.ended && self.bytes.len() as u64 <= MAX_LEN {
            self.more(asker).await?;
        }
        if !self.ended {
            return Err(asker.no_parts());
        }
        Ok(self.bytes.len() as u64)
    }

    /// Fills `out` from a place in the file.
    pub async fn read(
        &mut self,
        asker: &Asker,
        offset: u64,
        out: &mut [u8],
    ) -> Result<(), RemoteError> {
        let end = offset + out.len() as u64;
        if end > MAX_LEN && !self.ended {
            return Err(asker.no_parts());
        }
        while (self.bytes.len() as u64) < end {
            if self.ended {
                return Err(asker.unexpected("the file ends before its end"));
            }
            self.more(asker).await?;
        }
        out.copy_from_slice(&self.bytes[offset as usize..end as usize]);
        Ok(())
    }

    async fn more(&mut self, asker: &Asker) -> Result<(), RemoteError> {
        match asker.next_piece(&mut self.response).await? {
            Some(piece) => self.bytes.extend_from_slice(&piece),
            None => self.ended = true,
        }
        Ok(())
    }
}
