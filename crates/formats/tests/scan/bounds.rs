//! Input without end, and input at random.

use proptest::prelude::*;

use crate::common::pickle::legacy;
use crate::common::zip::Entry;
use crate::{SYSTEM, archive, bad, checkpoint, verdict, zip};

#[test]
fn bounds() {
    bad(&[b"\x80\x04".to_vec(), b"(".repeat(3 << 20)].concat(), "");
    bad(&[b"\x80\x04".to_vec(), b"N".repeat(3 << 20)].concat(), "");
    bad(&[b"\x80\x04".to_vec(), b"N0".repeat(20 << 20)].concat(), "");
    let mut nested = SYSTEM.to_vec();
    for _ in 0..10 {
        nested = zip(&[Entry::stored("a", nested)]);
    }
    bad(&nested, "");
    let bomb = miniz_oxide::deflate::compress_to_vec(
        &[b"\x80\x04", &vec![b'N'; 100 << 20][..]].concat(),
        1,
    );
    let mut entry = Entry::stored("a", bomb);
    entry.method = 8;
    bad(&zip(&[entry]), "");
}

proptest! {
    #[test]
    fn any_bytes(bytes: Vec<u8>, at: usize, byte: u8) {
        let _ = verdict(&bytes, "a.bin");
        let _ = verdict(&bytes, "a.pkl");
        for mut file in [zip(&archive(checkpoint())), legacy(true)[..900].to_vec(), SYSTEM.to_vec()] {
            let at = at % file.len();
            file[at] = byte;
            let _ = verdict(&file, "a.pt");
            let _ = verdict(&file[..at], "a.bin");
        }
    }
}
