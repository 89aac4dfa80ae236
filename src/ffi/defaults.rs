//! The configured defaults of `cap_configure`: the only global state.
//!
//! There is no lock, because a child that is forked while another thread holds a lock can never
//! take it. [`CURRENT`] points to the slot that contains the defaults. Readers count themselves
//! in a slot. A slot whose defaults were replaced is emptied by the last thread that leaves it,
//! and is then used again. Slots are never freed: a thread may count itself in a slot that is
//! no longer current, notice this, and leave.
//!
//! A child never empties a slot that another thread was using when the process forked.

use std::cell::UnsafeCell;
use std::iter::successors;
use std::ops::Deref;
use std::ptr::{self, null_mut};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering::SeqCst};

use zeroize::Zeroizing;

use crate::error::Error;
use crate::jws::Key;

/// The credentials that replace NULL. Dropping them wipes them.
pub(super) struct Defaults {
    /// First, so that it is wiped before the allocator is called. A process that forks during
    /// that call leaves its child no key.
    pub(super) key: Key,
    pub(super) account_sid: Zeroizing<String>,
}

/// The slot with the defaults, or NULL.
static CURRENT: AtomicPtr<Slot> = AtomicPtr::new(null_mut());

/// Enough for one thread that configures.
static SLOTS: [Slot; 2] = [Slot::new(), Slot::new()];

/// The newest of the slots that were allocated because all others were taken, or NULL.
static MORE_SLOTS: AtomicPtr<Slot> = AtomicPtr::new(null_mut());

struct Slot {
    /// [`TAKEN`], [`REPLACED`], and the number of readers. 0 is a free slot.
    state: AtomicUsize,
    defaults: UnsafeCell<Option<Defaults>>,
    /// The slot that was allocated before this one, or NULL.
    older: AtomicPtr<Slot>,
}

/// The slot belongs to the thread that set this, or is current, or is replaced.
const TAKEN: usize = 1 << (usize::BITS - 1);

/// The slot was current, and must be emptied.
const REPLACED: usize = TAKEN >> 1;

// SAFETY: only the thread that has set TAKEN, or cleared REPLACED, changes the defaults. Other
// threads read them only in between, counted as readers, and the thread that clears REPLACED
// has seen that there are none.
unsafe impl Sync for Slot {}

/// Replaces the defaults.
pub(super) fn set(account_sid: &str, auth_token: &str) -> Result<(), Error> {
    let mut copy = String::new();
    copy.try_reserve_exact(account_sid.len())?;
    copy.push_str(account_sid);
    let defaults = Defaults {
        key: Key::default(),
        account_sid: Zeroizing::new(copy),
    };
    let slot = Slot::take()?;
    // SAFETY: taken, so no other thread uses them.
    let place = unsafe { &mut *slot.defaults.get() };
    // The key is set in place, because moving it would leave a copy.
    place.insert(defaults).key.set(auth_token);
    replace(ptr::from_ref(slot).cast_mut());
    Ok(())
}

/// Clears the defaults.
pub(super) fn clear() {
    replace(null_mut());
}

/// The defaults, both from one call of [`set`], or `None` if nothing is configured. They are
/// not wiped while the result exists.
pub(super) fn get() -> Option<Guard> {
    loop {
        // SAFETY: NULL or a slot, and slots are never freed.
        let slot = unsafe { CURRENT.load(SeqCst).as_ref() }?;
        slot.state.fetch_add(1, SeqCst);
        let guard = Guard(slot);
        // Otherwise it was replaced before this thread was counted.
        if ptr::eq(CURRENT.load(SeqCst), slot) {
            return Some(guard);
        }
    }
}

/// Counts this thread as a reader of a slot.
pub(super) struct Guard(&'static Slot);

impl Deref for Guard {
    type Target = Option<Defaults>;

    fn deref(&self) -> &Option<Defaults> {
        // SAFETY: the slot was current when this thread had been counted, so the defaults stay the
        // same until it leaves.
        unsafe { &*self.0.defaults.get() }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.0.state.fetch_sub(1, SeqCst) == TAKEN | REPLACED | 1 {
            self.0.empty();
        }
    }
}

fn replace(slot: *mut Slot) {
    // SAFETY: NULL or a slot, and slots are never freed.
    if let Some(old) = unsafe { CURRENT.swap(slot, SeqCst).as_ref() } {
        if old.state.fetch_or(REPLACED, SeqCst) == TAKEN {
            old.empty();
        }
    }
}

impl Slot {
    const fn new() -> Self {
        Self {
            state: AtomicUsize::new(0),
            defaults: UnsafeCell::new(None),
            older: AtomicPtr::new(null_mut()),
        }
    }

    /// Takes a free slot, or allocates one.
    fn take() -> Result<&'static Self, Error> {
        let take = |slot: &&Self| {
            let free_to_taken = slot.state.compare_exchange(0, TAKEN, SeqCst, SeqCst);
            free_to_taken.is_ok()
        };
        // SAFETY: NULL or a slot, and slots are never freed.
        let newest = unsafe { MORE_SLOTS.load(SeqCst).as_ref() };
        // SAFETY: as above.
        let more = successors(newest, |slot| unsafe { slot.older.load(SeqCst).as_ref() });
        match SLOTS.iter().chain(more).find(take) {
            Some(slot) => Ok(slot),
            None => Self::allocate(),
        }
    }

    /// A new slot, taken.
    fn allocate() -> Result<&'static Self, Error> {
        let mut memory = Vec::new();
        memory.try_reserve_exact(1)?;
        memory.push(Self::new());
        let [slot] = memory.leak() else {
            return Err(Error::Internal);
        };
        *slot.state.get_mut() = TAKEN;
        let slot = ptr::from_mut(slot);
        // SAFETY: never freed, and this is its only reference that is not shared.
        let shared: &'static Self = unsafe { &*slot };
        let _ = MORE_SLOTS.fetch_update(SeqCst, SeqCst, |older| {
            shared.older.store(older, SeqCst);
            Some(slot)
        });
        Ok(shared)
    }

    /// Wipes the defaults of a replaced slot and frees it, unless it has readers or another
    /// thread is doing so.
    fn empty(&self) {
        let replaced_to_taken =
            self.state
                .compare_exchange(TAKEN | REPLACED, TAKEN, SeqCst, SeqCst);
        if replaced_to_taken.is_ok() {
            // SAFETY: taken, so no other thread uses them.
            unsafe { *self.defaults.get() = None };
            self.state.fetch_sub(TAKEN, SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn current_account() -> String {
        let guard = get().unwrap();
        guard.as_ref().unwrap().account_sid.to_string()
    }

    /// One test, because the defaults are global.
    #[test]
    fn replaced_defaults_stay_until_their_last_reader_leaves() {
        let mut readers = Vec::new();
        for account in ["AC0", "AC1", "AC2", "AC3"] {
            set(account, "secret").unwrap();
            readers.extend([get().unwrap(), get().unwrap()]);
        }
        for (i, reader) in readers.iter().enumerate() {
            let account = &reader.as_ref().unwrap().account_sid;
            assert_eq!(**account, format!("AC{}", i / 2));
            assert!(
                readers
                    .iter()
                    .filter(|other| ptr::eq(other.0, reader.0))
                    .count()
                    == 2
            );
        }
        assert_eq!(current_account(), "AC3");
        clear();
        assert!(get().is_none());

        let slots: Vec<&Slot> = readers.iter().map(|reader| reader.0).collect();
        for (reader, slot) in readers.into_iter().zip(&slots) {
            assert!(reader.is_some());
            assert_eq!(
                slot.state.load(SeqCst) & (TAKEN | REPLACED),
                TAKEN | REPLACED
            );
            drop(reader);
        }
        assert!(slots.iter().all(|slot| slot.state.load(SeqCst) == 0));

        // The slots are used again, also those that were allocated.
        let mut reused = Vec::new();
        for _ in 0..4 {
            set("AC4", "secret").unwrap();
            reused.push(get().unwrap());
        }
        assert!(
            reused
                .iter()
                .all(|reader| slots.iter().any(|slot| ptr::eq(*slot, reader.0)))
        );
        clear();
    }
}
