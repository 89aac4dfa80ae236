//! The configured defaults are the process's: tests that need them take turns.

use std::sync::{Mutex, MutexGuard, PoisonError};

pub(crate) fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}
