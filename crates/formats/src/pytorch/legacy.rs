//! What PyTorch wrote before its zip files: pickles one after the other (a magic number, a version,
//! the system, the object, the storages' keys), then each storage with its length before it.

use super::contents::{Places, text, understood};
use super::names;
use super::tensors::Storages;
use crate::format::{Contents, Format, Found, MAX_HEAD_LEN};
use crate::pickle::{self, Graph, Node, Value};

/// The pickle of the magic number, in protocol 2, that of the version, 1001.
const MAGIC: &[u8] = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.";

/// The least that is asked for: enough for most pickles.
const FIRST_LEN: usize = 64 << 10;

/// Bytes of the length before a storage.
const LENGTH: u64 = 8;

pub(crate) struct Legacy;

impl Format for Legacy {
    fn sniff(&self, head: &[u8]) -> Found {
        match head.get(..MAGIC.len()) {
            None if MAGIC.starts_with(head) => return Found::NeedMore(MAGIC.len()),
            Some(MAGIC) => {}
            _ => return Found::No,
        }
        match parse(head) {
            Some(contents) => Found::Contents(contents),
            None if head.len() >= MAX_HEAD_LEN => Found::No,
            // Too short or unsound is the same here. Doubled, as parsing begins anew.
            None => Found::NeedMore((2 * head.len()).clamp(FIRST_LEN, MAX_HEAD_LEN)),
        }
    }
}

fn parse(head: &[u8]) -> Option<Contents> {
    let mut rest = head.get(MAGIC.len()..)?;
    let system = pickle::read_first(&mut rest)?;
    let graph = pickle::read_first(&mut rest)?;
    let keys = pickle::read_first(&mut rest)?;
    let data = (head.len() - rest.len()) as u64;
    let views = names::walk(&graph);
    let mut storages = Storages::of(&graph, &views);
    let places = places(&keys, &storages, data)?;
    if is_big(&system) {
        storages.forget();
    }
    let mut contents = understood(&views, &storages, &places);
    contents.regions.push(text(0..data));
    Some(contents)
}

/// The storages lie in the order of their keys. Their lengths are the pickle's: those in the file
/// lie between the storages, and have not come yet.
fn places<'a>(keys: &Graph<'a>, storages: &Storages<'_>, data: u64) -> Option<Places<'a>> {
    let Node::List(keys) = keys.node(keys.root)? else {
        return None;
    };
    let mut places = Places::new();
    let mut end = data;
    for key in keys {
        let Value::Text(key) = *key else { return None };
        let start = end.checked_add(LENGTH)?;
        end = start.checked_add(storages.get(key)?.len()?)?;
        places.insert(key, start..end);
    }
    Some(places)
}

fn is_big(system: &Graph<'_>) -> bool {
    match system.node(system.root) {
        Some(Node::Dict(items)) => {
            items.contains(&(Value::Text(b"little_endian"), Value::Bool(false)))
        }
        _ => false,
    }
}
