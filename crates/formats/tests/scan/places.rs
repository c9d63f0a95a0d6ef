//! Pickles behind each other, in each other and between arrays.

use sheaf_formats::scan::State;

use crate::common::noise;
use crate::common::pickle::Pickle;
use crate::common::zip::Entry;
use crate::{SYSTEM, bad, checkpoint, state, verdict, zip};

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
