//! Pickles in tars, and in what is not looked into.

use sheaf_formats::scan::State;

use crate::common::noise;
use crate::common::tar;
use crate::{SYSTEM, archive, bad, checkpoint, state, verdict, zip};

#[test]
fn tars_are_looked_into() {
    let clean = tar::write(&[
        ("model/data.pkl", checkpoint()),
        ("readme", b"text".to_vec()),
    ]);
    assert_eq!(verdict(&clean, "model.tar").unwrap().state, State::Clean);
    let none = tar::write(&[
        ("weights.bin", noise(5000, 1)),
        ("readme", b"text".to_vec()),
    ]);
    assert_eq!(verdict(&none, "model.tar"), None);

    let long = "deep/".repeat(40) + "weights.bin";
    let file = tar::write(&[("readme", b"text".to_vec()), (&long, SYSTEM.to_vec())]);
    bad(&file, "os.system");
    let zipped = tar::write(&[("a.pt", zip(&archive(SYSTEM.to_vec())))]);
    bad(&zipped, "os.system");
    let deflated = miniz_oxide::deflate::compress_to_vec(&file, 6);
    let gzip = [&b"\x1f\x8b\x08\0\0\0\0\0\0\0"[..], &deflated, &[0; 8]].concat();
    bad(&gzip, "os.system");

    // A first header whose name is a pickle.
    let name = String::from_utf8(SYSTEM.to_vec()).unwrap();
    let file = tar::write(&[(&name, b"text".to_vec())]);
    bad(&file[512..], "os.system");
    // In what is no file, too.
    let mut link = tar::write(&[("file", SYSTEM.to_vec())]);
    let header = 512;
    link[header + 156] = b'Z';
    let sum: u32 = link[header..header + 512]
        .iter()
        .map(|byte| u32::from(*byte))
        .sum();
    let own: u32 = link[header + 148..header + 156]
        .iter()
        .map(|byte| u32::from(*byte))
        .sum();
    let sum = sum - own + 8 * 32;
    link[header + 148..header + 155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    bad(&link, "os.system");
}

#[test]
fn a_tar_that_ends_in_the_middle_is_not_clean() {
    let file = tar::write(&[("a.pkl", checkpoint()), ("b.bin", noise(5000, 1))]);
    let cut = &file[..file.len() - 4000];
    let found = verdict(cut, "model.tar").unwrap();
    assert_eq!(found.state, State::NotScanned, "{found:?}");
}

#[test]
fn containers_are_not_clean() {
    let mut tar = noise(1024, 1);
    tar[257..262].copy_from_slice(b"ustar");
    let seven = b"7z\xbc\xaf\x27\x1c\0\x04";
    for file in [&tar[..], seven, b"BZh9abc", b"\xfd7zXZ\0\0"] {
        assert_eq!(state(file), Some(State::NotScanned));
    }
}
