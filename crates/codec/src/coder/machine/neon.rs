//! Machines of 64-bit ARM, all of which have vectors of 128 bits.

use std::arch::aarch64::*;

use super::{Machine, Row, Table};

/// Vectors of 128 bits.
#[derive(Clone, Copy)]
pub(in crate::coder) struct Neon;

impl Machine for Neon {
    #[inline(always)]
    fn look_up(self, table: &[u64; 2], row: Row) -> Row {
        // SAFETY: what is compiled for these machines may take NEON for granted.
        #[allow(unsafe_code)]
        unsafe {
            look_up(table, row)
        }
    }

    #[inline(always)]
    fn look_up_any(self, table: &Table, row: Row) -> Row {
        // SAFETY: as above.
        #[allow(unsafe_code)]
        unsafe {
            look_up_any(table, row)
        }
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn look_up(table: &[u64; 2], [a, b, c, d]: Row) -> Row {
    let table = vector(table[0], table[1]);
    let [low, high] = [vector(a, b), vector(c, d)].map(|bytes| words(vqtbl1q_u8(table, bytes)));
    [low[0], low[1], high[0], high[1]]
}

#[inline]
#[target_feature(enable = "neon")]
fn look_up_any(table: &Table, [a, b, c, d]: Row) -> Row {
    let [low, high] = [vector(a, b), vector(c, d)].map(|bytes| words(entries(table, bytes)));
    [low[0], low[1], high[0], high[1]]
}

#[inline]
#[target_feature(enable = "neon")]
fn entries(table: &Table, bytes: uint8x16_t) -> uint8x16_t {
    let shift = vdupq_n_s8(-(table.shift as i8));
    let kept = vshlq_u8(vandq_u8(bytes, vdupq_n_u8(table.keep)), shift);
    let of_low = vqtbl1q_u8(half(&table.low), vandq_u8(bytes, vdupq_n_u8(15)));
    let of_high = vqtbl1q_u8(half(&table.high), vshrq_n_u8::<4>(bytes));
    let mut found = veorq_u8(of_low, of_high);
    for row in &table.rows {
        // What is not in the row looks up 0: it is past the row's end.
        let at = veorq_u8(kept, half(&row.high));
        found = veorq_u8(found, vqtbl1q_u8(half(&row.twice), at));
    }
    found
}

/// The first half of a row, which is as its second.
#[inline]
#[target_feature(enable = "neon")]
fn half(row: &Row) -> uint8x16_t {
    vector(row[0], row[1])
}

#[inline]
#[target_feature(enable = "neon")]
fn vector(low: u64, high: u64) -> uint8x16_t {
    vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(low), vcreate_u64(high)))
}

#[inline]
#[target_feature(enable = "neon")]
fn words(vector: uint8x16_t) -> [u64; 2] {
    let words = vreinterpretq_u64_u8(vector);
    [vgetq_lane_u64::<0>(words), vgetq_lane_u64::<1>(words)]
}
