//! The account SID and auth token of a new handle: the program's own, or the configured
//! ones.

use std::ffi::c_char;

use super::defaults::{self, Guard};
use super::status::Status;
use super::strings::optional;
use crate::error::Error;
use crate::token::Token;

/// The credentials for a new handle.
pub(super) struct Credentials<'a> {
    sid: Option<&'a str>,
    auth_token: Option<&'a str>,
    /// Read once, so that both come from one call of `cap_configure`. Not read if the program
    /// gives both.
    defaults: Option<Guard>,
}

impl<'a> Credentials<'a> {
    /// # Safety
    ///
    /// Each is NULL, or NUL-terminated and not written while the result is used.
    pub(super) unsafe fn new(
        sid: *const c_char,
        auth_token: *const c_char,
    ) -> Result<Self, Status> {
        let needs_defaults = sid.is_null() || auth_token.is_null();
        let defaults = needs_defaults.then(defaults::get).flatten();
        let given_or_configured = |string: Option<&'a str>| match string {
            None if defaults.is_none() => Err(Status::NoCredentials),
            string => Ok(string),
        };
        Ok(Self {
            // SAFETY: the caller promises it.
            sid: given_or_configured(unsafe { optional(sid) }?)?,
            // SAFETY: the caller promises it.
            auth_token: given_or_configured(unsafe { optional(auth_token) }?)?,
            defaults,
        })
    }

    /// Sets the account and the key of a token.
    pub(super) fn apply_to(&self, token: &mut Token) -> Result<(), Error> {
        let defaults = self.defaults.as_deref().and_then(Option::as_ref);
        let default_sid = || defaults.map(|defaults| defaults.account_sid.as_str());
        let sid = self.sid.or_else(default_sid).ok_or(Error::Internal)?;
        token.set_account(sid)?;
        match (self.auth_token, defaults) {
            (Some(auth_token), _) => token.key_mut().set(auth_token),
            (None, Some(defaults)) => token.key_mut().copy_from(&defaults.key),
            (None, None) => return Err(Error::Internal),
        }
        Ok(())
    }
}
