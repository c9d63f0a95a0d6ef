/// What the elements of a chunk are. The discriminant is the code in the blob's header and never
/// changes its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[non_exhaustive]
pub enum Dtype {
    /// To be guessed from the bytes.
    Unknown = 0,
    /// Bytes without structure, or text.
    Bytes = 1,
    /// Boolean, one byte each.
    Bool = 2,
    /// 8-bit integer, unsigned.
    U8 = 3,
    /// 8-bit integer, signed.
    I8 = 4,
    /// 16-bit integer, unsigned.
    U16 = 5,
    /// 16-bit integer, signed.
    I16 = 6,
    /// 32-bit integer, unsigned.
    U32 = 7,
    /// 32-bit integer, signed.
    I32 = 8,
    /// 64-bit integer, unsigned.
    U64 = 9,
    /// 64-bit integer, signed.
    I64 = 10,
    /// bfloat16.
    Bf16 = 16,
    /// IEEE half.
    F16 = 17,
    /// IEEE single.
    F32 = 18,
    /// IEEE double.
    F64 = 19,
    /// 8-bit float, 4 bits of exponent.
    F8E4M3 = 20,
    /// 8-bit float, 5 bits of exponent.
    F8E5M2 = 21,
    /// Complex of two singles.
    C64 = 22,
    /// GGML block types: 32 to 256 elements a block.
    GgmlQ4_0 = 64,
}
