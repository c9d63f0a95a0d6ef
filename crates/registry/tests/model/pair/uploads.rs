//! Uploads by chunks, and their commits.

use bytes::Bytes;
use futures::{StreamExt, stream};
use sheaf_codec::Level;
use sheaf_types::ChunkId;
use sheaf_types::uploads::{CommitRequest, NewFile};

use super::{Pair, believed, same};
use crate::files::file;
use crate::model::{Answer, Upload, Who};
use crate::operation::{Belief, Place};
use crate::real::{path_name, ref_name, repository_name};

impl Pair {
    pub(super) async fn open(&mut self, who: Who, repository: usize) {
        let (real, name) = (&self.real, repository_name(repository));
        let done = real.registry.create_upload(real.caller(who), &name).await;
        let model = self.model.writable(who, repository).map(|_| ());
        if let Some((upload, ())) = same(done, model) {
            self.model.uploads.push(Upload {
                id: upload.id,
                who,
                repository,
                open: true,
                pins: [].into(),
            });
        }
    }

    /// Those of a file's chunks that must be sent; the others are the upload's from now on.
    pub(super) fn pin(&mut self, upload: usize, number: usize) -> Answer<Vec<ChunkId>> {
        let Upload {
            who,
            repository,
            open,
            ..
        } = self.model.uploads[upload];
        self.model.writable(who, repository)?;
        if !open {
            return Err("upload_not_found");
        }
        let readable = self.model.readable_chunks(who);
        let pins = &mut self.model.uploads[upload].pins;
        let mut missing = Vec::new();
        for chunk in file(number).list() {
            match readable.contains(&chunk.id) || pins.contains(&chunk.id) {
                true => drop(pins.insert(chunk.id)),
                false if missing.contains(&chunk.id) => {}
                false => missing.push(chunk.id),
            }
        }
        Ok(missing)
    }

    pub(super) async fn send(&mut self, upload: usize, number: usize) {
        let Upload {
            id,
            who,
            repository,
            ..
        } = self.model.uploads[upload];
        let name = repository_name(repository);
        let asked = file(number).list();
        let registry = self.real.registry.clone();
        let caller = self.real.caller(who).clone();
        let done = registry.missing(&caller, &name, &id, &asked).await;
        let model = self.pin(upload, number);
        let Some((answer, missing)) = same(done, model) else {
            return;
        };
        assert_eq!(answer.missing, missing);
        for (reference, chunk) in &file(number).chunks {
            if !missing.contains(&reference.id) {
                continue;
            }
            let raw = (&chunk.raw, reference.id.0);
            let blob = sheaf_codec::encode(raw.0, raw.1, &chunk.hint, None, Level::Fast);
            let len = blob.bytes.len() as u64;
            let body = stream::iter([Ok(Bytes::from(blob.bytes))]).boxed();
            let put = registry.put_chunk(&caller, &name, &id, &reference.id, Some(len), body);
            assert_eq!(put.await.unwrap().chunk, reference.id);
            self.model.uploads[upload].pins.insert(reference.id);
        }
    }

    pub(super) async fn commit(&mut self, upload: usize, at: Place, number: usize, belief: Belief) {
        let Upload { id, who, .. } = self.model.uploads[upload];
        let is = self.model.repositories.get(&at.repository);
        let now = is.and_then(|is| is.refs.get(&at.branch)).map(|(_, id)| *id);
        let parent = believed(belief, now);
        let request = CommitRequest {
            branch: ref_name(at.branch),
            parent,
            message: String::new(),
            files: vec![NewFile {
                path: path_name(at.path),
                size: file(number).bytes.len() as u64,
                sha256: file(number).sha256,
                near_lossless: None,
                chunks: file(number).list(),
            }],
            delete: vec![],
        };
        let (real, name) = (&self.real, repository_name(at.repository));
        let done = real
            .registry
            .commit_upload(real.caller(who), &name, &id, &request)
            .await;
        let model = self.pin(upload, number).and_then(|missing| {
            if !missing.is_empty() {
                return Err("chunks_missing");
            }
            let is = self.model.writable(who, at.repository)?;
            let head = is.head(at.branch)?.map(|(id, _)| id);
            if parent.is_some() && parent != head {
                return Err("branch_moved");
            }
            is.put(at.branch, at.path, number)
        });
        if let Some((upload_now, tree)) = same(done, model) {
            let made = upload_now.revision.unwrap().id;
            match tree {
                Some(tree) => self.model.commit(at, made, tree),
                None => assert_eq!(Some(made), now),
            }
            // What it says from now on is another story.
            self.model.uploads.remove(upload);
        }
    }

    pub(super) async fn abort(&mut self, upload: usize) {
        let Upload {
            id,
            who,
            repository,
            open,
            ..
        } = self.model.uploads[upload];
        let (real, name) = (&self.real, repository_name(repository));
        let done = real
            .registry
            .abort_upload(real.caller(who), &name, &id)
            .await;
        let model = self.model.writable(who, repository).map(|_| ());
        let model = model.and(if open {
            Ok(())
        } else {
            Err("upload_not_found")
        });
        if same(done, model).is_some() {
            self.model.uploads[upload].end();
        }
    }
}
