//! A lock for tests that use the configured defaults, which belong to the process.

use std::ptr::null;
use std::sync::{Mutex, MutexGuard, PoisonError};

use captoken::ffi::{Status, cap_configure};

/// Waits for the other tests that use the defaults, then clears the defaults.
pub(crate) fn lock_defaults() -> MutexGuard<'static, ()> {
    static LOCK: Mutex<()> = Mutex::new(());
    let guard = LOCK.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: NULL clears the defaults.
    let status = unsafe { cap_configure(null(), null()) };
    assert_eq!(status, Status::Ok);
    guard
}
