use super::noise;

/// A file with this header and data.
pub fn raw(header: &str, data: &[u8]) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(header.as_bytes());
    file.extend_from_slice(data);
    file
}

/// A file of tensors: name, dtype, bytes of an element, shape.
pub fn file(tensors: &[(&str, &str, u64, &[u64])]) -> Vec<u8> {
    let mut end = 0;
    let entries: Vec<String> = tensors
        .iter()
        .map(|(name, dtype, width, shape)| {
            let start = end;
            end += width * shape.iter().product::<u64>();
            format!(
                r#""{name}":{{"dtype":"{dtype}","shape":{shape:?},"data_offsets":[{start},{end}]}}"#
            )
        })
        .collect();
    let header = format!(
        r#"{{"__metadata__":{{"format":"pt"}},{}}}  "#,
        entries.join(",")
    );
    raw(&header, &noise(end as usize, end))
}
