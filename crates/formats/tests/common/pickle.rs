//! Pickles as `torch.save` writes them (protocol 2).

use super::noise;

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

/// A tensor that is a whole storage of floats.
pub fn float<'a>(key: &'a str, elements: u64, shape: &'a [u64], strides: &'a [u64]) -> Tensor<'a> {
    Tensor {
        class: "FloatStorage",
        key,
        storage_elements: elements,
        offset: 0,
        shape,
        strides,
        dtype: None,
    }
}

/// A file as it was before the zip files: one storage of two tensors and a rest, and another.
pub fn legacy(little_endian: bool) -> Vec<u8> {
    let first = Tensor {
        shape: &[256, 512],
        strides: &[512, 1],
        ..float("9", 300_000, &[], &[])
    };
    let second = Tensor {
        offset: 1 << 17,
        shape: &[100_000],
        strides: &[1],
        ..float("9", 300_000, &[], &[])
    };
    let half = Tensor {
        class: "HalfStorage",
        ..float("10", 200_000, &[200_000], &[1])
    };
    let mut file = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.".to_vec();
    let mut p = Pickle::new();
    p.op(b"}(")
        .text("protocol_version")
        .int(1001)
        .text("little_endian");
    p.op(if little_endian { b"\x88" } else { b"\x89" }).op(b"u");
    file.extend(p.finish());
    let mut p = Pickle::new();
    p.op(b"}(")
        .text("a")
        .tensor(&first)
        .text("b")
        .tensor(&second)
        .text("c")
        .tensor(&half)
        .op(b"u");
    file.extend(p.finish());
    let mut p = Pickle::new();
    p.op(b"](").text("10").text("9").op(b"e");
    file.extend(p.finish());
    file.extend(200_000_u64.to_le_bytes());
    file.extend(noise(400_000, 1));
    file.extend(300_000_u64.to_le_bytes());
    file.extend(noise(1_200_000, 2));
    file
}
