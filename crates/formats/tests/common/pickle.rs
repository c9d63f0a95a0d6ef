//! Pickles as `torch.save` writes them (protocol 2).

/// Appends opcodes.
#[derive(Default)]
pub struct Pickle(pub Vec<u8>);

impl Pickle {
    pub fn new() -> Pickle {
        Pickle(vec![0x80, 2])
    }

    pub fn op(&mut self, bytes: &[u8]) -> &mut Pickle {
        self.0.extend(bytes);
        self
    }

    pub fn text(&mut self, text: &str) -> &mut Pickle {
        self.op(b"X")
            .op(&(text.len() as u32).to_le_bytes())
            .op(text.as_bytes())
    }

    pub fn int(&mut self, value: u64) -> &mut Pickle {
        match value {
            0..=0xff => self.op(b"K").op(&[value as u8]),
            0x100..=0x7fff_ffff => self.op(b"J").op(&(value as u32).to_le_bytes()),
            _ => self.op(b"\x8a\x08").op(&value.to_le_bytes()),
        }
    }

    pub fn global(&mut self, module: &str, name: &str) -> &mut Pickle {
        self.op(format!("c{module}\n{name}\n").as_bytes())
    }

    pub fn ints(&mut self, values: &[u64]) -> &mut Pickle {
        self.op(b"(");
        values.iter().for_each(|&value| {
            self.int(value);
        });
        self.op(b"t")
    }

    pub fn ordered_dict(&mut self) -> &mut Pickle {
        self.global("collections", "OrderedDict").op(b")R")
    }

    pub fn storage(&mut self, class: &str, key: &str, elements: u64) -> &mut Pickle {
        let module = if class == "UntypedStorage" {
            "torch.storage"
        } else {
            "torch"
        };
        self.op(b"(")
            .text("storage")
            .global(module, class)
            .text(key)
            .text("cpu")
            .int(elements);
        self.op(b"tQ")
    }

    pub fn tensor(&mut self, tensor: &Tensor<'_>) -> &mut Pickle {
        let function = if tensor.dtype.is_some() {
            "_rebuild_tensor_v3"
        } else {
            "_rebuild_tensor_v2"
        };
        self.global("torch._utils", function).op(b"(");
        self.storage(tensor.class, tensor.key, tensor.storage_elements);
        self.int(tensor.offset)
            .ints(tensor.shape)
            .ints(tensor.strides)
            .op(b"\x89")
            .ordered_dict();
        if let Some(dtype) = tensor.dtype {
            self.global("torch", dtype);
        }
        self.op(b"tR")
    }

    pub fn finish(&mut self) -> Vec<u8> {
        self.op(b".");
        std::mem::take(&mut self.0)
    }
}

/// A tensor to be pickled.
pub struct Tensor<'a> {
    pub class: &'a str,
    pub key: &'a str,
    pub storage_elements: u64,
    pub offset: u64,
    pub shape: &'a [u64],
    pub strides: &'a [u64],
    /// Said at the tensor, as for the dtypes that came later.
    pub dtype: Option<&'a str>,
}
