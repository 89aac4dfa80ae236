//! Clears registers that may contain parts of a secret.

/// Sets the vector registers to zero, and the general registers that a function may leave
/// changed. The dynamic linker, signals and core files copy registers to memory, where nothing
/// wipes them.
#[cfg(all(target_arch = "x86_64", not(miri)))]
#[inline(never)]
pub(crate) fn clear() {
    use std::arch::asm;

    // A function for Windows must keep rsi, rdi and xmm6 to xmm15, which "C" omits there. With
    // "sysv64", the compiler saves and restores them.
    // SAFETY: the CPU has the instructions. They change only registers that `clobber_abi` names.
    unsafe {
        if is_x86_feature_detected!("avx512vl") {
            // memcpy() of the C library uses these.
            asm!(
                "vpxord xmm16, xmm16, xmm16",
                "vpxord xmm17, xmm17, xmm17",
                "vpxord xmm18, xmm18, xmm18",
                "vpxord xmm19, xmm19, xmm19",
                "vpxord xmm20, xmm20, xmm20",
                "vpxord xmm21, xmm21, xmm21",
                "vpxord xmm22, xmm22, xmm22",
                "vpxord xmm23, xmm23, xmm23",
                "vpxord xmm24, xmm24, xmm24",
                "vpxord xmm25, xmm25, xmm25",
                "vpxord xmm26, xmm26, xmm26",
                "vpxord xmm27, xmm27, xmm27",
                "vpxord xmm28, xmm28, xmm28",
                "vpxord xmm29, xmm29, xmm29",
                "vpxord xmm30, xmm30, xmm30",
                "vpxord xmm31, xmm31, xmm31",
                clobber_abi("sysv64"),
                options(nomem, nostack)
            );
        }
        // Their upper halves contain no secret: SHA-256 does not use them, and
        // glibc's memcpy() clears them.
        asm!(
            "pxor xmm0, xmm0",
            "pxor xmm1, xmm1",
            "pxor xmm2, xmm2",
            "pxor xmm3, xmm3",
            "pxor xmm4, xmm4",
            "pxor xmm5, xmm5",
            "pxor xmm6, xmm6",
            "pxor xmm7, xmm7",
            "pxor xmm8, xmm8",
            "pxor xmm9, xmm9",
            "pxor xmm10, xmm10",
            "pxor xmm11, xmm11",
            "pxor xmm12, xmm12",
            "pxor xmm13, xmm13",
            "pxor xmm14, xmm14",
            "pxor xmm15, xmm15",
            "xor eax, eax",
            "xor ecx, ecx",
            "xor edx, edx",
            "xor esi, esi",
            "xor edi, edi",
            "xor r8d, r8d",
            "xor r9d, r9d",
            "xor r10d, r10d",
            "xor r11d, r11d",
            clobber_abi("sysv64"),
            options(nomem, nostack)
        );
    }
}

/// Other CPUs keep them.
#[cfg(any(not(target_arch = "x86_64"), miri))]
pub(crate) fn clear() {}
