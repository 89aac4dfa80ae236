//! The configured defaults of `cap_configure`: the only global state.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use zeroize::Zeroizing;

use crate::error::Error;
use crate::jws::Key;

/// The credentials that replace NULL. Dropping them wipes them.
pub(super) struct Defaults {
    pub(super) account_sid: Zeroizing<String>,
    pub(super) key: Key,
}

static DEFAULTS: RwLock<Option<Defaults>> = RwLock::new(None);

/// Replaces the defaults. The key is set in place, because moving it would leave a copy.
pub(super) fn set(account_sid: &str, auth_token: &str) -> Result<(), Error> {
    let mut copy = String::new();
    copy.try_reserve_exact(account_sid.len())?;
    copy.push_str(account_sid);
    let defaults = Defaults {
        account_sid: Zeroizing::new(copy),
        key: Key::default(),
    };
    write().insert(defaults).key.set(auth_token);
    Ok(())
}

/// Clears the defaults.
pub(super) fn clear() {
    *write() = None;
}

/// Locks the defaults for reading.
pub(super) type Guard = RwLockReadGuard<'static, Option<Defaults>>;

/// The defaults, both from one call of [`set`].
pub(super) fn get() -> Guard {
    DEFAULTS.read().unwrap_or_else(PoisonError::into_inner)
}

fn write() -> RwLockWriteGuard<'static, Option<Defaults>> {
    DEFAULTS.write().unwrap_or_else(PoisonError::into_inner)
}
