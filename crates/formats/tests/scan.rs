//! Pickles that would do harm, and those that would not.

#![allow(clippy::unwrap_used, reason = "also in what the tests share")]

mod common;

use common::noise;
use common::pickle::{Pickle, float, legacy};
use common::tar;
use common::zip::{Entry, Width, write};
use proptest::prelude::*;
use sheaf_formats::scan::{State, Verdict, scan};

/// Runs a command, in protocol 0.
const SYSTEM: &[u8] = b"cos\nsystem\n(S'id'\ntR.";

fn verdict(bytes: &[u8], name: &str) -> Option<Verdict> {
    scan(&bytes, name).unwrap()
}

fn state(bytes: &[u8]) -> Option<State> {
    verdict(bytes, "model.bin").map(|verdict| verdict.state)
}

/// Asserts that a file is found to be bad and that it imports what it does, whatever its name.
#[track_caller]
fn bad(bytes: &[u8], import: &str) {
    for name in ["model.bin", "model.pkl"] {
        let verdict = verdict(bytes, name).unwrap();
        let imports: Vec<String> = verdict
            .imports
            .iter()
            .map(|import| format!("{}.{}", import.module, import.name))
            .collect();
        assert_eq!(verdict.state, State::Suspicious, "{verdict:?}");
        assert!(
            import.is_empty() || imports.iter().any(|found| found == import),
            "{imports:?}"
        );
    }
}

fn checkpoint() -> Vec<u8> {
    let weight = float("0", 16, &[4, 4], &[4, 1]);
    let mut p = Pickle::new();
    p.ordered_dict().op(b"(").text("weight").tensor(&weight);
    p.op(b"u}").text("_metadata").ordered_dict().op(b"sb");
    p.finish()
}

fn archive(pickle: Vec<u8>) -> Vec<Entry> {
    vec![
        Entry::stored("archive/data.pkl", pickle),
        Entry::stored("archive/data/0", noise(64, 1)),
        Entry::stored("archive/version", b"3\n".to_vec()),
    ]
}

fn zip(entries: &[Entry]) -> Vec<u8> {
    write(entries, Width::Zip32)
}

/// Changes the first place that has these bytes.
fn patched(file: &[u8], old: &[u8], at: usize, new: &[u8]) -> Vec<u8> {
    let found = file.windows(old.len()).position(|w| w == old).unwrap();
    let mut file = file.to_vec();
    file[found + at..found + at + new.len()].copy_from_slice(new);
    file
}

#[test]
fn models_are_clean() {
    let module = {
        let mut p = Pickle::new();
        p.global("torch.nn.modules.linear", "Linear").op(b")\x81}");
        p.text("training").op(b"\x88sb");
        p.finish()
    };
    for width in [Width::Zip32, Width::Zip64] {
        let file = write(&archive(checkpoint()), width);
        let found = verdict(&file, "model.pt").unwrap();
        assert_eq!(found.state, State::Clean, "{found:?}");
        assert_eq!((found.pickles, found.imports.len()), (1, 3));
        assert!(found.calls.iter().any(|call| {
            call.opcode == "REDUCE" && call.callee == "torch._utils._rebuild_tensor_v2"
        }));
        assert_eq!(
            found.why,
            "it imports nothing but what is known to be harmless"
        );
    }
    for file in [legacy(true), module, checkpoint(), b"\x80\x04N.".to_vec()] {
        assert_eq!(state(&file), Some(State::Clean));
        assert_eq!(verdict(&file, "model.pkl").unwrap().state, State::Clean);
    }
}

#[test]
fn other_files_have_no_verdict() {
    let safetensors = b"\x02\0\0\0\0\0\0\0{}".to_vec();
    let text = format!("# How not to\n\n{}", String::from_utf8_lossy(SYSTEM));
    for file in [
        vec![],
        noise(200_000, 3),
        safetensors.clone(),
        text.into_bytes(),
    ] {
        assert_eq!(state(&file), None);
    }
    assert_eq!(verdict(&safetensors, "model.pt"), None);
    let png = zip(&[Entry::stored("a.png", noise(5000, 2))]);
    assert_eq!(state(&png), None);
}

#[test]
fn what_runs_commands() {
    let cases: [(&[u8], &str); 12] = [
        (SYSTEM, "os.system"),
        // By names on the stack.
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.", "os.system"),
        // Names from the memo, put there in all ways.
        (
            b"\x80\x04\x8c\x05posix\x940\x8c\x06system\x940h\0h\x01\x93\x8c\x02id\x85R.",
            "posix.system",
        ),
        (
            b"\x80\x02X\x02\0\0\0osp7\n0U\x06systemr\x09\x01\0\x000g7\nj\x09\x01\0\0\x93X\x02\0\0\0id\x85R.",
            "os.system",
        ),
        // Names with escapes.
        (b"S'\\x6f\\163'\nV\\u0073ystem\n\x93S'id'\n\x85R.", "os.system"),
        // INST and OBJ.
        (b"(S'id'\nios\nsystem\n.", "os.system"),
        (b"(cos\nsystem\nS'id'\no.", "os.system"),
        // NEWOBJ and its like.
        (b"\x80\x02csubprocess\nPopen\nX\x02\0\0\0id\x85\x81.", "subprocess.Popen"),
        (b"\x80\x04csubprocess\nPopen\n)}\x92.", "subprocess.Popen"),
        // Pop, marks and duplicates in between.
        (b"(((0001N20cos\nsystem\n2S'id'\n\x85R1.", "os.system"),
        // Another protocol than it says.
        (b"\x80\x00\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.", "os.system"),
        // A module that hands out another.
        (b"\x80\x04cshutil\nos.system\n\x8c\x02id\x85R.", "shutil.os.system"),
    ];
    for (bytes, import) in cases {
        bad(bytes, import);
    }
}

#[test]
fn what_reaches_what_runs() {
    for (bytes, import) in [
        (
            &b"cbuiltins\ngetattr\n(c__builtin__\n__import__\nS'x'\ntR."[..],
            "builtins.getattr",
        ),
        (
            b"coperator\nattrgetter\n(S'system'\ntR(cos\n\ntR.",
            "operator.attrgetter",
        ),
        (
            b"cfunctools\npartial\n(cos\nsystem\nS'id'\ntR.",
            "functools.partial",
        ),
        (b"cbdb\nBdb.run\n(S'id'\ntR.", "bdb.Bdb.run"),
        (
            b"ccollections\nOrderedDict.__class__\n.",
            "collections.OrderedDict.__class__",
        ),
        (b"ctorch.hub\nload\n.", "torch.hub.load"),
        (
            b"cnumpy.testing._private.utils\nrunstring\n.",
            "numpy.testing._private.utils.runstring",
        ),
    ] {
        bad(bytes, import);
    }
    // A call of what a call gave.
    let called = b"ccollections\nOrderedDict\n)R)R.";
    assert!(verdict(called, "").unwrap().why.contains("gives back"));
    // A class that is changed.
    let changed = b"ccollections\nOrderedDict\n}b.";
    assert_eq!(state(changed), Some(State::Suspicious));
}

#[test]
fn numbers_of_the_extension_registry() {
    for bytes in [
        &b"\x80\x02\x82\x05)R."[..],
        b"\x80\x02\x83\x05\0)R.",
        b"\x80\x02\x84\x05\0\0\0)R.",
    ] {
        bad(bytes, "copyreg.extension 5");
    }
}

#[test]
fn what_runs_before_it_fails() {
    for end in [&b""[..], b"\xff\xff", b"X\xff\0\0", b"ttt(R", b"\x80"] {
        bad(&[&SYSTEM[..SYSTEM.len() - 1], end].concat(), "os.system");
    }
    let cut = verdict(&checkpoint()[..50], "").unwrap();
    assert_eq!(cut.state, State::Suspicious);
    assert_eq!(cut.why, "it cannot be read through: it ends in the midst");
    let noise = verdict(&noise(1000, 7), "model.pkl").unwrap();
    assert!(
        noise.why.starts_with("it cannot be read through"),
        "{noise:?}"
    );
}

#[test]
fn several_pickles() {
    let harmless = checkpoint();
    bad(&[&harmless, SYSTEM].concat(), "os.system");
    bad(&[&harmless, &[0; 5000][..], SYSTEM].concat(), "os.system");
    bad(
        &[&harmless, &noise(3000, 4)[..], SYSTEM].concat(),
        "os.system",
    );
    bad(&[&noise(900, 5)[..], SYSTEM].concat(), "os.system");
    let stack = b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.";
    bad(&[&[0; 16][..], stack].concat(), "os.system");
    bad(&[&[0; 16][..], &stack[2..]].concat(), "os.system");
    let twice = verdict(&[&harmless[..], &harmless].concat(), "").unwrap();
    assert_eq!((twice.state, twice.pickles), (State::Clean, 2));
}

#[test]
fn pickles_in_pickles() {
    for len in [0, 100_000] {
        let mut inner = b"\x80\x04".to_vec();
        inner.extend(b"B");
        inner.extend((len as u32).to_le_bytes());
        inner.extend(vec![7; len]);
        inner.extend(&b"0\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R."[..]);
        let mut p = Pickle::new();
        p.op(b"B")
            .op(&(inner.len() as u32).to_le_bytes())
            .op(&inner);
        let outer = p.finish();
        bad(&outer, "os.system");
    }
    let mut loads = b"\x80\x04\x8c\x06pickle\x8c\x05loads\x93C\x17".to_vec();
    loads.extend(SYSTEM);
    loads.extend(b"  \x85R.");
    bad(&loads, "pickle.loads");
}

#[test]
fn what_is_outside_the_pickle() {
    for bytes in [&b"Pabc\n."[..], b"\x80\x02X\x03\0\0\0abcQ."] {
        assert_eq!(verdict(bytes, "a.pkl").unwrap().state, State::Unknown);
    }
}

#[test]
fn unknown_imports_are_said_to_be() {
    let found = verdict(b"cmodels\nNet\n)\x81}b.", "").unwrap();
    assert_eq!(found.state, State::Unknown);
    assert_eq!(
        found.why,
        "it imports models.Net, of which nothing is known"
    );
}

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

#[test]
fn arrays_of_objects() {
    let npy = |descr: &str, data: &[u8]| {
        let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (1,), }}\n");
        let len = (header.len() as u16).to_le_bytes();
        [b"\x93NUMPY\x01\0", &len[..], header.as_bytes(), data].concat()
    };
    bad(&npy("|O", SYSTEM), "os.system");
    bad(
        &zip(&[Entry::stored("a.npy", npy("|O", SYSTEM))]),
        "os.system",
    );
    assert_eq!(state(&npy("<f4", SYSTEM)), None);
    assert_eq!(state(&npy("|O", b"\x80\x04N.")), Some(State::Clean));
}

#[test]
fn arrays_in_the_midst_of_a_pickle() {
    let mut file = b"\x80\x04cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(".to_vec();
    file.extend(b"\x8c\x05shape(K\x05t\x8c\x05dtypecnumpy\ndtype\n(\x8c\x02f8\x89\x88tR(K\x03\x8c\x01<NtbU\x1b");
    file.extend(b"numpy_array_alignment_bytesK\x10ub");
    file.extend([3, 255, 255, 255]);
    file.extend(noise(40, 1));
    let clean = [&file[..], b"."].concat();
    assert_eq!(
        state(&clean),
        Some(State::Clean),
        "{:?}",
        verdict(&clean, "")
    );
    bad(&[&file[..], SYSTEM].concat(), "os.system");
    bad(&file[..file.len() - 3], "");
}

#[test]
fn lines_of_any_length() {
    let line = |inner: &str| [b"S'", inner.as_bytes(), b"'\n"].concat();
    let long = line(&"x".repeat(100_000));
    let clean = [&long[..], b"."].concat();
    assert_eq!(verdict(&clean, "a.pkl").unwrap().state, State::Clean);
    bad(&[&long[..], b"0", SYSTEM].concat(), "os.system");
    // A name that is too long to be kept is none that is known.
    bad(&[&b"S'os'\n"[..], &long, b"\x93)R."].concat(), "");
}

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

    #[test]
    fn opcodes_in_any_order(ops in proptest::collection::vec(
        proptest::sample::select(&b"().012NbaesutRQo\x81\x93\x94]}h\0q\0\x85\x86\x92\x8c\x01a"[..]), 0..200)) {
        let _ = verdict(&[b"\x80\x04", &ops[..]].concat(), "a.pkl");
    }
}
