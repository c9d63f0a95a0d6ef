//! A small writer of CTranslate2's models.

use super::noise;

fn text(text: &str) -> Vec<u8> {
    let len = text.len() as u16 + 1;
    [&len.to_le_bytes()[..], text.as_bytes(), b"\0"].concat()
}

/// A model of variables with a name, a shape, a type and a number of bytes.
pub fn file(version: u32, variables: &[(&str, &[u32], u8, usize)]) -> Vec<u8> {
    let mut file = version.to_le_bytes().to_vec();
    file.extend(text("TransformerSpec"));
    file.extend(3_u32.to_le_bytes());
    file.extend((variables.len() as u32).to_le_bytes());
    for &(name, shape, kind, len) in variables {
        file.extend(text(name));
        file.push(shape.len() as u8);
        shape.iter().for_each(|n| file.extend(n.to_le_bytes()));
        file.push(kind);
        let count = if version < 4 {
            len / usize::from(kind)
        } else {
            len
        };
        file.extend((count as u32).to_le_bytes());
        file.extend(noise(len, len as u64));
    }
    file.extend(1_u32.to_le_bytes());
    file.extend(text("decoder/embeddings/weight"));
    file.extend(text("encoder/embeddings/weight"));
    file
}
