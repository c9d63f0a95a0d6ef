//! Whole files whose weights are rounded.

#![allow(clippy::unwrap_used, reason = "also in what the tests share")]

mod common;

use std::io::Read;

use common::pickle::{Pickle, float};
use common::zip::{Entry, Width, write};
use sheaf_formats::near_lossless::{Bits, Rounded, Rounding};

fn rounded(file: &Vec<u8>) -> (Vec<u8>, Vec<String>) {
    let rounding = Rounding::plan(file, Bits::new(8).unwrap()).unwrap();
    let mut rounded = Rounded::new(file.as_slice(), rounding);
    let mut out = vec![];
    rounded.read_to_end(&mut out).unwrap();
    let (_, tensors) = rounded.finish();
    let names = tensors.into_iter().map(|tensor| tensor.name);
    (out, names.collect())
}

/// The bits of the sum of bytes, one at a time.
fn sum(bytes: &[u8]) -> [u8; 4] {
    let sum = bytes.iter().fold(!0_u32, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            sum >> 1 ^ (0xedb8_8320 * (sum & 1))
        })
    });
    (!sum).to_le_bytes()
}

/// Puts the sums of all data after each and into the directory.
fn with_sums(mut file: Vec<u8>, data: &[&[u8]]) -> Vec<u8> {
    let positions = |file: &[u8], what: &[u8]| -> Vec<usize> {
        let windows = file.windows(4).enumerate();
        windows
            .filter(|(_, w)| *w == what)
            .map(|(at, _)| at)
            .collect()
    };
    let after = positions(&file, b"PK\x07\x08");
    let central = positions(&file, b"PK\x01\x02");
    assert_eq!((after.len(), central.len()), (data.len(), data.len()));
    for ((after, central), data) in after.into_iter().zip(central).zip(data) {
        file[after + 4..][..4].copy_from_slice(&sum(data));
        file[central + 16..][..4].copy_from_slice(&sum(data));
    }
    file
}

/// A file of torch with a storage that can be rounded and one that cannot.
fn archive(weights: &[u8], large: &[u8], byteorder: &str, width: Width) -> Vec<u8> {
    let mut pickle = Pickle::new();
    pickle.op(b"}(");
    pickle.text("w").tensor(&float("0", 1000, &[1000], &[1]));
    pickle
        .text("large")
        .tensor(&float("1", 10, &[10], &[1]))
        .op(b"u");
    let pickle = pickle.finish();
    let entries = [
        Entry::stored("archive/data.pkl", pickle.clone()),
        Entry::stored("archive/byteorder", byteorder.into()),
        Entry::stored("archive/data/0", weights.to_vec()),
        Entry::stored("archive/data/1", large.to_vec()),
    ];
    let data = [&pickle, byteorder.as_bytes(), weights, large];
    with_sums(write(&entries, width), &data)
}

fn bytes(numbers: impl Iterator<Item = f32>) -> Vec<u8> {
    numbers.flat_map(f32::to_le_bytes).collect()
}

#[test]
fn sums_in_a_zip_are_those_of_what_was_rounded() {
    let weights = || (0..1000).map(|i| (i as f32).sin());
    let floors = weights().map(|x| (x * 256.0).floor() / 256.0);
    let large = bytes((0..10).map(|i| i as f32));
    for width in [Width::Zip32, Width::Zip64] {
        let file = archive(&bytes(weights()), &large, "little", width);
        let (out, names) = rounded(&file);
        let expected = archive(&bytes(floors.clone()), &large, "little", width);
        assert!(out == expected);
        assert_eq!(names, ["w"]);
        assert_eq!(rounded(&out), (expected, vec![]));
    }
}

#[test]
fn what_has_no_sums_or_another_order_of_bytes() {
    let weights = bytes((0..1000).map(|i| (i as f32).sin()));
    let floors = bytes((0..1000).map(|i| ((i as f32).sin() * 256.0).floor() / 256.0));
    let large = bytes((0..10).map(|i| i as f32));
    let big = archive(&weights, &large, "big", Width::Zip32);
    assert_eq!(rounded(&big), (big, vec![]));
    // torch can leave sums away: then there are none after either.
    let file = archive(&weights, &large, "little", Width::Zip32);
    let without = with_zeros(file);
    let (out, names) = rounded(&without);
    assert_eq!(names, ["w"]);
    assert!(out == with_zeros(archive(&floors, &large, "little", Width::Zip32)));
    // Sums that disagree are of a file that is not understood.
    let mut odd = archive(&weights, &large, "little", Width::Zip32);
    let at = odd.windows(4).rposition(|w| w == b"PK\x07\x08").unwrap();
    let at = odd[..at]
        .windows(4)
        .rposition(|w| w == b"PK\x07\x08")
        .unwrap();
    odd[at + 4] ^= 1;
    assert_eq!(rounded(&odd), (odd, vec![]));
}

fn with_zeros(mut file: Vec<u8>) -> Vec<u8> {
    for at in 0..file.len() - 20 {
        if file[at..].starts_with(b"PK\x07\x08") {
            file[at + 4..at + 8].fill(0);
        }
        if file[at..].starts_with(b"PK\x01\x02") {
            file[at + 16..at + 20].fill(0);
        }
    }
    file
}
