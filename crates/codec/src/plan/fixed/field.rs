//! Fields of a frame's integers: runs of bits, each of which becomes a plane.

use super::number::Word;

/// Elements that are taken at once.
pub(super) const TILE: usize = 64;

/// Some bits of every magnitude: 1, 2, 4 or 8, packed from a byte's lowest bit on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    /// How many lower bits there are.
    pub from: u32,
    /// How many it has.
    pub width: u32,
}

/// The fields of magnitudes of so many bits, of which the lowest `low` are as good as random: bytes
/// as far as they go, then 4, 2 and 1 bits, then the upper bits as bytes.
pub(super) fn fields(low: u32, bits: u32) -> Vec<Field> {
    let low_widths = std::iter::repeat_n(8, low as usize / 8)
        .chain([4, 2, 1].into_iter().filter(|width| low & width != 0));
    let high_widths = std::iter::repeat_n(8, (bits - low).div_ceil(8) as usize);
    let mut from = 0;
    let widths = low_widths.chain(high_widths);
    widths
        .map(|width| {
            let field = Field { from, width };
            from += width;
            field
        })
        .collect()
}

/// The bytes of a plane of `width` bits an element.
pub(super) fn plane_len(width: u32, count: usize) -> usize {
    (count * width as usize).div_ceil(8)
}

impl Field {
    /// Packs a tile's bits into its place of the plane, whole even where the tile is not.
    #[inline(always)]
    pub fn pack<W: Word>(self, tile: &[W; TILE], plane: &mut [u8]) {
        match self.width {
            8 => self.pack_by::<W, 1>(tile, plane),
            4 => self.pack_by::<W, 2>(tile, plane),
            2 => self.pack_by::<W, 4>(tile, plane),
            _ => self.pack_by::<W, 8>(tile, plane),
        }
    }

    #[inline(always)]
    fn pack_by<W: Word, const N: usize>(self, tile: &[W; TILE], plane: &mut [u8]) {
        let width = 8 / N;
        let mask = (0xff_u32 >> (8 - width)) as u8;
        for (byte, words) in plane.iter_mut().zip(tile.as_chunks::<N>().0) {
            *byte = (0..N).fold(0, |byte, i| {
                byte | ((words[i] >> self.from).low_byte() & mask) << (i * width)
            });
        }
    }

    /// Adds the bits of a tile from its place of the plane.
    #[inline(always)]
    pub fn unpack<W: Word>(self, plane: &[u8], tile: &mut [W; TILE]) {
        match self.width {
            8 => self.unpack_by::<W, 1>(plane, tile),
            4 => self.unpack_by::<W, 2>(plane, tile),
            2 => self.unpack_by::<W, 4>(plane, tile),
            _ => self.unpack_by::<W, 8>(plane, tile),
        }
    }

    #[inline(always)]
    fn unpack_by<W: Word, const N: usize>(self, plane: &[u8], tile: &mut [W; TILE]) {
        let width = 8 / N;
        let mask = (0xff_u32 >> (8 - width)) as u8;
        for (byte, words) in plane.iter().zip(tile.as_chunks_mut::<N>().0) {
            for (i, word) in words.iter_mut().enumerate() {
                *word = *word | W::from(byte >> (i * width) & mask) << self.from;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_cover_all_bits() {
        for bits in 0..=62 {
            for low in 0..=bits {
                let mut at = 0;
                for field in fields(low, bits) {
                    assert_eq!(field.from, at);
                    at += field.width;
                }
                assert!(at >= bits && at < bits + 8, "{low} {bits}");
            }
        }
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let words: [u64; TILE] =
            std::array::from_fn(|i| (i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 2);
        for low in [0, 7, 8, 15, 29, 62] {
            let mut back = [0_u64; TILE];
            for field in fields(low, 62) {
                let mut plane = vec![0; plane_len(field.width, TILE)];
                field.pack(&words, &mut plane);
                field.unpack(&plane, &mut back);
            }
            assert_eq!(back, words);
        }
    }
}
