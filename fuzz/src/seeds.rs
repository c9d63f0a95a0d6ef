//! Writes blobs to begin with: of every dtype and level, and the golden ones.
//!
//! `seeds FOLDER GOLDEN`

use std::fs;
use std::path::Path;

use arbitrary::{Arbitrary, Unstructured};
use sheaf_codec::{Base, Dtype, Level};
use sheaf_fuzz::Job;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let folder = Path::new(&args[1]);
    fs::create_dir_all(folder).unwrap();
    let mut source = vec![0; 4096];
    for (number, &dtype) in Dtype::ALL.iter().enumerate() {
        for level in [Level::Fast, Level::Default, Level::Max] {
            let seed = [number as u8, level as u8];
            blake3::Hasher::new()
                .update(&seed)
                .finalize_xof()
                .fill(&mut source);
            let mut job = Job::arbitrary(&mut Unstructured::new(&source)).unwrap();
            (job.dtype, job.level) = (dtype, level);
            job.raw.truncate(6000);
            fs::write(
                folder.join(format!("{number}-{level:?}")),
                job.encode(None).bytes,
            )
            .unwrap();
            let base: Vec<u8> = job.raw.iter().map(|byte| byte ^ byte & 1).collect();
            let base = Base {
                id: [1; 32],
                raw: &base,
                dtype,
            };
            let delta = job.encode(Some(&base));
            fs::write(
                folder.join(format!("{number}-{level:?}-delta")),
                delta.bytes,
            )
            .unwrap();
        }
    }
    for golden in fs::read_dir(&args[2]).unwrap() {
        let path = golden.unwrap().path();
        fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
}
