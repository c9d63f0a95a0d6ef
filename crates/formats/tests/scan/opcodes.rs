//! What a pickle's opcodes do, in whatever way they are written.

use proptest::prelude::*;
use sheaf_formats::scan::State;

use crate::common::noise;
use crate::{SYSTEM, bad, checkpoint, state, verdict};

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
fn lines_of_any_length() {
    let line = |inner: &str| [b"S'", inner.as_bytes(), b"'\n"].concat();
    let long = line(&"x".repeat(100_000));
    let clean = [&long[..], b"."].concat();
    assert_eq!(verdict(&clean, "a.pkl").unwrap().state, State::Clean);
    bad(&[&long[..], b"0", SYSTEM].concat(), "os.system");
    // A name that is too long to be kept is none that is known.
    bad(&[&b"S'os'\n"[..], &long, b"\x93)R."].concat(), "");
}

proptest! {
    #[test]
    fn opcodes_in_any_order(ops in proptest::collection::vec(
        proptest::sample::select(&b"().012NbaesutRQo\x81\x93\x94]}h\0q\0\x85\x86\x92\x8c\x01a"[..]), 0..200)) {
        let _ = verdict(&[b"\x80\x04", &ops[..]].concat(), "a.pkl");
    }
}
