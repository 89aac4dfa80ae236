//! The compression of SHA-256 (FIPS 180-4, section 6.2.2), in the quickest way that the
//! processor has: by its instructions for SHA, by those for vectors (`vectors.rs`), or
//! by none of either.

use sha2::block_api::compress256;

#[cfg(target_arch = "x86_64")]
mod vectors;

pub(super) const BLOCK: usize = 64;

/// Takes blocks into the state of a hash.
pub(super) fn compress(state: &mut [u32; 8], blocks: &[[u8; BLOCK]]) {
    if blocks.is_empty() {
        return;
    }
    #[cfg(target_arch = "x86_64")]
    if !has_sha_instructions() {
        if let Some(vectors) = vectors::available() {
            return vectors::compress(vectors, state, blocks);
        }
    }
    compress256(state, blocks);
}

/// Whether sha2 uses the processor's instructions for SHA. They are left alone where its
/// setting says so, to see what a processor without them would do.
#[cfg(target_arch = "x86_64")]
fn has_sha_instructions() -> bool {
    !cfg!(sha2_backend = "soft")
        && is_x86_feature_detected!("sha")
        && is_x86_feature_detected!("sse4.1")
}

#[cfg(all(test, target_arch = "x86_64"))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What is emulated in tests/processors.rs is compared here bit for bit.
        #[test]
        fn vectors_compress_as_sha2_does(
            state in any::<[u32; 8]>(),
            blocks in proptest::collection::vec(
                proptest::collection::vec(any::<u8>(), BLOCK),
                0..10
            ),
        ) {
            let vectors = vectors::available().expect("these tests need AVX2 and BMI");
            let blocks: Vec<[u8; BLOCK]> = blocks
                .into_iter()
                .map(|block| block.try_into().unwrap())
                .collect();
            let (mut expected, mut found) = (state, state);
            compress256(&mut expected, &blocks);
            vectors::compress(vectors, &mut found, &blocks);
            prop_assert_eq!(found, expected);
        }
    }
}
