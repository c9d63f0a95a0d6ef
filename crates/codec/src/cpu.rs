//! The machine's better instructions for plain loops: the same code compiled twice, and the choice
//! made at run time.

/// Defines a function that runs an `#[inline(always)]` one, compiled for AVX2 and BMI2 where the
/// machine has them and for any machine otherwise. There is one source, so that both do the same.
macro_rules! at_best {
    ($(#[$meta:meta])* $vis:vis fn $name:ident$(<const $n:ident: $of:ty>)?($($arg:ident: $type:ty),* $(,)?) $(-> $out:ty)? = $body:path) => {
        $(#[$meta])*
        $vis fn $name$(<const $n: $of>)?($($arg: $type),*) $(-> $out)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,movbe")]
                fn better$(<const $n: $of>)?($($arg: $type),*) $(-> $out)? {
                    $body($($arg),*)
                }
                if $crate::cpu::has_v3() {
                    // SAFETY: `better` is a safe function that only asks for the features that
                    // `has_v3` has just found.
                    #[allow(unsafe_code)]
                    return unsafe { better($($arg),*) };
                }
            }
            $body($($arg),*)
        }
    };
}
pub(crate) use at_best;

/// As [`at_best`], and once more for vectors of 512 bits: for what is mostly loads and stores.
macro_rules! at_widest {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $out:ty)? = $body:path) => {
        $(#[$meta])*
        $vis fn $name($($arg: $type),*) $(-> $out)? {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vbmi,avx2,bmi1,bmi2,lzcnt,popcnt,movbe")]
                fn widest($($arg: $type),*) $(-> $out)? {
                    $body($($arg),*)
                }
                if $crate::cpu::expands_bytes() {
                    // SAFETY: `widest` is a safe function that only asks for the features that
                    // `expands_bytes` has just found.
                    #[allow(unsafe_code)]
                    return unsafe { widest($($arg),*) };
                }
            }
            $crate::cpu::at_best! {
                fn otherwise($($arg: $type),*) $(-> $out)? = $body
            }
            otherwise($($arg),*)
        }
    };
}
pub(crate) use at_widest;

/// Has the first bytes of some, so many at most, brought near.
#[inline(always)]
pub(crate) fn fetch(bytes: &[u8], most: usize) {
    #[cfg(target_arch = "x86_64")]
    for line in bytes[..most.min(bytes.len())].chunks(64) {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: all of these machines have the instruction, which changes nothing that a program sees.
        #[allow(unsafe_code)]
        unsafe {
            _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast());
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (bytes, most);
}

/// The family of the processor, if AMD or its licensee made it.
#[cfg(target_arch = "x86_64")]
fn amd_family() -> Option<u32> {
    use std::arch::x86_64::__cpuid;
    static FAMILY: std::sync::OnceLock<Option<u32>> = std::sync::OnceLock::new();
    *FAMILY.get_or_init(|| {
        // The beginnings of "AuthenticAMD" and "HygonGenuine".
        let makers = [*b"Auth", *b"Hygo"].map(u32::from_le_bytes);
        let signature = __cpuid(1).eax;
        let family = (signature >> 8 & 0xf) + (signature >> 20 & 0xff);
        makers.contains(&__cpuid(0).ebx).then_some(family)
    })
}

/// Whether `pdep` and `pext`, where there are any, take less time than a loop. AMD's take hundreds of
/// cycles before Zen 3, which is family 19h.
#[cfg(target_arch = "x86_64")]
pub(crate) fn deposits_fast() -> bool {
    amd_family().is_none_or(|family| family >= 0x19)
}

/// Whether a vector's words are gathered from memory faster than by one load after the other: AMD's since Zen
/// 5, which is family 1Ah. Intel's were slowed down against leaks.
#[cfg(target_arch = "x86_64")]
pub(crate) fn gathers_fast() -> bool {
    #[cfg(any(test, feature = "machines"))]
    if APART.get() {
        return false;
    }
    amd_family().is_some_and(|family| family >= 0x1a)
}

/// Whether vectors of 64-bit words are multiplied faster than one word after the other: where AVX-512
/// does it in one step, as AMD's does.
#[cfg(target_arch = "x86_64")]
pub(crate) fn multiplies_wide() -> bool {
    has_v4() && amd_family().is_some()
}

/// Whether 64 bytes are looked up in a table of 256 at once, and bits are gathered fast.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn permutes_bytes() -> bool {
    has_v4() && deposits_fast() && is_x86_feature_detected!("avx512vbmi")
}

/// Whether bytes are also put together, and spread, by a mask, their bits turned by a matrix, and bits counted in
/// vectors.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn expands_bytes() -> bool {
    has_v4()
        && is_x86_feature_detected!("avx512vbmi")
        && is_x86_feature_detected!("avx512vbmi2")
        && is_x86_feature_detected!("avx512vpopcntdq")
        && is_x86_feature_detected!("gfni")
}

/// Whether the machine has the features that [`at_best`] asks for.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn has_v3() -> bool {
    #[cfg(any(test, feature = "machines"))]
    if PLAIN.get() {
        return false;
    }
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("lzcnt")
        && is_x86_feature_detected!("popcnt")
        && is_x86_feature_detected!("movbe")
}

/// Whether the machine has vectors of 512 bits beside those features, with masks for bytes and words.
#[cfg(target_arch = "x86_64")]
#[inline]
pub(crate) fn has_v4() -> bool {
    #[cfg(any(test, feature = "machines"))]
    if NARROW.get() {
        return false;
    }
    has_v3()
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
}

#[cfg(any(test, feature = "machines"))]
thread_local! {
    static PLAIN: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
    static NARROW: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
    static APART: std::cell::Cell<bool> = const { std::cell::Cell::new(false) };
}

/// Does some work as on a machine that has vectors of 512 bits and does not gather fast.
#[cfg(test)]
pub(crate) fn ungathered<T>(work: impl FnOnce() -> T) -> T {
    APART.set(true);
    let result = work();
    APART.set(false);
    result
}

/// Does some work as on a machine that has no vectors of 512 bits.
#[cfg(any(test, feature = "machines"))]
pub fn narrowly<T>(work: impl FnOnce() -> T) -> T {
    NARROW.set(true);
    let result = work();
    NARROW.set(false);
    result
}

/// Does some work as on a machine that has nothing better.
#[cfg(any(test, feature = "machines"))]
pub fn plainly<T>(work: impl FnOnce() -> T) -> T {
    PLAIN.set(true);
    let result = work();
    PLAIN.set(false);
    result
}
