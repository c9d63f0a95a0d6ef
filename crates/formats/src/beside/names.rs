//! Which files may say something of which others, by their names, so that few are looked into.

/// Whether a file of this name may be an index.
pub(super) fn may_be_index(path: &str) -> bool {
    matches!(end(path), "onnx" | "index" | "json" | "xml")
}

/// Whether a file may be an index that names another.
pub(super) fn may_tell(index: &str, data: &str) -> bool {
    let stem = |path: &'_ str| path.len() - end(path).len();
    match end(index) {
        // Any name: of each tensor, if there is a file for each.
        "onnx" => data.starts_with(folder(index)) && index != data,
        "index" => data
            .strip_prefix(&index[..stem(index)])
            .is_some_and(|end| end.starts_with("data-")),
        "xml" => data.strip_suffix("bin") == Some(&index[..stem(index)]),
        "json" => data.starts_with(folder(index)) && is_shard(name(data)),
        _ => false,
    }
}

/// Shards are called `group1-shard1of2.bin`, `weights.bin`, `params_shard_0.bin`, `name-shard1`.
fn is_shard(name: &str) -> bool {
    end(name) == "bin" || name.contains("shard")
}

fn folder(path: &str) -> &str {
    &path[..path.len() - name(path).len()]
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What is behind the last dot of a name; nothing where there is none.
fn end(path: &str) -> &str {
    name(path).rsplit_once('.').map_or("", |(_, end)| end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_tell_of_whom() {
        for (index, data, expected) in [
            ("model.onnx", "model.onnx_data", true),
            ("onnx/model.onnx", "onnx/w/embed.weight", true),
            ("onnx/model.onnx", "model.onnx_data", false),
            ("a/v.index", "a/v.data-00000-of-00001", true),
            ("a/v.index", "a/w.data-00000-of-00001", false),
            ("a/m.fp16.xml", "a/m.fp16.bin", true),
            ("a/m.xml", "a/n.bin", false),
            ("js/model.json", "js/group1-shard1of2.bin", true),
            ("js/model.json", "js/face-shard2", true),
            ("js/model.json", "js/README", false),
            ("model.bin", "weights.bin", false),
        ] {
            assert_eq!(may_tell(index, data), expected, "{index} {data}");
            assert!(may_be_index(index) || !expected);
        }
    }
}
