//! Storages and the tensors that are views of them, from the graph of a pickle.

use std::collections::HashMap;

use sheaf_codec::Dtype;

use super::dtypes::{self, Word};
use crate::format;
use crate::pickle::{Graph, Node, Value};
use crate::size;

/// How many wrappers (parameter, subclass) may be around a tensor.
const MAX_WRAPPERS: usize = 8;

/// The most dimensions of a tensor.
const MAX_DIMS: usize = 64;

/// A storage, as the pickle has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Storage {
    pub word: Word,
    /// What its bytes are: unknown where the archive disagrees with the pickle.
    pub dtype: Dtype,
    elements: u64,
}

/// A tensor: a view of a storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View<'a> {
    pub name: String,
    /// The storage's key.
    pub storage: &'a [u8],
    /// The dtype, where it is not the storage's.
    pub word: Option<Word>,
    /// From the storage's beginning, in elements.
    pub offset: u64,
    pub shape: Vec<u64>,
    strides: Vec<u64>,
}

impl View<'_> {
    pub fn named(self, name: String) -> Self {
        Self { name, ..self }
    }

    /// Elements of the storage from its first to its last.
    pub fn extent(&self) -> Option<u64> {
        if size::elements(&self.shape)? == 0 {
            return Some(0);
        }
        let last = self
            .shape
            .iter()
            .zip(&self.strides)
            .try_fold(0_u64, |last, (n, stride)| {
                last.checked_add((n - 1).checked_mul(*stride)?)
            });
        last?.checked_add(1)
    }

    /// Whether it has every element from its first to its last, in whatever order.
    pub fn is_dense(&self) -> bool {
        self.extent().is_some() && self.extent() == size::elements(&self.shape)
    }

    /// Elements in a row as they lie in memory: a transposed matrix has those of its columns.
    pub fn row(&self) -> u32 {
        let mut dims: Vec<(u64, u64)> = self
            .shape
            .iter()
            .zip(&self.strides)
            .map(|(n, stride)| (*stride, *n))
            .filter(|(_, n)| *n != 1)
            .collect();
        dims.sort_unstable();
        match dims.first() {
            Some((1, _)) => format::row_of(dims.iter().map(|(_, n)| *n)),
            _ => 0,
        }
    }
}

impl Storage {
    /// Its bytes, as the pickle has it.
    pub fn len(&self) -> Option<u64> {
        self.elements.checked_mul(self.word.width)
    }
}

/// The storages of a file, by key.
pub(super) struct Storages<'a>(HashMap<&'a [u8], Storage>);

impl<'a> Storages<'a> {
    /// All that the pickle names, also where no tensor is found for it.
    pub fn of(graph: &Graph<'a>, views: &[View<'a>]) -> Storages<'a> {
        let mut storages = HashMap::new();
        for node in &graph.nodes {
            let Node::Persistent(id) = node else { continue };
            if let Some((key, word, elements)) = storage(graph, *id) {
                storages.entry(key).or_insert(Storage {
                    word,
                    dtype: word.dtype,
                    elements,
                });
            }
        }
        // Dtypes without a class of storages are said at the tensor.
        for view in views {
            if let (Some(word), Some(storage)) = (view.word, storages.get_mut(view.storage))
                && storage.word == dtypes::UNTYPED
            {
                storage.dtype = word.dtype;
            }
        }
        Storages(storages)
    }

    pub fn get(&self, key: &[u8]) -> Option<&Storage> {
        self.0.get(key)
    }

    /// Compares with the archive: a storage of another length than the pickle says is not
    /// believed to be of its dtype.
    pub fn check(&mut self, len: impl Fn(&[u8]) -> Option<u64>) {
        for (key, storage) in &mut self.0 {
            if storage.len() != len(key) {
                storage.dtype = Dtype::Unknown;
            }
        }
    }

    /// Where the elements' bytes are not in the order that is known.
    pub fn forget(&mut self) {
        self.0
            .values_mut()
            .for_each(|storage| storage.dtype = Dtype::Unknown);
    }
}

/// Key, dtype and elements from `("storage", class, key, device, elements)`.
fn storage<'a>(graph: &Graph<'a>, id: Value<'a>) -> Option<(&'a [u8], Word, u64)> {
    let [
        Value::Text(b"storage"),
        class,
        Value::Text(key),
        _,
        Value::Int(elements),
        ..,
    ] = *graph.tuple(id)?
    else {
        return None;
    };
    let (module, name) = graph.global(class)?;
    Some((
        key,
        dtypes::of_storage(module, name)?,
        u64::try_from(elements).ok()?,
    ))
}

/// The tensor that a call in the pickle would make, if it would make one. Its name is left empty.
pub(super) fn view<'a>(graph: &Graph<'a>, value: Value<'a>) -> Option<View<'a>> {
    let Node::Object(object) = graph.node(value)? else {
        return None;
    };
    let (mut callable, mut args) = (object.callable, graph.tuple(object.args)?);
    for _ in 0..MAX_WRAPPERS {
        match graph.global(callable)? {
            (b"torch._utils", b"_rebuild_parameter" | b"_rebuild_parameter_with_state") => {
                let Node::Object(inner) = graph.node(*args.first()?)? else {
                    return None;
                };
                (callable, args) = (inner.callable, graph.tuple(inner.args)?);
            }
            (b"torch._tensor", b"_rebuild_from_type_v2") => {
                let [function, _, inner, ..] = args else {
                    return None;
                };
                (callable, args) = (*function, graph.tuple(*inner)?);
            }
            (b"torch._utils", b"_rebuild_tensor" | b"_rebuild_tensor_v2" | b"_rebuild_qtensor") => {
                return rebuilt(graph, args, None);
            }
            (b"torch._utils", b"_rebuild_tensor_v3") => {
                let (module, name) = graph.global(*args.get(6)?)?;
                return rebuilt(graph, args, Some(dtypes::of_dtype(module, name)?));
            }
            _ => return None,
        }
    }
    None
}

fn rebuilt<'a>(graph: &Graph<'a>, args: &[Value<'a>], word: Option<Word>) -> Option<View<'a>> {
    let [storage_id, Value::Int(offset), shape, strides, ..] = args else {
        return None;
    };
    let Node::Persistent(id) = graph.node(*storage_id)? else {
        return None;
    };
    let (storage, ..) = storage(graph, *id)?;
    let (shape, strides) = (numbers(graph, *shape)?, numbers(graph, *strides)?);
    let offset = u64::try_from(*offset).ok()?;
    (shape.len() == strides.len()).then(|| View {
        name: String::new(),
        storage,
        word,
        offset,
        shape,
        strides,
    })
}

fn numbers<'a>(graph: &Graph<'a>, value: Value<'a>) -> Option<Vec<u64>> {
    let items = match graph.node(value)? {
        Node::Tuple(items) => items,
        // `torch.Size((1, 2))`.
        Node::Object(object) => match graph.tuple(object.args)? {
            [inner] => graph.tuple(*inner)?,
            _ => return None,
        },
        _ => return None,
    };
    if items.len() > MAX_DIMS {
        return None;
    }
    let number = |item: &Value<'_>| match *item {
        Value::Int(n) => u64::try_from(n).ok(),
        _ => None,
    };
    items.iter().map(number).collect()
}
