//! The sum that zip files keep of each entry: CRC-32 with the reversed polynomial edb88320.

const TABLES: [[u32; 256]; 8] = tables();

/// The sum of bytes as they come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crc32(u32);

impl Crc32 {
    pub fn new() -> Crc32 {
        Crc32(!0)
    }

    /// Eight bytes at a time, each by the table of what is still to be shifted after it.
    pub fn update(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            let [a, b, c, d, e, f, g, h] = *word;
            let first = (self.0 ^ u32::from_le_bytes([a, b, c, d])).to_le_bytes();
            let all = first.into_iter().chain([e, f, g, h]);
            let tables = TABLES.iter().rev();
            self.0 = all
                .zip(tables)
                .fold(0, |sum, (byte, table)| sum ^ table[usize::from(byte)]);
        }
        for byte in rest {
            self.0 = self.0 >> 8 ^ TABLES[0][usize::from(self.0 as u8 ^ byte)];
        }
    }

    pub fn finish(self) -> u32 {
        !self.0
    }
}

const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = sum >> 1 ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 };
            bit += 1;
        }
        tables[0][byte] = sum;
        let mut table = 1;
        while table < 8 {
            sum = sum >> 8 ^ first(sum);
            tables[table][byte] = sum;
            table += 1;
        }
        byte += 1;
    }
    tables
}

/// What the first table has for the lowest byte, before that table is there as a whole.
const fn first(sum: u32) -> u32 {
    let mut sum = sum & 0xff;
    let mut bit = 0;
    while bit < 8 {
        sum = sum >> 1 ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 };
        bit += 1;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(parts: &[&[u8]]) -> u32 {
        let mut sum = Crc32::new();
        parts.iter().for_each(|part| sum.update(part));
        sum.finish()
    }

    #[test]
    fn known_sums() {
        assert_eq!(sum(&[]), 0);
        assert_eq!(sum(&[b"123456789"]), 0xcbf4_3926);
        let text = b"The quick brown fox jumps over the lazy dog";
        assert_eq!(sum(&[text]), 0x414f_a339);
        assert_eq!(sum(&[&text[..3], &text[3..20], &text[20..]]), 0x414f_a339);
    }
}
