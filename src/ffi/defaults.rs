//! The configured defaults: the only state that is the process's.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use crate::error::Error;
use crate::jws::Key;

/// The credentials that stand in where a program gives none.
pub(super) struct Defaults {
    pub(super) account_sid: String,
    pub(super) key: Key,
}

impl Defaults {
    pub(super) fn new(account_sid: &str, key: Key) -> Result<Self, Error> {
        let mut copy = String::new();
        copy.try_reserve_exact(account_sid.len())?;
        copy.push_str(account_sid);
        Ok(Self {
            account_sid: copy,
            key,
        })
    }
}

static DEFAULTS: RwLock<Option<Defaults>> = RwLock::new(None);

/// Replaces the defaults, or clears them. The assignment drops what was there
/// where it stands, so that its key is wiped and not merely moved away.
pub(super) fn set(defaults: Option<Defaults>) {
    *DEFAULTS.write().unwrap_or_else(PoisonError::into_inner) = defaults;
}

/// The defaults as they are now, both of one call to [`set`].
pub(super) fn get() -> RwLockReadGuard<'static, Option<Defaults>> {
    DEFAULTS.read().unwrap_or_else(PoisonError::into_inner)
}
