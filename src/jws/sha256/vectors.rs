//! SHA-256 on processors that have vectors of eight words (AVX2), and no instructions for
//! SHA. The rounds of a block depend each on the one before, and are computed word by
//! word. What they take in, the message schedule, does not: four words at once are
//! computed of it, of two blocks side by side.
//!
//! sha2 says the same without vectors; the tests of `sha256.rs` compare them.

use std::arch::x86_64::__m256i;

use pulp::NullaryFnOnce;
use pulp::bytemuck::cast;
use pulp::x86::V3;

use super::BLOCK;
use crate::stack;

/// The constants of the rounds (FIPS 180-4, section 4.2.2).
const ROUND_CONSTANTS: [[u32; 4]; 16] = [
    [0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5],
    [0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5],
    [0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3],
    [0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174],
    [0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc],
    [0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da],
    [0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7],
    [0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967],
    [0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13],
    [0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85],
    [0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3],
    [0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070],
    [0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5],
    [0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3],
    [0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208],
    [0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2],
];

/// What shows that the processor has AVX2 and BMI, if it has.
pub(super) fn available() -> Option<V3> {
    V3::try_new()
}

pub(super) fn compress(vectors: V3, state: &mut [u32; 8], blocks: &[[u8; BLOCK]]) {
    let compression = Compression {
        vectors,
        state,
        blocks,
    };
    stack::wiped_behind::<STACK_IN_USE, _>(|| vectors.vectorize(compression));
}

/// What the rounds take in is on the stack, and states are.
const STACK_IN_USE: usize = 1024;

/// What is compiled for such processors: this, and what is inlined into it.
struct Compression<'a> {
    vectors: V3,
    state: &'a mut [u32; 8],
    blocks: &'a [[u8; BLOCK]],
}

impl NullaryFnOnce for Compression<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self {
            vectors,
            state,
            blocks,
        } = self;
        let mut pairs = blocks.chunks_exact(2);
        for pair in &mut pairs {
            if let [first, second] = pair {
                let inputs_of_second = compress_first(vectors, state, first, second);
                let mut next = *state;
                for inputs in inputs_of_second {
                    next = four_rounds(next, inputs);
                }
                add(state, next);
            }
        }
        if let [last] = pairs.remainder() {
            compress_first(vectors, state, last, last);
        }
    }
}

/// Compresses the first of two blocks, and returns what the rounds of the second take in.
/// The schedules are computed between the rounds, so that the processor does both at a
/// time.
#[inline(always)]
fn compress_first(
    vectors: V3,
    state: &mut [u32; 8],
    first: &[u8; BLOCK],
    second: &[u8; BLOCK],
) -> [[u32; 4]; 16] {
    let mut inputs_of_second = [[0; 4]; 16];
    let mut next = *state;
    let [mut w0, mut w1, mut w2, mut w3] = words(vectors, first, second);
    for (inputs, constants) in inputs_of_second.iter_mut().zip(ROUND_CONSTANTS) {
        let constants = cast([constants, constants]);
        let [of_first, of_second] = cast(vectors.avx2._mm256_add_epi32(w0, constants));
        *inputs = of_second;
        next = four_rounds(next, of_first);
        let w4 = scheduled(vectors, w0, w1, w2, w3);
        (w0, w1, w2, w3) = (w1, w2, w3, w4);
    }
    add(state, next);
    inputs_of_second
}

/// The words of two blocks, four of each side by side.
#[inline(always)]
fn words(vectors: V3, first: &[u8; BLOCK], second: &[u8; BLOCK]) -> [__m256i; 4] {
    const BIG_ENDIAN: [[u8; 16]; 2] = [[3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]; 2];
    let [a0, a1, a2, a3]: [[u8; 16]; 4] = cast(*first);
    let [b0, b1, b2, b3]: [[u8; 16]; 4] = cast(*second);
    [[a0, b0], [a1, b1], [a2, b2], [a3, b3]].map(|bytes| {
        let shuffle = cast(BIG_ENDIAN);
        vectors.avx2._mm256_shuffle_epi8(cast(bytes), shuffle)
    })
}

/// The four words behind sixteen (section 6.2.2, step 1).
#[inline(always)]
fn scheduled(vectors: V3, w0: __m256i, w1: __m256i, w2: __m256i, w3: __m256i) -> __m256i {
    // Words 8 to 11 of sixteen bytes, in the lower or the upper half of such.
    const NONE: [u8; 8] = [0x80; 8];
    const EVEN: [u8; 8] = [0, 1, 2, 3, 8, 9, 10, 11];
    const TO_LOWER_HALF: [[u8; 8]; 4] = [EVEN, NONE, EVEN, NONE];
    const TO_UPPER_HALF: [[u8; 8]; 4] = [NONE, EVEN, NONE, EVEN];

    let simd = vectors.avx2;
    let add = |a, b| simd._mm256_add_epi32(a, b);
    let xor = |a, b| simd._mm256_xor_si256(a, b);
    let or = |a, b| simd._mm256_or_si256(a, b);

    let fifteen_before = simd._mm256_alignr_epi8::<4>(w1, w0);
    let seven_before = simd._mm256_alignr_epi8::<4>(w3, w2);
    let rotated_by_7 = or(
        simd._mm256_srli_epi32::<7>(fifteen_before),
        simd._mm256_slli_epi32::<25>(fifteen_before),
    );
    let rotated_by_18 = or(
        simd._mm256_srli_epi32::<18>(fifteen_before),
        simd._mm256_slli_epi32::<14>(fifteen_before),
    );
    let shifted_by_3 = simd._mm256_srli_epi32::<3>(fifteen_before);
    let sigma_0 = xor(xor(rotated_by_7, rotated_by_18), shifted_by_3);
    let without_sigma_1 = add(add(w0, seven_before), sigma_0);

    // Each word stands twice, so that a shift of both together is a rotation of one.
    let sigma_1 = |twice| {
        let rotated_by_17 = simd._mm256_srli_epi64::<17>(twice);
        let rotated_by_19 = simd._mm256_srli_epi64::<19>(twice);
        let shifted_by_10 = simd._mm256_srli_epi32::<10>(twice);
        xor(xor(rotated_by_17, rotated_by_19), shifted_by_10)
    };
    // The last two words depend on the first two.
    let two_before = simd._mm256_shuffle_epi32::<0b11_11_10_10>(w3);
    let of_first_two = simd._mm256_shuffle_epi8(sigma_1(two_before), cast(TO_LOWER_HALF));
    let first_two = add(without_sigma_1, of_first_two);
    let two_before = simd._mm256_shuffle_epi32::<0b01_01_00_00>(first_two);
    let of_last_two = simd._mm256_shuffle_epi8(sigma_1(two_before), cast(TO_UPPER_HALF));
    add(first_two, of_last_two)
}

/// Four rounds (section 6.2.2, step 3), each with a word of the schedule, to which the
/// round's constant is added.
#[inline(always)]
fn four_rounds(state: [u32; 8], inputs: [u32; 4]) -> [u32; 8] {
    inputs.into_iter().fold(state, round)
}

#[inline(always)]
fn round([a, b, c, d, e, f, g, h]: [u32; 8], input: u32) -> [u32; 8] {
    let sigma_1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
    let choice = (e & f).wrapping_add(!e & g);
    let sigma_0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
    let majority = (a & b) | (c & (a | b));
    let t1 = h
        .wrapping_add(input)
        .wrapping_add(choice)
        .wrapping_add(sigma_1);
    let t2 = sigma_0.wrapping_add(majority);
    [t1.wrapping_add(t2), a, b, c, d.wrapping_add(t1), e, f, g]
}

/// The end of a block (section 6.2.2, step 4).
#[inline(always)]
fn add(state: &mut [u32; 8], other: [u32; 8]) {
    for (word, other) in state.iter_mut().zip(other) {
        *word = word.wrapping_add(other);
    }
}
