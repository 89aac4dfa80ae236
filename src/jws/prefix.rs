//! The cached state: the HMAC state after the constant part of a handle's tokens.
//!
//! The first thread to finish stores the state for all threads that share the handle. No
//! thread blocks: one that finds no finished state hashes the whole token, as does a child
//! that was forked meanwhile.

use std::ops::Deref;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::hmac::State;

/// The cached state, if there is one. Dropping it wipes it.
#[derive(Default)]
pub(crate) struct PrefixState {
    is_claimed: AtomicBool,
    state: OnceLock<State>,
}

impl PrefixState {
    pub(super) fn get(&self) -> Option<&State> {
        self.state.get()
    }

    /// Stores the state, unless a thread has stored one or is storing one.
    pub(super) fn set(&self, state: &State) {
        // OnceLock alone blocks while another thread stores one.
        if !self.is_claimed.swap(true, Ordering::Relaxed) {
            let _ = self.state.set(state.clone());
        }
    }
}

/// Everything that the cached state depends on, and the state. Every change clears it.
#[derive(Default)]
pub(crate) struct Prefixed<T> {
    parts: T,
    state: PrefixState,
}

impl<T> Prefixed<T> {
    pub(crate) fn state(&self) -> &PrefixState {
        &self.state
    }

    /// The only way to change the parts. Clears the cached state.
    pub(crate) fn change(&mut self) -> &mut T {
        // Dropping the old state wipes it; `OnceLock::take` would leave its bytes in place.
        self.state = PrefixState::default();
        &mut self.parts
    }
}

impl<T> Deref for Prefixed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.parts
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::jws::hmac::tests::{digest, state};

    #[test]
    fn first_state_stays_until_a_change() {
        let mut prefixed = Prefixed::<()>::default();
        assert!(prefixed.state().get().is_none());
        for secret in ["first", "second"] {
            prefixed.state().set(&state(secret));
            let stored = prefixed.state().get().unwrap();
            assert_eq!(digest(stored), digest(&state("first")));
        }
        prefixed.change();
        assert!(prefixed.state().get().is_none());
        prefixed.state().set(&state("third"));
        let stored = prefixed.state().get().unwrap();
        assert_eq!(digest(stored), digest(&state("third")));
    }

    /// Each thread has another state, so that a mix of two would show.
    #[test]
    fn racing_threads_store_one_whole_state() {
        let secrets = ["a", "b", "c", "d"];
        let digests = secrets.map(|secret| digest(&state(secret)));
        let rounds = if cfg!(miri) { 5 } else { 200 };
        for _ in 0..rounds {
            let prefix = PrefixState::default();
            thread::scope(|scope| {
                for secret in secrets {
                    let (prefix, digests) = (&prefix, &digests);
                    scope.spawn(move || {
                        prefix.set(&state(secret));
                        if let Some(stored) = prefix.get() {
                            assert!(digests.contains(&digest(stored)));
                        }
                    });
                }
            });
            assert!(prefix.get().is_some());
        }
    }
}
