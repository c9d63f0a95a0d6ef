//! Hashes put right, so that what is behind them is reached.

use sheaf_codec::Dtype;

/// Where a header has the length of itself, of the chunk, and the dtype (docs/format.md).
const HEADER_LEN_AT: usize = 5;
const RAW_LEN_AT: usize = 9;
const DTYPE_AT: usize = 46;
const ENTRY_LEN: usize = 28;
const FRAME_LEN: usize = 256 << 10;

/// Puts right the hash of each frame that the index of a blob names, as far as the bytes look like
/// one. Says whether they do.
pub fn reseal(blob: &mut [u8]) -> bool {
    let Some((header_len, frames)) = index(blob) else {
        return false;
    };
    let (header, stored) = blob.split_at_mut(header_len);
    let at = header_len - frames * ENTRY_LEN;
    let mut rest = &*stored;
    for entry in header[at..].chunks_exact_mut(ENTRY_LEN) {
        let len = u32::from_le_bytes([entry[0], entry[1], entry[2], entry[3]]) as usize;
        let (frame, after) = rest.split_at(len.min(rest.len()));
        entry[4..20].copy_from_slice(&blake3::hash(frame).as_bytes()[..16]);
        rest = after;
    }
    true
}

/// The header's length and the number of frames.
fn index(blob: &[u8]) -> Option<(usize, usize)> {
    let header_len = number(blob, HEADER_LEN_AT)?;
    let raw_len = number(blob, RAW_LEN_AT)?;
    let dtype = Dtype::from_code(*blob.get(DTYPE_AT)?)?;
    // Halves of complex elements are units too, which makes no other frame of these widths.
    let unit = dtype.block_bytes();
    let frames = raw_len.div_ceil(FRAME_LEN / unit * unit);
    let fits = header_len <= blob.len() && frames.checked_mul(ENTRY_LEN)? <= header_len;
    fits.then_some((header_len, frames))
}

fn number(blob: &[u8], at: usize) -> Option<usize> {
    let bytes = blob.get(at..at + 4)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)
}
