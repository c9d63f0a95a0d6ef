//! One file: there already, or fetched chunk by chunk.

use std::path::Path;
use std::pin::pin;
use std::sync::Arc;

use futures::future::{self, Either};
use futures::{StreamExt, TryStreamExt, stream};
use sheaf_types::FilePath;
use sheaf_types::files::FileManifest;
use sheaf_types::pickles::PickleState;
use sheaf_types::revisions::TreeEntry;
use tokio::sync::mpsc;

use super::Pull;
use super::destination::{self, Place};
use super::fetch::Fetched;
use super::manifest::{self, Piece};
use super::report::{PickledFile, Pulled};
use super::writer::{self, Writer};
use crate::budget::Reserved;
use crate::{Error, Outcome, pool};

/// How often a file is tried without getting on because blobs of it were replaced meanwhile.
const TRIES: u32 = 5;

/// A file that is not there yet.
struct Download<'a> {
    pull: &'a Pull<'a>,
    file: &'a TreeEntry,
    place: &'a Place,
    /// How many of its bytes the progress knows of.
    told: u64,
    reused: u64,
    received: u64,
    direct: u64,
    pickles: Option<PickledFile>,
}

/// The next bytes of a file, and the memory that they take.
struct Next {
    bytes: Bytes,
    _memory: Reserved,
}

enum Bytes {
    Fetched(Fetched),
    Repeated { from: u64, len: usize },
}

impl Pull<'_> {
    /// Pulls one file.
    pub(super) async fn file(&self, file: &TreeEntry) -> Result<Pulled, Error> {
        let (folder, wanted) = (self.folder.clone(), file.clone());
        let (place, there) = pool::block(move || look(&folder, &wanted)).await?;
        if there {
            self.progress.raw(file.size);
            self.progress.file(&file.path, Outcome::Unchanged);
            return Ok(Pulled {
                pickles: self.pickles_of(file).await?,
                ..Pulled::skipped(file.size)
            });
        }
        let download = Download {
            pull: self,
            file,
            place: &place,
            told: 0,
            reused: 0,
            received: 0,
            direct: 0,
            pickles: None,
        };
        let pulled = download.run().await?;
        self.progress.file(&file.path, Outcome::Transferred);
        Ok(pulled)
    }

    /// What is to be said of a file that is there already: why is in its manifest alone.
    async fn pickles_of(&self, file: &TreeEntry) -> Result<Option<PickledFile>, Error> {
        if file.pickles.is_none_or(|state| state == PickleState::Clean) {
            return Ok(None);
        }
        let manifest = self
            .client
            .manifest(self.name, &self.revision, &file.path)
            .await?;
        Ok(PickledFile::of(&manifest))
    }
}

/// Where a file goes, and whether it is there already.
fn look(folder: &Path, file: &TreeEntry) -> Result<(Place, bool), Error> {
    let place = destination::place(folder, &file.path, &file.sha256)?;
    let there = place.existing == Some(file.size) && writer::sha256(&place.path)? == file.sha256;
    Ok((place, there))
}

async fn next(
    pull: &Pull<'_>,
    path: &FilePath,
    piece: Piece,
    memory: Reserved,
) -> Result<Next, Error> {
    let bytes = match piece {
        Piece::Repeat { from, len } => Bytes::Repeated { from, len },
        Piece::Fetch { chunk, base } => {
            Bytes::Fetched(pull.fetch(path, chunk, base.map(|base| *base)).await?)
        }
    };
    Ok(Next {
        bytes,
        _memory: memory,
    })
}

impl Download<'_> {
    async fn run(mut self) -> Result<Pulled, Error> {
        let mut tries = 0;
        while tries < TRIES {
            let told = self.told;
            match self.attempt().await {
                // One that got on does not count: blobs may be replaced as fast as they are fetched.
                Err(Error::Replaced { .. }) if self.told > told => tries = 0,
                Err(Error::Replaced { .. }) => tries += 1,
                done => {
                    return done.map(|()| Pulled {
                        skipped: false,
                        raw_bytes: self.file.size,
                        reused_bytes: self.reused,
                        received_bytes: self.received,
                        direct_bytes: self.direct,
                        pickles: self.pickles,
                    });
                }
            }
        }
        let path = self.file.path.clone();
        Err(Error::Replaced { path })
    }

    /// Fetches what is not there, by the manifest of this moment.
    async fn attempt(&mut self) -> Result<(), Error> {
        let Pull { client, name, .. } = self.pull;
        let path = &self.file.path;
        let manifest = client.manifest(name, &self.pull.revision, path).await?;
        manifest::check(&manifest, self.file)?;
        self.pickles = PickledFile::of(&manifest);
        let manifest = Arc::new(manifest);
        let (writer, kept) = self.resume(&manifest).await?;
        let pieces = manifest::pieces(&manifest, kept, self.file)?;
        let writer = self.fill(writer, pieces).await?;
        let (name, sha256) = (self.place.path.clone(), self.file.sha256);
        pool::block(move || writer.finish(&name, &sha256)).await
    }

    async fn resume(&mut self, manifest: &Arc<FileManifest>) -> Result<(Writer, usize), Error> {
        let (part, manifest) = (self.place.part.clone(), manifest.clone());
        let (writer, kept) = pool::block(move || {
            let mut writer = Writer::open(&part)?;
            let kept = writer.resume(&manifest.chunks)?;
            Ok::<_, Error>((writer, kept))
        })
        .await?;
        if self.told == 0 {
            self.reused = writer.len();
        }
        self.tell(&writer);
        Ok((writer, kept))
    }

    fn tell(&mut self, writer: &Writer) {
        let more = writer.len().saturating_sub(self.told);
        self.told += more;
        self.pull.progress.raw(more);
    }

    /// Fetches several pieces at once and writes them in their order.
    async fn fill(&mut self, writer: Writer, pieces: Vec<Piece>) -> Result<Writer, Error> {
        let (pull, path) = (self.pull, &self.file.path);
        let (sender, receiver) = mpsc::channel(pull.in_flight);
        let fetch = async move {
            // Memory is reserved in the order of the pieces, so that what is to be written next
            // never waits for what is to be written later.
            let reserved = stream::iter(pieces).then(async |piece| {
                let memory = pull.budget.reserve(piece.memory()).await;
                (piece, memory)
            });
            let nexts = reserved
                .map(|(piece, memory)| next(pull, path, piece, memory))
                .buffered(pull.in_flight);
            let sent = nexts.try_for_each(|next| {
                let sent = sender.send(next);
                async {
                    // Refused when writing has failed, which says why.
                    let _ = sent.await;
                    Ok(())
                }
            });
            sent.await
        };
        match future::select(pin!(fetch), pin!(self.write(writer, receiver))).await {
            // What has come is written first, whatever became of the rest: a piece that is being written
            // holds the file, which the next attempt opens.
            Either::Left((fetched, write)) => {
                let writer = write.await?;
                fetched.map(|()| writer)
            }
            Either::Right((written, _)) => written,
        }
    }

    async fn write(
        &mut self,
        mut writer: Writer,
        mut nexts: mpsc::Receiver<Next>,
    ) -> Result<Writer, Error> {
        while let Some(next) = nexts.recv().await {
            if let Bytes::Fetched(fetched) = &next.bytes {
                self.received += fetched.received;
                self.direct += fetched.direct;
            }
            writer = pool::run(move || {
                match &next.bytes {
                    Bytes::Fetched(fetched) => writer.append(&fetched.raw)?,
                    Bytes::Repeated { from, len } => writer.repeat(*from, *len)?,
                }
                Ok::<_, Error>(writer)
            })
            .await?;
            self.tell(&writer);
        }
        Ok(writer)
    }
}
