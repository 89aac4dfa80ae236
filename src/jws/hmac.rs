//! HMAC-SHA256 (RFC 2104, FIPS 180-4), computed by the crates `hmac` and `sha2`.

use hmac::block_api::HmacCore;
use hmac::digest::Output;
use hmac::digest::block_api::{Block, Buffer, CoreProxy, FixedOutputCore, UpdateCore};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::prefix::PrefixState;
use crate::error::Error;
use crate::stack::wiping_traces;

const BLOCK: usize = 64;
const DIGEST: usize = 32;

/// An HMAC after whole blocks. It can sign, so dropping it wipes it.
pub(super) type State = HmacCore<Sha256>;

/// A signing key: the HMAC state before the first block of a message. The secret itself is
/// not stored. Dropping the key wipes the state.
///
/// A key without a state signs nothing. It is filled in place, because moving a state
/// would leave a copy on the stack.
#[derive(Default)]
pub struct Key(Option<State>);

impl Key {
    /// The key with the bytes of `secret`, of any length.
    pub fn new(secret: &str) -> Self {
        let mut key = Self::default();
        key.set(secret);
        key
    }

    /// Sets the bytes of `secret`, of any length, as the key.
    pub fn set(&mut self, secret: &str) {
        wiping_traces::<STACK_IN_USE, _>(|| {
            // HMAC allows keys of any length, so this is never None.
            self.0 = State::new_from_slice(secret.as_bytes()).ok();
        });
    }

    /// Copies another key.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        wiping_traces::<STACK_IN_USE, _>(|| self.0.clone_from(&other.0));
    }

    /// The HMAC of a message. Its first `constant` bytes are the same for all messages that
    /// are signed with this `prefix`.
    pub(super) fn sign(
        &self,
        message: &[u8],
        constant: usize,
        prefix: &PrefixState,
    ) -> Result<[u8; DIGEST], Error> {
        let key = self.0.as_ref().ok_or(Error::Internal)?;
        Ok(wiping_traces::<STACK_IN_USE, _>(|| {
            let (beginning, rest) = message.split_at(constant - constant % BLOCK);
            let state = match prefix.get() {
                Some(state) => state.clone(),
                None => {
                    let (blocks, _) = Block::<State>::slice_as_chunks(beginning);
                    let mut state = key.clone();
                    state.update_blocks(blocks);
                    prefix.set(&state);
                    state
                }
            };
            finish(state, rest)
        }))
    }

    /// Whether `mac` is the HMAC of a message. The time does not depend on where it differs.
    pub(super) fn verify_mac(&self, message: &[u8], mac: &[u8]) -> Result<bool, Error> {
        let key = self.0.as_ref().ok_or(Error::Internal)?;
        Ok(wiping_traces::<STACK_IN_USE, _>(|| {
            let hmac = Hmac::<Sha256>::compose(key.clone(), Buffer::<State>::default());
            hmac.chain_update(message).verify_slice(mac).is_ok()
        }))
    }
}

/// Finishes an HMAC: `state` covers everything before `rest`.
fn finish(mut state: State, rest: &[u8]) -> [u8; DIGEST] {
    let mut buffer = Buffer::<State>::default();
    buffer.digest_blocks(rest, |blocks| state.update_blocks(blocks));
    let mut hmac = Output::<State>::default();
    state.finalize_fixed_core(&mut buffer, &mut hmac);
    hmac.0
}

/// Enough for an optimised build, on CPUs with and without SHA instructions.
const STACK_IN_USE: usize = 768;

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(in crate::jws) fn state(secret: &str) -> State {
        Key::new(secret).0.unwrap()
    }

    pub(in crate::jws) fn digest(state: &State) -> [u8; DIGEST] {
        finish(state.clone(), b"")
    }

    proptest! {
        #[test]
        fn prefix_state_gives_the_same_hmac(
            secret in "\\PC{0,80}",
            message in proptest::collection::vec(any::<u8>(), 0..300),
            constant in 0..300_usize,
            other_end in proptest::collection::vec(any::<u8>(), 0..300),
        ) {
            let key = Key::new(&secret);
            let constant = constant.min(message.len());
            let prefix = PrefixState::default();
            let (beginning, _) = message.split_at(constant);
            for message in [&message, &[beginning, &other_end].concat()] {
                let expected = hmac_sha256::HMAC::mac(message, &secret);
                prop_assert_eq!(key.sign(message, constant, &prefix), Ok(expected));
                prop_assert_eq!(key.verify_mac(message, &expected), Ok(true));
            }
        }

        #[test]
        fn changed_or_resized_hmac_is_rejected(
            message in proptest::collection::vec(any::<u8>(), 0..100),
            place in 0..DIGEST,
            change in 1..=255_u8,
            length in 0..2 * DIGEST,
        ) {
            let key = Key::new("secret");
            let mut hmac = hmac_sha256::HMAC::mac(&message, "secret").to_vec();
            hmac[place] ^= change;
            prop_assert_eq!(key.verify_mac(&message, &hmac), Ok(false));
            hmac[place] ^= change;
            prop_assert_eq!(key.verify_mac(&message, &hmac), Ok(true));
            hmac.resize(length, 0);
            prop_assert_eq!(key.verify_mac(&message, &hmac), Ok(length == DIGEST));
        }
    }

    /// The lengths include every boundary of a block.
    #[test]
    fn every_length_agrees_with_hmac_sha256() {
        let text = "0123456789abcdef".repeat(10);
        for length in 0..=text.len() {
            let (text, _) = text.split_at(length);
            let expected = hmac_sha256::HMAC::mac(text, text);
            let hmac = Key::new(text).sign(text.as_bytes(), length, &PrefixState::default());
            assert_eq!(hmac, Ok(expected), "{length}");
        }
    }

    #[test]
    fn key_without_state_signs_nothing() {
        let key = Key::default();
        assert_eq!(
            key.sign(b"", 0, &PrefixState::default()),
            Err(Error::Internal)
        );
        assert_eq!(key.verify_mac(b"", &[0; DIGEST]), Err(Error::Internal));
    }
}
