//! HMAC-SHA256 (RFC 2104; FIPS 180-4), by the block: so that the hash of what many
//! tokens begin with can be kept, and go on from there.

use ctutils::CtEq;
use sha2::digest::array::Array;
use sha2::digest::typenum::U64;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::kept::Kept;
use super::sha256::{BLOCK, compress};
use crate::stack;

const DIGEST: usize = 32;

/// The state of SHA-256 between two blocks. Each here begins with the key: who knows it
/// can sign.
pub(super) type State = [u32; 8];

/// What SHA-256 begins with (FIPS 180-4, section 5.3.3).
const INITIAL: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// A signing key, kept as the states of HMAC's two hashes behind the block that is made
/// of the secret. The secret itself is not kept. The states are wiped when the key is
/// dropped.
#[derive(Clone, Default)]
pub struct Key {
    inner: Zeroizing<State>,
    outer: Zeroizing<State>,
}

impl Key {
    /// The key whose bytes are those of `secret`, of any length.
    pub fn new(secret: &str) -> Self {
        let mut key = Self::default();
        key.set(secret);
        key
    }

    /// Makes this the key whose bytes are those of `secret`, where it stands: nothing is
    /// moved, of which copies would stay behind.
    pub fn set(&mut self, secret: &str) {
        stack::wiped_behind::<STACK_IN_USE, _>(|| {
            let secret = secret.as_bytes();
            let mut block = [0; BLOCK];
            match block.split_at_mut_checked(secret.len()) {
                Some((start, _)) => start.copy_from_slice(secret),
                None => block
                    .split_at_mut(DIGEST)
                    .0
                    .copy_from_slice(&Sha256::digest(secret)),
            }
            for (state, pad) in [(&mut self.inner, 0x36), (&mut self.outer, 0x5c)] {
                **state = INITIAL;
                compress(state, &[block.map(|byte| byte ^ pad)]);
            }
        });
    }

    /// The HMAC of a message. It begins with `constant` bytes that are the same in every
    /// message with which `kept` comes.
    pub(super) fn sign(&self, message: &[u8], constant: usize, kept: &Kept) -> [u8; DIGEST] {
        stack::wiped_behind::<STACK_IN_USE, _>(|| {
            let (beginning, rest) = message.split_at(constant - constant % BLOCK);
            let state = kept.get().unwrap_or_else(|| {
                let mut state = *self.inner;
                absorb(&mut state, beginning);
                kept.offer(&state);
                state
            });
            self.finish(state, rest, message.len())
        })
    }

    /// Whether this is the HMAC of a message; how long that takes does not tell where it
    /// is not. The right one stays on the stack, for the caller to wipe.
    pub(super) fn accepts(&self, message: &[u8], hmac: &[u8]) -> bool {
        let expected = self.finish(*self.inner, message, message.len());
        expected.as_slice().ct_eq(hmac).to_bool()
    }

    /// The HMAC of a message of which `inner` is the state before the `rest`.
    fn finish(&self, mut inner: State, rest: &[u8], length: usize) -> [u8; DIGEST] {
        let digest = finish(&mut inner, rest, BLOCK + length);
        let mut outer = *self.outer;
        finish(&mut outer, &digest, BLOCK + DIGEST)
    }
}

/// Hashes whole blocks, and returns what is left.
fn absorb<'a>(state: &mut State, message: &'a [u8]) -> &'a [u8] {
    let (blocks, rest) = Array::<u8, U64>::slice_as_chunks(message);
    compress(state, Array::cast_slice_to_core(blocks));
    rest
}

/// Hashes the end of a message of `length` bytes in all, and returns the digest.
fn finish(state: &mut State, end: &[u8], length: usize) -> [u8; DIGEST] {
    let rest = absorb(state, end);

    // The padding: one bit, zeros, and the length in bits (FIPS 180-4, section 5.1.1).
    let mut blocks = [[0; BLOCK]; 2];
    let (blocks, _) = blocks.split_at_mut(if rest.len() < BLOCK - 8 { 1 } else { 2 });
    let (text, padding) = blocks.as_flattened_mut().split_at_mut(rest.len());
    text.copy_from_slice(rest);
    if let Some(first) = padding.first_mut() {
        *first = 0x80;
    }
    if let Some(last) = padding.last_chunk_mut() {
        *last = (8 * length as u64).to_be_bytes();
    }
    compress(state, blocks);

    let mut digest = [0; DIGEST];
    for (bytes, word) in digest.chunks_exact_mut(4).zip(state.iter()) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    digest
}

/// Without what `sha256/vectors.rs` uses, and wipes itself.
const STACK_IN_USE: usize = 768;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_hmac_is_that_of_the_whole_message_wherever_the_constant_part_ends(
            secret in "\\PC{0,80}",
            message in proptest::collection::vec(any::<u8>(), 0..300),
            constant in 0..300_usize,
            other_end in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let key = Key::new(&secret);
            let constant = constant.min(message.len());
            let kept = Kept::default();
            let (beginning, _) = message.split_at(constant);
            for message in [&message, &[beginning, &other_end].concat()] {
                let expected = hmac_sha256::HMAC::mac(message, &secret);
                prop_assert_eq!(key.sign(message, constant, &kept), expected);
                prop_assert!(key.accepts(message, &expected));
            }
        }

        #[test]
        fn an_hmac_that_differs_anywhere_or_has_another_length_is_not_accepted(
            message in proptest::collection::vec(any::<u8>(), 0..100),
            place in 0..DIGEST,
            change in 1..=255_u8,
            length in 0..2 * DIGEST,
        ) {
            let key = Key::new("secret");
            let mut hmac = hmac_sha256::HMAC::mac(&message, "secret").to_vec();
            hmac[place] ^= change;
            prop_assert!(!key.accepts(&message, &hmac));
            hmac[place] ^= change;
            prop_assert!(key.accepts(&message, &hmac));
            hmac.resize(length, 0);
            prop_assert_eq!(key.accepts(&message, &hmac), length == DIGEST);
        }
    }

    /// Of every length around those at which a block is full, or the padding of one.
    #[test]
    fn secrets_and_messages_of_every_length_give_the_hmac_of_the_specification() {
        let text = "0123456789abcdef".repeat(10);
        for length in 0..=text.len() {
            let (text, _) = text.split_at(length);
            let expected = hmac_sha256::HMAC::mac(text, text);
            let hmac = Key::new(text).sign(text.as_bytes(), length, &Kept::default());
            assert_eq!(hmac, expected, "{length}");
        }
    }
}
