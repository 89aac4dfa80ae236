//! What a program in C does, done from Rust: its texts are there already, and so is the
//! buffer for the result.

use std::cell::Cell;
use std::ffi::{CStr, CString, c_char};
use std::ptr::null_mut;
use std::time::{SystemTime, UNIX_EPOCH};

use captoken::ffi::*;

const TTL: i64 = 3600;

/// What tokens are about.
pub(crate) struct Subject {
    pub(crate) account: CString,
    pub(crate) secret: CString,
    pub(crate) application: CString,
    pub(crate) client: CString,
    pub(crate) params: Vec<(CString, CString)>,
}

/// A token in the making, for as long as it is used.
pub(crate) struct Handle(*mut CapToken);

/// Where results are written.
pub(crate) struct Buffer(Box<[Cell<c_char>]>);

impl Subject {
    pub(crate) fn allow(&self) -> Result<Handle, String> {
        let mut token = null_mut();
        // SAFETY: two texts and a place for the handle.
        check(unsafe { cap_new(self.account.as_ptr(), self.secret.as_ptr(), &mut token) })?;
        // Which frees it whatever comes.
        let handle = Handle(token);
        // SAFETY: the handle and a text each.
        unsafe {
            check(cap_allow_incoming(token, self.client.as_ptr()))?;
            check(cap_allow_outgoing(token, self.application.as_ptr()))?;
        }
        for (key, value) in &self.params {
            // SAFETY: the handle and two texts.
            check(unsafe { cap_add_outgoing_param(token, key.as_ptr(), value.as_ptr()) })?;
        }
        Ok(handle)
    }

    /// A full cycle: S1, where there is one parameter.
    pub(crate) fn mint<'a>(&self, buffer: &'a Buffer) -> Result<&'a Buffer, String> {
        let handle = self.allow()?;
        let Buffer(out) = buffer;
        // SAFETY: a handle, a buffer and its size.
        let status = unsafe { cap_generate(handle.0, TTL, buffer.start(), out.len(), null_mut()) };
        check(status).map(|()| buffer)
    }

    /// A check of a token.
    pub(crate) fn verify<'a>(
        &self,
        token: &CStr,
        buffer: &'a Buffer,
    ) -> Result<&'a Buffer, String> {
        let (token, secret) = (token.as_ptr(), self.secret.as_ptr());
        let Buffer(out) = buffer;
        // SAFETY: two texts, a buffer and its size.
        let status =
            unsafe { cap_verify(token, secret, now(), buffer.start(), out.len(), null_mut()) };
        check(status).map(|()| buffer)
    }
}

impl Handle {
    /// Another token, at a time of the caller's: S3.
    #[allow(dead_code, reason = "not all that measure have a handle that stays")]
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

    /// What was written last.
    pub(crate) fn text(&self) -> &CStr {
        // SAFETY: there is a NUL from the beginning, and behind each result.
        unsafe { CStr::from_ptr(self.start()) }
    }

    fn start(&self) -> *mut c_char {
        self.0.as_ptr().cast::<c_char>().cast_mut()
    }
}

/// By the clock, as programs ask it.
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
