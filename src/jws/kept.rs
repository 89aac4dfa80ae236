//! The state of a hash, kept from the first token of a handle for those that follow.
//!
//! A handle that nobody changes is used by many threads at once, and whichever comes
//! first keeps the state for all. Nobody waits for it: who finds no state yet, or finds
//! it being written, hashes the whole; so does the child of a process that forked in
//! between. It is never replaced, so that who finds it written can read it.

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use zeroize::Zeroize;

use super::hmac::State;

/// A place for one state.
#[derive(Default)]
pub(crate) struct Kept {
    progress: AtomicU8,
    words: [AtomicU32; 8],
}

const NOTHING: u8 = 0;
const BEING_WRITTEN: u8 = 1;
const WRITTEN: u8 = 2;

impl Kept {
    pub(super) fn get(&self) -> Option<State> {
        if self.progress.load(Ordering::Acquire) != WRITTEN {
            return None;
        }
        let mut state = State::default();
        for (to, from) in state.iter_mut().zip(&self.words) {
            *to = from.load(Ordering::Relaxed);
        }
        Some(state)
    }

    /// Keeps the state, unless somebody else is doing so or has done it.
    pub(super) fn offer(&self, state: &State) {
        let (success, failure) = (Ordering::Relaxed, Ordering::Relaxed);
        if self
            .progress
            .compare_exchange(NOTHING, BEING_WRITTEN, success, failure)
            .is_ok()
        {
            for (to, from) in self.words.iter().zip(state.iter()) {
                to.store(*from, Ordering::Relaxed);
            }
            self.progress.store(WRITTEN, Ordering::Release);
        }
    }

    /// Forgets the state, because what it is the hash of changes.
    pub(crate) fn forget(&mut self) {
        *self.progress.get_mut() = NOTHING;
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        for word in &mut self.words {
            word.get_mut().zeroize();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn the_first_state_is_kept_until_it_is_forgotten() {
        let mut kept = Kept::default();
        assert_eq!(kept.get(), None);
        for (state, seen) in [(1, 1), (2, 1)] {
            kept.offer(&([state; 8]));
            assert_eq!(kept.get(), Some([seen; 8]));
        }
        kept.forget();
        assert_eq!(kept.get(), None);
        kept.offer(&([3; 8]));
        assert_eq!(kept.get(), Some([3; 8]));
    }

    /// Each thread offers another state, which in truth are all the same: so a state of
    /// two threads' words would be seen.
    #[test]
    fn a_state_is_of_one_thread_alone() {
        for _ in 0..200 {
            let kept = Kept::default();
            thread::scope(|scope| {
                for number in 1..=4 {
                    let kept = &kept;
                    scope.spawn(move || {
                        kept.offer(&([number; 8]));
                        if let Some(state) = kept.get() {
                            assert_eq!(state, [state[0]; 8]);
                        }
                    });
                }
            });
            assert!(kept.get().is_some());
        }
    }
}
