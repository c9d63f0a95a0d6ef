//! Sound files with mistakes.

/// A file of which some bytes are others: those at each place, reckoned from the beginning on and round.
pub fn edited(file: &[u8], edits: &[(u16, u8)]) -> Vec<u8> {
    let mut file = file.to_vec();
    let len = file.len();
    for &(place, byte) in edits {
        file[usize::from(place) % len] = byte;
    }
    file
}
