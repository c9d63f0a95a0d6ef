//! Arithmetic on what files claim.

use sheaf_codec::Dtype;

/// How many elements a shape has.
pub(crate) fn elements(shape: &[u64]) -> Option<u64> {
    // A zero anywhere makes the array empty, however large the rest.
    if shape.contains(&0) {
        return Some(0);
    }
    shape
        .iter()
        .try_fold(1_u64, |product, &n| product.checked_mul(n))
}

/// The bytes of so many elements, where they fill whole blocks.
pub(crate) fn bytes(dtype: Dtype, elements: u64) -> Option<u64> {
    let per_block = u64::from(dtype.block_elements());
    if !elements.is_multiple_of(per_block) {
        return None;
    }
    (elements / per_block).checked_mul(dtype.block_bytes() as u64)
}
