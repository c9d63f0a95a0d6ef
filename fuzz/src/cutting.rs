//! Any file: its chunks are its bytes, and the same however it comes.

use sheaf_formats::layout;

use crate::common;

/// Cuts a file at hand and as it streams by, in pushes of all sizes, and reads its layout.
pub fn cut_all_ways(file: &[u8]) {
    let whole = common::chunks(file);
    let again = common::stream(file, &[1, 513]);
    assert!(again == whole, "pushes cut otherwise");
    for tensor in layout(&file).expect("memory that can be read").tensors {
        assert!(tensor.range.end <= file.len() as u64);
    }
}
