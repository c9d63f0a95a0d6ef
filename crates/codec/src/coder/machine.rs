//! What machines do differently: spreading and gathering bits, and looking up bytes.
//!
//! A machine is a value that exists only where its instructions do, so that to hold one is the proof
//! that they may run. The code that uses one is compiled once for each.

mod bits;
mod table;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(super) use table::Table;

use bits::{deposit, extract};

/// 32 bytes, as words.
pub(super) type Row = [u64; 4];

/// The instructions that the code of tiers is made of.
pub(super) trait Machine: Copy {
    /// Puts the lowest bits, one after the other, where the mask has ones.
    fn deposit(self, bits: u64, mask: u64) -> u64;

    /// Takes the bits where the mask has ones, and puts them together at the lowest end.
    fn extract(self, bits: u64, mask: u64) -> u64;

    /// The table's entry for each byte, which is below 16.
    fn look_up(self, table: &[u64; 2], row: Row) -> Row;

    /// The table's entry for each byte.
    fn look_up_any(self, table: &Table, row: Row) -> Row;

    /// Which bytes are equal to `value` in the bits of `field`, as a bit each.
    fn equal(self, row: Row, field: u8, value: u8) -> u32;
}

/// Any machine.
#[derive(Clone, Copy)]
pub(super) struct Plain;

impl Machine for Plain {
    #[inline(always)]
    fn deposit(self, bits: u64, mask: u64) -> u64 {
        deposit(bits, mask)
    }

    #[inline(always)]
    fn extract(self, bits: u64, mask: u64) -> u64 {
        extract(bits, mask)
    }

    #[inline(always)]
    fn look_up(self, table: &[u64; 2], row: Row) -> Row {
        row.map(|word| u64::from_le_bytes(word.to_le_bytes().map(|byte| entry(table, byte & 15))))
    }

    #[inline(always)]
    fn look_up_any(self, table: &Table, row: Row) -> Row {
        let entry = |byte| table.bytes[usize::from(byte)];
        row.map(|word| u64::from_le_bytes(word.to_le_bytes().map(entry)))
    }

    #[inline(always)]
    fn equal(self, row: Row, field: u8, value: u8) -> u32 {
        let [field, value] = [field, value].map(|byte| u64::from_le_bytes([byte; 8]));
        let words = row.iter().enumerate();
        words.fold(0, |found, (i, word)| {
            let other = (word & field) ^ value;
            // The highest bit of each byte that is 0, and then the eight of them in the top byte.
            let zero = !(((other & !HIGH) + !HIGH) | other) & HIGH;
            let bits = (zero >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            found | (bits as u32) << (8 * i)
        })
    }
}

/// The highest bit of each byte.
const HIGH: u64 = 0x8080_8080_8080_8080;

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
            $body($crate::coder::machine::Plain, $($arg),*)
        }
    };
}
pub(super) use on_best;
#[cfg(target_arch = "x86_64")]
pub(super) use x86::{V3, V3Loop};

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use super::*;

    fn words(seed: u8) -> Vec<u64> {
        let mut bytes = vec![0; 8 * 400];
        blake3::Hasher::new()
            .update(&[seed])
            .finalize_xof()
            .fill(&mut bytes);
        let words = bytes.as_chunks::<8>().0.iter();
        words.map(|word| u64::from_le_bytes(*word)).collect()
    }

    fn agrees(machine: impl Machine) {
        let (bits, masks) = (words(1), words(2));
        for (i, (&bits, &mask)) in bits.iter().zip(&masks).enumerate() {
            let mask = [mask, 0, u64::MAX, mask & masks[0]][i % 4];
            assert_eq!(machine.deposit(bits, mask), Plain.deposit(bits, mask));
            assert_eq!(machine.extract(bits, mask), Plain.extract(bits, mask));
        }
        for (rows, tables) in bits.as_chunks::<4>().0.iter().zip(masks.as_chunks::<4>().0) {
            let below = rows.map(|word| word & 0x0f0f_0f0f_0f0f_0f0f);
            let table = [tables[0], tables[1]];
            assert_eq!(machine.look_up(&table, below), Plain.look_up(&table, below));
            let mut bytes = [tables[3] as u8; 256];
            for (to, word) in bytes.as_chunks_mut::<8>().0[6..].iter_mut().zip(&bits) {
                *to = word.to_le_bytes();
            }
            let table = Table::new(bytes);
            assert_eq!(
                machine.look_up_any(&table, *rows),
                Plain.look_up_any(&table, *rows)
            );
            let [field, value, ..] = tables[2].to_le_bytes();
            for (field, value) in [(field, field & value), (1, 1), (0xff, rows[0] as u8)] {
                assert_eq!(
                    machine.equal(*rows, field, value),
                    Plain.equal(*rows, field, value)
                );
                let bytes = rows.iter().flat_map(|word| word.to_le_bytes());
                let equal = bytes.map(|byte| u32::from(byte & field == value));
                let bits = equal.enumerate().fold(0, |bits, (i, bit)| bits | bit << i);
                assert_eq!(Plain.equal(*rows, field, value), bits);
            }
        }
    }

    #[test]
    fn every_machine_does_the_same() {
        V3::here().into_iter().for_each(agrees);
        V3Loop::here().into_iter().for_each(agrees);
    }
}
