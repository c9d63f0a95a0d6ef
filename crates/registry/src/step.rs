//! The steps at which a server may die: between any two of them what is in the catalog and what is in
//! the object store must be right. Tests end a server at each.

use std::fmt;
use std::sync::Arc;

use crate::Registry;

macro_rules! steps {
    ($($(#[$doc:meta])* $step:ident = $name:literal,)*) => {
        /// A step that a server has just made.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Step { $($(#[$doc])* $step,)* }

        impl Step {
            /// All there are.
            pub const ALL: &'static [Self] = &[$(Self::$step,)*];

            /// What it is called.
            pub fn name(self) -> &'static str {
                match self { $(Self::$step => $name,)* }
            }
        }
    };
}

steps!(
    /// A blob is about to be written, and its intent says so.
    PushAnnounced = "push_announced",
    /// The object is durable, and no row names it.
    PushWritten = "push_written",
    /// The chunk's row is there, and the upload holds it.
    PushLive = "push_live",
    /// The commit's job is queued.
    CommitPromised = "commit_promised",
    /// The chunks of a file were found to have its SHA-256.
    CommitHashed = "commit_hashed",
    /// The file's pickles were scanned.
    CommitJudged = "commit_judged",
    /// The tree of the revision is known.
    CommitTreeBuilt = "commit_tree_built",
    /// The revision is there, and the branch points to it.
    CommitCommitted = "commit_committed",
    /// The upload has ended, and its client was not told.
    CommitUploadEnded = "commit_upload_ended",
    /// A record is durable, and the catalog still wants it to be written.
    RecordWritten = "record_written",
    /// The catalog knows that it is.
    RecordNoted = "record_noted",
    /// What a revision's blobs take was noted, and nothing was done.
    ReencodeBegun = "reencode_begun",
    /// A chunk was read and encoded again.
    ReencodeRead = "reencode_read",
    /// Its new blob is about to be written, and an intent says so.
    ReencodeAnnounced = "reencode_announced",
    /// The new object is durable, and no row names it.
    ReencodeWritten = "reencode_written",
    /// The row names the new object, and the old one is garbage.
    ReencodeSwapped = "reencode_swapped",
    /// How far the job is was noted.
    ReencodeNoted = "reencode_noted",
    /// Revisions that no ref reaches are noted.
    CollectRevisionsMarked = "collect_revisions_marked",
    /// Some of them are gone.
    CollectRevisionsTaken = "collect_revisions_taken",
    /// Chunks that nothing holds are noted.
    CollectChunksMarked = "collect_chunks_marked",
    /// The rows of some of them are gone, and their objects are not.
    CollectChunksTaken = "collect_chunks_taken",
    /// Intents of writes that never came to an end are gone.
    CollectIntentsTaken = "collect_intents_taken",
    /// An object is gone, and the catalog still knows it as garbage.
    CollectObjectDeleted = "collect_object_deleted",
    /// It does not any more.
    CollectObjectForgotten = "collect_object_forgotten",
    /// A record is gone, and the catalog still wants it to be deleted.
    CollectRecordDeleted = "collect_record_deleted",
);

/// Is told of each step. It is for tests: what it does holds up who made the step.
#[derive(Clone)]
pub struct StepHook(Arc<dyn Fn(Step) + Send + Sync>);

impl StepHook {
    /// Calls this at each step.
    pub fn new(hook: impl Fn(Step) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hook))
    }

    pub(crate) fn tell(hook: Option<&Self>, step: Step) {
        if let Some(Self(hook)) = hook {
            hook(step);
        }
    }
}

impl fmt::Debug for StepHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StepHook")
    }
}

impl Registry {
    pub(crate) fn reached(&self, step: Step) {
        StepHook::tell(self.settings.at_step.as_ref(), step);
    }
}
