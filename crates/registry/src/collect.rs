//! Takes away what nothing can reach any more: revisions that no ref reaches, chunks that are in no
//! file and that no upload holds, objects that no row names.
//!
//! It runs beside everything else, on any number of servers. A row goes before its object does: taking
//! it notes the object as garbage in the same transaction, and a server that dies leaves garbage that
//! the next collection deletes. A chunk that is pushed again meanwhile gets an object of its own.

use std::time::Duration;

use futures::{StreamExt, stream};
use jiff::Timestamp;
use sheaf_catalog::{Garbage, Tally, Unreachable};
use sheaf_types::collection::{Collected, Collection, UnreachableRevision};

use crate::step::Step;
use crate::{Caller, Registry, Result};

/// Objects that are deleted at once.
const DELETES: usize = 16;
/// Objects that are looked up at once.
const PAGE: u32 = 1000;
/// Revisions that are named.
const NAMED: u32 = 100;

/// What a collection took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Taken {
    pub revisions: Tally,
    pub chunks: Tally,
    pub objects: Tally,
}

impl Registry {
    /// Takes away what nothing has reached for long enough, and tells what waits.
    pub async fn collect(&self, caller: &Caller) -> Result<Collection> {
        caller.check_admin()?;
        // What is left of deleted repositories goes with the rest, not when its turn comes.
        self.purge_deleted().await?;
        let now = Timestamp::now();
        let (_, unreachable) = self.catalog.unreachable(NAMED).await?;
        let taken = self.run_collection(now).await?;
        let (unreached, _) = self.catalog.unreachable(0).await?;
        let unneeded = self.catalog.unneeded_chunks().await?;
        let garbage = self.catalog.garbage_tally(Timestamp::MAX).await?;
        let (intents, _) = self.catalog.intents(now).await?;
        Ok(Collection {
            dry_run: false,
            revisions: told(taken.revisions, rows(unreached)),
            chunks: told(taken.chunks, unneeded),
            objects: told(
                taken.objects,
                Tally {
                    rows: garbage.rows + intents,
                    ..garbage
                },
            ),
            unreachable: self.named(unreachable, now),
        })
    }

    /// What a collection would take away now.
    pub async fn preview_collection(&self, caller: &Caller) -> Result<Collection> {
        caller.check_admin()?;
        let now = Timestamp::now();
        let since = before(now, self.settings.collection_grace);
        let (number, unreachable) = self.catalog.unreachable(NAMED).await?;
        // Without a grace all goes at once, and with one nothing that is not noted yet.
        let due = self.catalog.due_revisions(since, now).await?;
        let unneeded = self.catalog.unneeded_chunks().await?;
        let chunks = self.catalog.collectable_chunks(since, now).await?;
        let garbage = self.catalog.garbage_tally(now).await?;
        let replaced = rest(self.catalog.garbage_tally(Timestamp::MAX).await?, garbage);
        let (intents, abandoned) = self.catalog.intents(self.abandoned(now)).await?;
        Ok(Collection {
            dry_run: true,
            revisions: told(rows(due), rest(rows(number), rows(due))),
            chunks: told(chunks, rest(unneeded, chunks)),
            objects: Collected {
                collected: chunks.rows + garbage.rows + abandoned,
                collected_bytes: chunks.bytes + garbage.bytes,
                waiting: replaced.rows + intents - abandoned,
                waiting_bytes: replaced.bytes,
            },
            unreachable: self.named(unreachable, now),
        })
    }

    /// Takes away what nothing has reached for long enough.
    pub(crate) async fn run_collection(&self, now: Timestamp) -> Result<Taken> {
        // One at a time on this server: two would only do each other's work.
        let _turn = self.collecting.lock().await;
        if self.catalog.is_being_rebuilt().await? {
            // What is not there yet holds nothing.
            return Ok(Taken::default());
        }
        let since = before(now, self.settings.collection_grace);
        self.catalog.mark_revisions(now).await?;
        self.reached(Step::CollectRevisionsMarked);
        let mut taken = Taken::default();
        while let revisions @ 1.. = self.catalog.collect_revisions(since).await? {
            taken.revisions.rows += revisions;
            self.reached(Step::CollectRevisionsTaken);
        }
        self.catalog.collect_contents().await?;
        self.catalog.mark_chunks(now).await?;
        self.reached(Step::CollectChunksMarked);
        loop {
            let chunks = self.catalog.collect_chunks(since).await?;
            if chunks.rows == 0 {
                break;
            }
            taken.chunks.rows += chunks.rows;
            taken.chunks.bytes += chunks.bytes;
            self.reached(Step::CollectChunksTaken);
        }
        while self.catalog.collect_intents(self.abandoned(now)).await? > 0 {
            self.reached(Step::CollectIntentsTaken);
        }
        taken.objects = self.delete_garbage(now).await?;
        self.delete_records().await?;
        Ok(taken)
    }

    /// Deletes objects that no row names. One that the store does not delete is tried again next time.
    async fn delete_garbage(&self, now: Timestamp) -> Result<Tally> {
        let mut tally = Tally::default();
        let mut after = String::new();
        loop {
            let page = self.catalog.garbage(now, &after, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(tally);
            };
            after.clone_from(&last.object_key);
            let deleted = stream::iter(page).map(|garbage| self.delete_one(garbage));
            let deleted: Vec<Garbage> = deleted
                .buffer_unordered(DELETES)
                .filter_map(std::future::ready)
                .collect()
                .await;
            self.catalog.forget_garbage(&deleted).await?;
            self.reached(Step::CollectObjectForgotten);
            tally.rows += deleted.len() as u64;
            tally.bytes += deleted
                .iter()
                .map(|garbage| garbage.stored_len)
                .sum::<u64>();
        }
    }

    /// The garbage, if it is gone.
    async fn delete_one(&self, garbage: Garbage) -> Option<Garbage> {
        let deleted = self.delete_object(&garbage.object_key).await;
        if deleted {
            self.reached(Step::CollectObjectDeleted);
        }
        deleted.then_some(garbage)
    }

    /// Whether the object is gone.
    pub(crate) async fn delete_object(&self, object_key: &str) -> bool {
        let deleted = self.blobs.delete(object_key).await;
        if let Err(error) = &deleted {
            tracing::warn!(object_key, %error, "an object could not be deleted");
        }
        deleted.is_ok()
    }

    /// Writes that were announced before then are not waited for.
    fn abandoned(&self, now: Timestamp) -> Timestamp {
        before(now, self.settings.writes_abandoned_after)
    }

    fn named(&self, unreachable: Vec<Unreachable>, now: Timestamp) -> Vec<UnreachableRevision> {
        let named = unreachable.into_iter().map(|found| {
            let since = found.since.unwrap_or(now);
            let until = since.checked_add(self.settings.collection_grace);
            UnreachableRevision {
                repository: found.repository,
                revision: found.revision,
                since,
                until: until.unwrap_or(Timestamp::MAX),
            }
        });
        named.collect()
    }
}

fn before(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_sub(by).unwrap_or(Timestamp::MIN)
}

fn rows(rows: u64) -> Tally {
    Tally { rows, bytes: 0 }
}

/// What of all is left beside some.
fn rest(all: Tally, some: Tally) -> Tally {
    Tally {
        rows: all.rows.saturating_sub(some.rows),
        bytes: all.bytes.saturating_sub(some.bytes),
    }
}

fn told(collected: Tally, waiting: Tally) -> Collected {
    Collected {
        collected: collected.rows,
        collected_bytes: collected.bytes,
        waiting: waiting.rows,
        waiting_bytes: waiting.bytes,
    }
}
