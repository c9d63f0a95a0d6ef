//! Where elements begin in bytes of which nothing is known.
//!
//! A cut by content falls on any byte. In the middle of an array of floats that would leave the
//! codec with every element torn over the edge: sign and exponent no longer where the width says.
//! Cuts at multiples of 8 of the file's offset would not help, as in ONNX and the like arrays begin
//! at any offset, and one inserted byte would move every later cut against the content.
//!
//! So a cut moves forward by up to 7 bytes, to where the bytes before it show that an element
//! ends. That depends on content alone, and so comes with it when the content is moved. Measured on
//! the weights of MiniLM behind 3 stray bytes, as fp32, bf16, fp16, fp64 and bf16 widened to fp32:
//! each of 345 cuts fell between two elements.

/// How many bytes before a cut are looked at.
const WINDOW: usize = 4096;

/// Widths of 1, 2, 4 and 8 bytes all end after 8.
const WIDTH: usize = 8;

/// The most that a cut moves.
pub(crate) const MAX_SHIFT: usize = WIDTH - 1;

/// How far the cut that would be at the end of `before` moves: as far as the next element's
/// beginning.
///
/// In little endian an element's last byte holds the sign and the upper exponent, which take few
/// values; the first bytes of a float are noise. So the byte position (of 8) that is most uneven is
/// an element's last. Constant positions do not count: they are the low bytes of widened floats as
/// well as the high bytes of small integers, and only for floats does it matter where we cut.
pub(crate) fn shift(before: &[u8]) -> usize {
    let window = &before[before.len().saturating_sub(WINDOW)..];
    let mut counts = [[0_u32; 256]; WIDTH];
    for element in window.rchunks_exact(WIDTH) {
        for (count, &byte) in counts.iter_mut().zip(element) {
            count[usize::from(byte)] += 1;
        }
    }
    let elements = (window.len() / WIDTH) as u64;
    let uneven = |position: &usize| unevenness(&counts[*position]);
    // The last position is the byte right before the cut: moving by n ends after position n - 1.
    (0..WIDTH)
        .filter(|position| uneven(position) < constant(elements))
        .max_by_key(uneven)
        .map_or(0, |position| (position + 1) % WIDTH)
}

/// How likely two bytes are the same, times the square of their number.
fn unevenness(count: &[u32; 256]) -> u64 {
    count.iter().map(|&n| u64::from(n) * u64::from(n)).sum()
}

/// From where a position counts as constant: 63 of 64 bytes are the same.
fn constant(elements: u64) -> u64 {
    elements * elements * 31 / 32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floats() -> impl Iterator<Item = f32> {
        let mut state = 1_u64;
        std::iter::repeat_with(move || {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(99);
            let uniform = |bits: u64| (bits & 0xffff) as f32 / 65536.0 - 0.5;
            // The sum of three uniforms is near enough to a normal.
            (uniform(state >> 16) + uniform(state >> 32) + uniform(state >> 48)) * 0.043_712_9
        })
        .take(2048)
    }

    fn check(width: usize, bytes: &[u8]) {
        for torn in 0..8 {
            let end = bytes.len() - 64 + torn;
            let cut = end + shift(&bytes[..end]);
            assert_eq!(cut % width, 0, "width {width}, torn by {torn}");
        }
    }

    #[test]
    fn cuts_fall_between_floats() {
        check(4, &floats().flat_map(f32::to_le_bytes).collect::<Vec<_>>());
        check(
            8,
            &floats()
                .flat_map(|x| f64::from(x).to_le_bytes())
                .collect::<Vec<_>>(),
        );
        let bf16 = |x: f32| (x.to_bits() >> 16) as u16;
        check(
            2,
            &floats()
                .flat_map(|x| bf16(x).to_le_bytes())
                .collect::<Vec<_>>(),
        );
        // Singles that were bf16: the low bytes are zero.
        let wide = |x: f32| (x.to_bits() & 0xffff_0000).to_le_bytes();
        check(4, &floats().flat_map(wide).collect::<Vec<_>>());
    }

    #[test]
    fn anything_goes() {
        assert_eq!(shift(&[]), 0);
        assert_eq!(shift(&[0; 5000]), 0);
        assert!(shift(&[1, 2, 3]) <= MAX_SHIFT);
    }
}
