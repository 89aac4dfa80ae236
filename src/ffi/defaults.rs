//! The configured defaults: the only state that is the process's.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use zeroize::Zeroizing;

use crate::error::Error;
use crate::jws::Key;

/// The credentials that stand in where a program gives none. Both are wiped when
/// they are dropped.
pub(super) struct Defaults {
    pub(super) account_sid: Zeroizing<String>,
    pub(super) key: Key,
}

impl Defaults {
    pub(super) fn new(account_sid: &str, key: Key) -> Result<Self, Error> {
        let mut copy = String::new();
        copy.try_reserve_exact(account_sid.len())?;
        copy.push_str(account_sid);
        Ok(Self {
            account_sid: Zeroizing::new(copy),
            key,
        })
    }
}

static DEFAULTS: RwLock<Option<Defaults>> = RwLock::new(None);

/// Replaces the defaults. What was there is dropped where it stands, instead of
/// being moved elsewhere first.
pub(super) fn set(defaults: Defaults) {
    *write() = Some(defaults);
}

/// Drops the defaults where they stand.
pub(super) fn clear() {
    *write() = None;
}

/// Keeps the defaults as they are.
pub(super) type Guard = RwLockReadGuard<'static, Option<Defaults>>;

/// The defaults as they are now, both of one call to [`set`].
pub(super) fn get() -> Guard {
    DEFAULTS.read().unwrap_or_else(PoisonError::into_inner)
}

fn write() -> RwLockWriteGuard<'static, Option<Defaults>> {
    DEFAULTS.write().unwrap_or_else(PoisonError::into_inner)
}
