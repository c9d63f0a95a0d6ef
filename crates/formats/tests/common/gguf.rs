use super::noise;

/// Writes GGUF files.
pub struct Writer {
    pub version: u32,
    pub alignment: u64,
    pairs: Vec<u8>,
    pair_count: u64,
    tensors: Vec<u8>,
    tensor_count: u64,
    data_len: u64,
}

pub fn text(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

impl Writer {
    pub fn new(version: u32) -> Writer {
        Writer {
            version,
            alignment: 32,
            pairs: vec![],
            pair_count: 0,
            tensors: vec![],
            tensor_count: 0,
            data_len: 0,
        }
    }

    pub fn pair(mut self, key: &str, kind: u32, value: &[u8]) -> Writer {
        self.pairs.extend(text(key));
        self.pairs.extend(kind.to_le_bytes());
        self.pairs.extend(value);
        self.pair_count += 1;
        self
    }

    /// A tensor of a type, its shape innermost first, of so many bytes.
    pub fn tensor(mut self, name: &str, type_id: u32, shape: &[u64], len: u64) -> Writer {
        self.tensors.extend(text(name));
        self.tensors.extend((shape.len() as u32).to_le_bytes());
        shape
            .iter()
            .for_each(|n| self.tensors.extend(n.to_le_bytes()));
        self.tensors.extend(type_id.to_le_bytes());
        self.tensors.extend(self.data_len.to_le_bytes());
        self.tensor_count += 1;
        self.data_len = (self.data_len + len).next_multiple_of(self.alignment);
        self
    }

    pub fn header(&self) -> Vec<u8> {
        let mut file = b"GGUF".to_vec();
        file.extend(self.version.to_le_bytes());
        file.extend(self.tensor_count.to_le_bytes());
        file.extend(self.pair_count.to_le_bytes());
        file.extend(&self.pairs);
        file.extend(&self.tensors);
        file.resize(file.len().next_multiple_of(self.alignment as usize), 0);
        file
    }

    pub fn finish(&self) -> Vec<u8> {
        let mut file = self.header();
        file.extend(noise(self.data_len as usize, self.data_len));
        file
    }
}
