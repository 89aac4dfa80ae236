//! Calls the C functions as a C program would: its strings and its output buffer exist before
//! the measured code runs.

use std::cell::Cell;
use std::ffi::{CStr, CString, c_char};
use std::ptr::null_mut;
use std::time::{SystemTime, UNIX_EPOCH};

use captoken::ffi::*;

const TTL: i64 = 3600;

/// The contents of the tokens.
pub(crate) struct Subject {
    pub(crate) account: CString,
    pub(crate) secret: CString,
    pub(crate) application: CString,
    pub(crate) client: CString,
    pub(crate) params: Vec<(CString, CString)>,
}

/// A handle, freed when dropped.
pub(crate) struct Handle(*mut CapToken);

/// The output buffer.
pub(crate) struct Buffer(Box<[Cell<c_char>]>);

impl Subject {
    pub(crate) fn allow(&self) -> Result<Handle, String> {
        let mut token = null_mut();
        // SAFETY: two strings, and a pointer that may be written through.
        check(unsafe { cap_new(self.account.as_ptr(), self.secret.as_ptr(), &mut token) })?;
        // Frees the handle if a call below fails.
        let handle = Handle(token);
        // SAFETY: a handle and a string each.
        unsafe {
            check(cap_allow_incoming(token, self.client.as_ptr()))?;
            check(cap_allow_outgoing(token, self.application.as_ptr()))?;
        }
        for (key, value) in &self.params {
            // SAFETY: a handle and two strings.
            check(unsafe { cap_add_outgoing_param(token, key.as_ptr(), value.as_ptr()) })?;
        }
        Ok(handle)
    }

    /// A full cycle: a new handle, its permissions, and one token.
    pub(crate) fn mint<'a>(&self, buffer: &'a Buffer) -> Result<&'a Buffer, String> {
        let handle = self.allow()?;
        let Buffer(out) = buffer;
        // SAFETY: a handle, a buffer and its size.
        let status = unsafe { cap_generate(handle.0, TTL, buffer.start(), out.len(), null_mut()) };
        check(status).map(|()| buffer)
    }

    /// Verifies a token.
    pub(crate) fn verify<'a>(
        &self,
        token: &CStr,
        buffer: &'a Buffer,
    ) -> Result<&'a Buffer, String> {
        let (token, secret) = (token.as_ptr(), self.secret.as_ptr());
        let Buffer(out) = buffer;
        // SAFETY: two strings, a buffer and its size.
        let status =
            unsafe { cap_verify(token, secret, now(), buffer.start(), out.len(), null_mut()) };
        check(status).map(|()| buffer)
    }
}

impl Handle {
    /// Another token of this handle, at the given time.
    #[allow(dead_code, reason = "not every benchmark keeps a handle")]
    pub(crate) fn mint_at(&self, now: i64, buffer: &Buffer) -> Result<(), String> {
        let Buffer(out) = buffer;
        // SAFETY: a handle, a buffer and its size.
        check(unsafe { cap_generate_at(self.0, now, TTL, buffer.start(), out.len(), null_mut()) })
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is not used again.
        unsafe { cap_token_free(self.0) };
    }
}

impl Buffer {
    pub(crate) fn new(size: usize) -> Self {
        Self(vec![Cell::new(0); size].into())
    }

    /// The last result.
    pub(crate) fn text(&self) -> &CStr {
        // SAFETY: the buffer is zeroed at first, and each result ends with a NUL.
        unsafe { CStr::from_ptr(self.start()) }
    }

    fn start(&self) -> *mut c_char {
        self.0.as_ptr().cast::<c_char>().cast_mut()
    }
}

/// The current time in seconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs() as i64)
}

fn check(status: Status) -> Result<(), String> {
    match status {
        Status::Ok => Ok(()),
        status => Err(format!("{status:?}")),
    }
}
