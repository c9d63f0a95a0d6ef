//! What an index says of a data file beside it: those of the formats' own writers, of which some bytes were
//! changed, and any bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sheaf_formats::layout;
use sheaf_fuzz::common::beside::{ask, cut, folder};
use sheaf_fuzz::edited;

macro_rules! golden {
    ($name:literal) => {
        include_bytes!(concat!("../../crates/formats/tests/golden/beside/", $name))
    };
}

/// An index, its name and that of its data file, and how every such file begins and ends.
type Golden = (&'static [u8], &'static str, &'static str, &'static [u8], &'static [u8]);

const GOLDEN: &[Golden] = &[
    (golden!("external.onnx"), "external.onnx", "external.onnx_data", b"\x08\x0a\x3a", b""),
    (golden!("graph.xml"), "graph.xml", "graph.bin", b"<net>", b""),
    (
        golden!("checkpoint.index"),
        "checkpoint.index",
        "checkpoint.data-00000-of-00001",
        b"",
        b"\x57\xfb\x80\x8b\x24\x75\x47\xdb",
    ),
    (golden!("weights_manifest.json"), "weights_manifest.json", "group1-shard1of1.bin", b"[{", b""),
    (b"{\"records\": []}", "ndarray-cache.json", "params_shard_0.bin", b"{\"records\":[{", b""),
];

fuzz_target!(|input: (u8, bool, Vec<(u16, u8)>, &[u8])| {
    let (which, whole, edits, bytes) = input;
    let (golden, index, data, begin, end) = GOLDEN[usize::from(which) % GOLDEN.len()];
    let file = match whole {
        true => edited(golden, &edits),
        false => [begin, bytes, end].concat(),
    };
    for part in layout(&file).expect("memory that can be read").beside {
        for tensor in part.tensors {
            assert!(tensor.range.start <= tensor.range.end);
        }
    }
    let content = vec![7; 3000];
    let folder = folder(&[(index, &file), (data, &content)]);
    if let Some(told) = ask(&folder, data) {
        cut(told, &content);
    }
});
