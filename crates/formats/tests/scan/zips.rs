//! Pickles in zips, whole, broken and at odds with themselves.

use crate::common::noise;
use crate::common::zip::{Entry, Width, write};
use crate::{SYSTEM, archive, bad, checkpoint, patched, zip};

#[test]
fn zips_at_any_name() {
    for name in ["archive/data.pkl", "x", "data/0", "a/b/c.png"] {
        bad(&zip(&[Entry::stored(name, SYSTEM.to_vec())]), "os.system");
    }
    let inner = zip(&[Entry::stored("x", SYSTEM.to_vec())]);
    bad(&zip(&[Entry::stored("y", inner)]), "os.system");
    let mut all = archive(checkpoint());
    all.push(Entry::stored("archive/data/1", SYSTEM.to_vec()));
    bad(&write(&all, Width::Zip64), "os.system");
}

#[test]
fn deflated_entries() {
    let mut long = b"\x80\x02".to_vec();
    (0..20_000_u32).for_each(|i| long.extend([b'J', i as u8, (i >> 8) as u8, 0, 0, b'0']));
    long.extend(SYSTEM);
    for pickle in [SYSTEM.to_vec(), long] {
        let deflated = miniz_oxide::deflate::compress_to_vec(&pickle, 6);
        let mut entry = Entry::stored("a", deflated.clone());
        entry.method = 8;
        bad(&zip(&[entry]), "os.system");
        let gzip = [&b"\x1f\x8b\x08\0\0\0\0\0\0\0"[..], &deflated, &[0; 8]].concat();
        bad(&gzip, "os.system");
        bad(
            &miniz_oxide::deflate::compress_to_vec_zlib(&pickle, 6),
            "os.system",
        );
    }
    let mut other = Entry::stored("a.pkl", noise(100, 1));
    other.method = 12;
    bad(&zip(&[other]), "");
}

#[test]
fn broken_zips() {
    let entries = archive(SYSTEM.to_vec());
    let good = zip(&entries);
    let central = b"PK\x01\x02";
    for broken in [
        // Encrypted, it says, here or there.
        patched(&good, central, 8, b"\x09"),
        patched(&good, b"PK\x03\x04", 6, b"\x09"),
        // Another method in one of both.
        patched(&good, central, 10, b"\x08"),
        patched(&good, b"PK\x03\x04", 8, b"\x08"),
        // A wrong sum.
        patched(&good, central, 16, b"\x01\x02\x03\x04"),
        // A length of none.
        patched(&good, central, 20, &[0; 8]),
        // Cut short: without a directory.
        good[..good.len() - 40].to_vec(),
        [b"#!/bin/sh\n", &good[..]].concat(),
    ] {
        bad(&broken, "os.system");
    }
    let mut other_name = entries.clone();
    other_name[0].local_name = Some("archive/read.me".into());
    bad(&zip(&other_name), "os.system");
    let mut twice = archive(checkpoint());
    twice.push(Entry::stored("archive/data.pkl", SYSTEM.to_vec()));
    bad(&zip(&twice), "os.system");
}

#[test]
fn broken_zips_of_harmless_pickles_are_not_clean() {
    let good = zip(&archive(checkpoint()));
    let central = b"PK\x01\x02";
    for broken in [
        patched(&good, central, 8, b"\x09"),
        patched(&good, central, 16, b"\x01\x02\x03\x04"),
        patched(&good, b"archive/data.pkl", 0, b"b"),
        good[..good.len() - 40].to_vec(),
        [b"#!/bin/sh\n", &good[..]].concat(),
    ] {
        bad(&broken, "");
    }
}

#[test]
fn entries_that_no_directory_lists() {
    let hidden = zip(&[Entry::stored("h", SYSTEM.to_vec())]);
    let hidden = &hidden[..hidden.windows(4).position(|w| w == b"PK\x01\x02").unwrap()];
    let listed = zip(&archive(checkpoint()));
    let file = [hidden, &listed].concat();
    bad(&file, "os.system");
}
