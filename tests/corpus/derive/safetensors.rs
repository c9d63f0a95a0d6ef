//! Reading and writing safetensors, by nothing but its specification: what Sheaf reads was not
//! written by Sheaf's own code.

use serde_json::{Map, Value, json};

use crate::Outcome;

/// The bytes of a header's length in front of it.
const LENGTH: usize = 8;

/// A tensor's name, type and bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    pub name: String,
    pub dtype: String,
    pub shape: Vec<u64>,
    pub bytes: Vec<u8>,
}

/// The tensors of a file, in the order of their bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub tensors: Vec<Tensor>,
}

impl Model {
    /// Takes apart a file.
    pub fn read(file: &[u8]) -> Outcome<Self> {
        let length = file.first_chunk().ok_or("no header")?;
        let length = usize::try_from(u64::from_le_bytes(*length))?;
        let rest = &file[LENGTH..];
        let (header, data) = rest.split_at_checked(length).ok_or("no whole header")?;
        let header: Map<String, Value> = serde_json::from_slice(header)?;
        let mut placed = Vec::new();
        for (name, value) in header.iter().filter(|(name, _)| *name != "__metadata__") {
            placed.push(Tensor::read(name, value, data)?);
        }
        placed.sort_by_key(|(start, _)| *start);
        let tensors = placed.into_iter().map(|(_, tensor)| tensor).collect();
        Ok(Self { tensors })
    }

    /// Puts together a file.
    pub fn write(&self) -> Vec<u8> {
        let mut entries = vec![json!({"format": "pt"}).to_string()];
        entries[0].insert_str(0, "\"__metadata__\":");
        let mut start = 0;
        for tensor in &self.tensors {
            let end = start + tensor.bytes.len();
            entries.push(tensor.entry(start, end));
            start = end;
        }
        let mut header = format!("{{{}}}", entries.join(","));
        // Tensors begin at a multiple of 8.
        let padding = header.len().next_multiple_of(LENGTH) - header.len();
        header.push_str(&" ".repeat(padding));
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend(header.into_bytes());
        for tensor in &self.tensors {
            file.extend(&tensor.bytes);
        }
        file
    }
}

impl Tensor {
    fn read(name: &str, value: &Value, data: &[u8]) -> Outcome<(usize, Self)> {
        let [start, end] = serde_json::from_value(value["data_offsets"].clone())?;
        let tensor = Self {
            name: name.to_owned(),
            dtype: serde_json::from_value(value["dtype"].clone())?,
            shape: serde_json::from_value(value["shape"].clone())?,
            bytes: data.get(start..end).ok_or("bytes outside")?.to_vec(),
        };
        Ok((start, tensor))
    }

    /// The header's line, its keys in a fixed order.
    fn entry(&self, start: usize, end: usize) -> String {
        let [name, dtype, shape] = [json!(self.name), json!(self.dtype), json!(self.shape)];
        format!("{name}:{{\"dtype\":{dtype},\"shape\":{shape},\"data_offsets\":[{start},{end}]}}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let tensor = |name: &str, dtype: &str, len: u8| Tensor {
            name: name.into(),
            dtype: dtype.into(),
            shape: vec![u64::from(len)],
            bytes: (0..len).collect(),
        };
        let model = Model {
            tensors: vec![tensor("z", "U8", 5), tensor("a\"", "I8", 3)],
        };
        let file = model.write();
        assert_eq!((file.len() - 8) % 8, 0);
        assert_eq!(Model::read(&file).unwrap(), model);
    }

    #[test]
    fn what_is_no_safetensors_is_refused() {
        for file in [&b""[..], b"\xff\0\0\0\0\0\0\0{}", b"\x02\0\0\0\0\0\0\0no"] {
            assert!(Model::read(file).is_err());
        }
    }
}
