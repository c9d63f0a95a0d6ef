//! What machines do differently: spreading and gathering bits, and looking up bytes.
//!
//! A machine is a value that exists only where its instructions do, so that to hold one is the proof
//! that they may run. The code that uses one is compiled once for each.

mod bits;
#[cfg(target_arch = "aarch64")]
mod neon;
mod strings;
mod table;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(super) use strings::WINDOW;
pub(super) use table::{Lookup, Table};

use super::rows::Plane;
use strings::Window;

/// 32 bytes, as words.
pub(super) type Row = [u64; 4];

/// The instructions that codes in bit planes are made of.
pub(super) trait Machine: Copy {
    /// Spreads the bits of a string from bit `at` of its window on to where the mask has ones, and says where the
    /// next is. Less than 8 bits of the window come before.
    #[inline(always)]
    fn spread(self, window: &Window, at: usize, mask: &Plane, plane: &mut Plane) -> usize {
        bits::spread(window, at, mask, plane)
    }

    /// Appends the bits of a plane where the mask has ones to a string of `at` bits, and says how many it has
    /// then. The string has room for a tile's words, and one beyond.
    #[inline(always)]
    fn gather(self, plane: &Plane, mask: &Plane, string: &mut [u64], at: usize) -> usize {
        bits::gather(plane, mask, string, at)
    }

    /// The table's entry for each byte, which is below 16.
    fn look_up(self, table: &[u64; 2], row: Row) -> Row;

    /// The table's entry for each byte.
    fn look_up_any(self, table: &Table, row: Row) -> Row;
}

/// Any machine.
#[derive(Clone, Copy)]
#[cfg_attr(target_arch = "aarch64", allow(dead_code))]
pub(super) struct Plain;

impl Machine for Plain {
    #[inline(always)]
    fn look_up(self, table: &[u64; 2], row: Row) -> Row {
        row.map(|word| u64::from_le_bytes(word.to_le_bytes().map(|byte| entry(table, byte & 15))))
    }

    #[inline(always)]
    fn look_up_any(self, table: &Table, row: Row) -> Row {
        let entry = |byte| table.bytes[usize::from(byte)];
        row.map(|word| u64::from_le_bytes(word.to_le_bytes().map(entry)))
    }
}

/// A byte of a table.
#[inline(always)]
fn entry(table: &[u64], at: u8) -> u8 {
    (table[usize::from(at / 8)] >> (8 * (at % 8))) as u8
}

/// Runs an expression with the best machine that there is here, compiled for it.
macro_rules! on_best {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $out:ty)? = $body:path) => {
        $(#[$meta])*
        $vis fn $name($($arg: $type),*) $(-> $out)? {
            #[cfg(target_arch = "x86_64")]
            {
                use $crate::coder::machine::{V3, V3Loop};
                #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,movbe")]
                fn v3($($arg: $type),*, machine: V3) $(-> $out)? {
                    $body(machine, $($arg),*)
                }
                #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,movbe")]
                fn v3_loop($($arg: $type),*, machine: V3Loop) $(-> $out)? {
                    $body(machine, $($arg),*)
                }
                if let Some(machine) = V3::here() {
                    // SAFETY: `v3` is a safe function that only asks for the features that a `V3` proves.
                    #[allow(unsafe_code)]
                    return unsafe { v3($($arg),*, machine) };
                }
                if let Some(machine) = V3Loop::here() {
                    // SAFETY: as above, for a `V3Loop`.
                    #[allow(unsafe_code)]
                    return unsafe { v3_loop($($arg),*, machine) };
                }
            }
            #[cfg(target_arch = "aarch64")]
            {
                $body($crate::coder::machine::Neon, $($arg),*)
            }
            #[cfg(not(target_arch = "aarch64"))]
            $body($crate::coder::machine::Plain, $($arg),*)
        }
    };
}
#[cfg(target_arch = "aarch64")]
pub(super) use neon::Neon;
pub(super) use on_best;
#[cfg(target_arch = "x86_64")]
pub(super) use x86::{V3, V3Loop};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coder::rows::WORDS;

    fn words(seed: u8) -> Vec<u64> {
        let mut bytes = vec![0; 8 * 1200];
        blake3::Hasher::new()
            .update(&[seed])
            .finalize_xof()
            .fill(&mut bytes);
        let words = bytes.as_chunks::<8>().0.iter();
        words.map(|word| u64::from_le_bytes(*word)).collect()
    }

    /// Planes of words, some of them with few ones or with nothing else.
    fn planes(seed: u8) -> Vec<Plane> {
        let words = words(seed);
        let planes = words.as_chunks::<WORDS>().0.iter();
        let mut planes: Vec<Plane> = planes.copied().collect();
        for (i, word) in planes.iter_mut().flatten().enumerate() {
            *word = [*word, 0, u64::MAX, *word & words[i % 90]][i % 4];
        }
        planes.extend([[0; WORDS], [u64::MAX; WORDS]]);
        planes
    }

    fn strings_agree(machine: impl Machine) {
        let bytes: Vec<u8> = words(1)
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        let window: &Window = bytes.first_chunk().unwrap();
        for (i, (mask, plane)) in planes(2).iter().zip(planes(3).iter().rev()).enumerate() {
            let (mut own, mut all) = ([1; WORDS], [2; WORDS]);
            let at = i % 8;
            let end = machine.spread(window, at, mask, &mut own);
            assert_eq!(end, Plain.spread(window, at, mask, &mut all));
            assert_eq!(own, all);
            let bit = |at: usize| u64::from(bytes[at / 8] >> (at % 8) & 1);
            let mut next = at;
            for (own, mask) in own.iter().zip(mask) {
                for place in 0..64 {
                    let there = mask >> place & 1;
                    assert_eq!(own >> place & 1, there & bit(next));
                    next += there as usize;
                }
            }
            assert_eq!(end, next);
            let mut strings = [vec![7; 2 * WORDS], vec![7; 2 * WORDS]];
            let len = machine.gather(plane, mask, &mut strings[0], 3 * i);
            assert_eq!(len, Plain.gather(plane, mask, &mut strings[1], 3 * i));
            assert_eq!(
                strings[0][..len.div_ceil(64)],
                strings[1][..len.div_ceil(64)]
            );
            let mut window = [0; WINDOW];
            let skipped = 3 * i / 64;
            for (to, word) in window
                .as_chunks_mut()
                .0
                .iter_mut()
                .zip(&strings[0][skipped..])
            {
                *to = word.to_le_bytes();
            }
            let from = 3 * i % 64;
            window.rotate_left(from / 8);
            Plain.spread(&window, from % 8, mask, &mut own);
            assert!(
                own.iter()
                    .zip(plane.iter().zip(mask))
                    .all(|(own, (bits, mask))| *own == bits & mask)
            );
        }
    }

    fn tables_agree(machine: impl Machine) {
        let (bits, tables) = (words(4), words(5));
        for (rows, tables) in bits
            .as_chunks::<4>()
            .0
            .iter()
            .zip(tables.as_chunks::<4>().0)
        {
            let below = rows.map(|word| word & 0x0f0f_0f0f_0f0f_0f0f);
            let table = [tables[0], tables[1]];
            assert_eq!(machine.look_up(&table, below), Plain.look_up(&table, below));
            let mut bytes = [tables[3] as u8; 256];
            for (to, word) in bytes.as_chunks_mut::<8>().0[6..].iter_mut().zip(&bits) {
                *to = word.to_le_bytes();
            }
            let [apart, ..] = tables[2].to_le_bytes();
            for apart in [0, 1, 3, 0x80, 0x90, apart] {
                let table = Table::new(bytes, apart);
                assert_eq!(
                    machine.look_up_any(&table, *rows),
                    Plain.look_up_any(&table, *rows)
                );
            }
        }
    }

    #[test]
    fn every_machine_does_the_same() {
        strings_agree(Plain);
        #[cfg(target_arch = "x86_64")]
        {
            V3::here().into_iter().for_each(strings_agree);
            V3::here().into_iter().for_each(tables_agree);
            V3Loop::here().into_iter().for_each(strings_agree);
        }
        #[cfg(target_arch = "aarch64")]
        tables_agree(Neon);
    }

    #[test]
    fn bits_that_stand_apart_add_theirs() {
        let mut bytes: [u8; 256] = std::array::from_fn(|at| (at * 7 % 64) as u8);
        for (at, apart) in [(0x01, 0x80), (0x80, 0x40)] {
            bytes[at] = bytes[0] ^ apart;
        }
        let table = Table::new(bytes, 0x81).bytes;
        for at in 0..256 {
            let added = if at & 1 == 0 { 0 } else { 0x80 } ^ if at & 0x80 == 0 { 0 } else { 0x40 };
            assert_eq!(table[at], bytes[at & 0x7e] ^ added);
        }
        let whole = Table::new(bytes, 0);
        assert_eq!(whole.bytes, bytes);
    }
}
