//! The chunks of a file at hand.

use std::io;

use sheaf_formats::{Chunk, Chunker, ReadAt, Told};

use crate::in_order::Take;

/// Bytes per read.
const READ_LEN: u64 = 1 << 20;

/// Hands out the chunks of a file in order, as long as they are taken. `told` is what another says of it.
pub fn read(file: &dyn ReadAt, told: Option<&Told>, take: &mut Take<'_, Chunk>) -> io::Result<()> {
    let mut chunker = match told {
        Some(told) => told.chunker(),
        None => Chunker::for_file(file)?,
    };
    let mut buffer = vec![0; READ_LEN as usize];
    let (mut at, mut wanted) = (0, true);
    while wanted && at < file.size() {
        let bytes = &mut buffer[..READ_LEN.min(file.size() - at) as usize];
        file.read_exact_at(at, bytes)?;
        chunker.push(bytes, &mut |chunk| wanted = take(chunk).is_continue());
        at += bytes.len() as u64;
    }
    chunker.finish(&mut |chunk| wanted = take(chunk).is_continue());
    Ok(())
}
