/// An entry of a zip file.
#[derive(Clone)]
pub struct Entry {
    pub name: String,
    pub data: Vec<u8>,
    pub method: u16,
    /// What the local header says of the name, if something else.
    pub local_name: Option<String>,
}

impl Entry {
    pub fn stored(name: &str, data: Vec<u8>) -> Entry {
        Entry {
            name: name.to_owned(),
            data,
            method: 0,
            local_name: None,
        }
    }
}

/// Where sizes and offsets are written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Width {
    Zip32,
    Zip64,
}

/// Writes a zip file as PyTorch does: data at multiples of 64, sizes after the data.
pub fn write(entries: &[Entry], width: Width) -> Vec<u8> {
    write_behind(Vec::new(), entries, width)
}

/// Writes a zip file behind something else, whose places are those of the whole.
pub fn write_behind(mut file: Vec<u8>, entries: &[Entry], width: Width) -> Vec<u8> {
    let mut directory = Vec::new();
    for entry in entries {
        let header = file.len();
        let local_name = entry.local_name.as_ref().unwrap_or(&entry.name);
        let before = header + 30 + local_name.len() + 4;
        let padding = before.next_multiple_of(64) - before;
        file.extend(b"PK\x03\x04\x00\x00\x08\x08");
        file.extend(entry.method.to_le_bytes());
        file.extend([0; 16]);
        file.extend((local_name.len() as u16).to_le_bytes());
        file.extend((padding as u16 + 4).to_le_bytes());
        file.extend(local_name.as_bytes());
        file.extend(b"FB");
        file.extend((padding as u16).to_le_bytes());
        file.resize(file.len() + padding, b'Z');
        file.extend(&entry.data);
        file.extend(b"PK\x07\x08");
        file.extend([0; 12]);
        directory.extend(central(entry, header as u64, width));
    }
    let start = file.len() as u64;
    file.extend(&directory);
    end(
        &mut file,
        start,
        directory.len() as u64,
        entries.len() as u64,
        width,
    );
    file
}

fn central(entry: &Entry, header: u64, width: Width) -> Vec<u8> {
    let len = entry.data.len() as u64;
    let narrow = |value: u64| match width {
        Width::Zip32 => value as u32,
        Width::Zip64 => u32::MAX,
    };
    let mut extra = Vec::new();
    if width == Width::Zip64 {
        extra.extend([9, 9, 2, 0, 7, 7]);
        extra.extend([1, 0, 24, 0]);
        [len, len, header]
            .iter()
            .for_each(|value| extra.extend(value.to_le_bytes()));
    }
    let mut bytes = b"PK\x01\x02\x00\x00\x00\x00\x08\x08".to_vec();
    bytes.extend(entry.method.to_le_bytes());
    bytes.extend([0; 8]);
    bytes.extend(narrow(len).to_le_bytes());
    bytes.extend(narrow(len).to_le_bytes());
    bytes.extend((entry.name.len() as u16).to_le_bytes());
    bytes.extend((extra.len() as u16).to_le_bytes());
    bytes.extend([0; 10]);
    bytes.extend(narrow(header).to_le_bytes());
    bytes.extend(entry.name.as_bytes());
    bytes.extend(extra);
    bytes
}

fn end(file: &mut Vec<u8>, start: u64, len: u64, count: u64, width: Width) {
    let end64 = file.len() as u64;
    if width == Width::Zip64 {
        file.extend(b"PK\x06\x06");
        file.extend(44_u64.to_le_bytes());
        file.extend([0; 12]);
        [count, count, len, start]
            .iter()
            .for_each(|value| file.extend(value.to_le_bytes()));
        file.extend(b"PK\x06\x07\x00\x00\x00\x00");
        file.extend(end64.to_le_bytes());
        file.extend(1_u32.to_le_bytes());
    }
    let narrow = |value: u64| match width {
        Width::Zip32 => value as u32,
        Width::Zip64 => u32::MAX,
    };
    file.extend(b"PK\x05\x06\x00\x00\x00\x00");
    file.extend((count as u16).to_le_bytes());
    file.extend((count as u16).to_le_bytes());
    file.extend(narrow(len).to_le_bytes());
    file.extend(narrow(start).to_le_bytes());
    file.extend(2_u16.to_le_bytes());
    file.extend(b"hi");
}
