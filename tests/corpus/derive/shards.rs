//! A model in two files with an index, as hubs hold models that are too large for one.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::Outcome;
use crate::safetensors::Model;

const SHARDS: usize = 2;

/// Writes the shards and their index into a folder.
pub fn write(model: &Model, folder: &Path) -> Outcome<()> {
    let mut weights = Map::new();
    for (number, shard) in split(model).iter().enumerate() {
        let name = format!("model-{:05}-of-{SHARDS:05}.safetensors", number + 1);
        fs::write(folder.join(&name), shard.write())?;
        let names = shard.tensors.iter().map(|tensor| tensor.name.clone());
        weights.extend(names.map(|tensor| (tensor, Value::from(name.clone()))));
    }
    weights.sort_keys();
    let index = json!({"metadata": {"total_size": total(model)}, "weight_map": weights});
    let text = serde_json::to_string_pretty(&index)? + "\n";
    Ok(fs::write(
        folder.join("model.safetensors.index.json"),
        text,
    )?)
}

fn total(model: &Model) -> usize {
    model.tensors.iter().map(|tensor| tensor.bytes.len()).sum()
}

/// Tensors in their order, a new shard where the first has half of the bytes.
fn split(model: &Model) -> [Model; SHARDS] {
    let half = total(model) / SHARDS;
    let mut end = 0;
    let (first, second) = model.tensors.iter().cloned().partition(|tensor| {
        end += tensor.bytes.len();
        end <= half
    });
    [first, second].map(|tensors| Model { tensors })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::safetensors::Tensor;

    #[test]
    fn shards_and_index_name_every_tensor_once() {
        let tensor = |name: &str| Tensor {
            name: name.into(),
            dtype: "U8".into(),
            shape: vec![4],
            bytes: vec![1; 4],
        };
        let model = Model {
            tensors: ["c", "a", "b", "d"].map(tensor).to_vec(),
        };
        let folder = tempfile::tempdir().unwrap();
        write(&model, folder.path()).unwrap();

        let read = |name: &str| fs::read(folder.path().join(name)).unwrap();
        let index: Value = serde_json::from_slice(&read("model.safetensors.index.json")).unwrap();
        assert_eq!(index["metadata"]["total_size"], 16);
        for (name, file) in [("c", 1), ("a", 1), ("b", 2), ("d", 2)] {
            let file = format!("model-0000{file}-of-00002.safetensors");
            assert_eq!(index["weight_map"][name], file);
            let shard = Model::read(&read(&file)).unwrap();
            assert!(shard.tensors.iter().any(|tensor| tensor.name == name));
        }
    }
}
