use super::noise;

/// An array of bytes of no pattern, as NumPy writes it: the data at a multiple of 64.
pub fn array(descr: &str, shape: &str, len: usize) -> Vec<u8> {
    let mut header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    while (header.len() + 11) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\0".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(noise(len, len as u64));
    file
}
