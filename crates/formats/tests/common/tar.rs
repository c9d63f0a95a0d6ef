fn block(name: &str, size: usize, kind: u8) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[100..107].copy_from_slice(b"0000644");
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[148..156].fill(b' ');
    block[156] = kind;
    block[257..262].copy_from_slice(b"ustar");
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block
}

/// A tar of these files. Long names have a record of their own.
pub fn write(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut tar = Vec::new();
    let mut add = |name: &str, kind: u8, data: &[u8]| {
        tar.extend(block(name, data.len(), kind));
        tar.extend(data);
        tar.resize(tar.len().next_multiple_of(512), 0);
    };
    add("folder/", b'5', b"");
    for (name, data) in files {
        match name.len() {
            0..100 => add(name, b'0', data),
            _ => {
                add("././@LongLink", b'L', name.as_bytes());
                add(&name[..99], b'0', data);
            }
        }
    }
    tar.resize(tar.len() + 1024, 0);
    tar
}
