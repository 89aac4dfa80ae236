//! Handles, calls and buffers that the tests share.

use std::ffi::{CStr, c_char};
use std::ptr;

use captoken::ffi::*;

use crate::support::safe_handle::Handle;

pub(super) const NOW: i64 = 1_400_000_000;

/// 2^53 - 1, the last valid time.
pub(super) const LAST: i64 = 9_007_199_254_740_991;

/// A capability token with every permission and option.
pub(super) fn handle() -> Handle {
    let mut handle = Handle::new("AC123123", "secret").unwrap();
    handle.allow_incoming("Alice").unwrap();
    handle.allow_outgoing("AP123123").unwrap();
    handle.add_outgoing_param("Foo", "Bar").unwrap();
    handle.allow_event_stream().unwrap();
    handle.add_event_filter("Type", "Call").unwrap();
    handle.add_claim("user", "42").unwrap();
    handle.set_not_before(NOW).unwrap();
    handle
}

/// An access token with every kind of grant and option.
pub(super) fn access_handle() -> Handle {
    let mut handle = Handle::access("AC123123", "SK123123", "secret").unwrap();
    handle.allow_incoming("Alice").unwrap();
    handle.allow_outgoing("AP123123").unwrap();
    handle.add_outgoing_param("Foo", "Bar").unwrap();
    handle.set_region("ie1").unwrap();
    handle.set_push_credential("CR123123").unwrap();
    handle.add_grant("video", r#"{"room":"standup"}"#).unwrap();
    handle.add_claim("user", "42").unwrap();
    handle.set_not_before(NOW).unwrap();
    handle
}

/// One constructor for each token kind.
pub(super) const KINDS: [fn() -> Handle; 2] = [handle, access_handle];

/// The token of a handle, minted at [`NOW`] for an hour.
pub(super) fn token_of(handle: &Handle) -> String {
    handle.generate_at(NOW, 3600).unwrap()
}

/// The token of [`handle`], minted at [`NOW`] for an hour.
pub(super) fn whole_token() -> String {
    token_of(&handle())
}

/// Checks that a handle equals one from `make` and still takes changes.
pub(super) fn assert_as_made_by(make: fn() -> Handle, handle: &mut Handle) {
    let whole = token_of(&make());
    assert_eq!(token_of(handle), whole);
    handle.allow_incoming("Bob").unwrap();
    assert_ne!(token_of(handle), whole);
    handle.allow_incoming("Alice").unwrap();
    assert_eq!(token_of(handle), whole);
}

/// [`assert_as_made_by`] for [`handle`].
pub(super) fn assert_unchanged(handle: &mut Handle) {
    assert_as_made_by(self::handle, handle);
}

/// Calls `cap_new`.
pub(super) fn new(account_sid: *const c_char, auth_token: *const c_char) -> Status {
    // SAFETY: NULL or strings, and a valid `out`.
    make(|out| unsafe { cap_new(account_sid, auth_token, out) })
}

/// Calls `cap_new_access`.
pub(super) fn new_access(
    account_sid: *const c_char,
    api_key_sid: *const c_char,
    api_key_secret: *const c_char,
) -> Status {
    // SAFETY: NULL or strings, and a valid `out`.
    make(|out| unsafe { cap_new_access(account_sid, api_key_sid, api_key_secret, out) })
}

/// Calls `new` with a garbage handle; checks that a failure replaces it by NULL.
fn make(new: impl FnOnce(*mut *mut CapToken) -> Status) -> Status {
    let mut out = ptr::without_provenance_mut(0x55);
    let status = new(&mut out);
    assert_eq!(out.is_null(), status != Status::Ok);
    // SAFETY: NULL or a handle that is not used again.
    unsafe { cap_token_free(out) };
    status
}

pub(super) fn configure(account_sid: *const c_char, auth_token: *const c_char) -> Status {
    // SAFETY: NULL or strings.
    unsafe { cap_configure(account_sid, auth_token) }
}

/// A buffer of `size` bytes, followed by a guard, and a length; all start as garbage.
pub(super) struct Buffer {
    pub(super) bytes: Vec<u8>,
    pub(super) size: usize,
    pub(super) length: usize,
}

impl Buffer {
    pub(super) fn new(size: usize) -> Self {
        Self {
            bytes: vec![0x55; size + 8],
            size,
            length: 0x5555,
        }
    }

    pub(super) fn generate(&mut self, handle: *const CapToken, ttl: i64) -> Status {
        let start = self.bytes.as_mut_ptr().cast();
        // SAFETY: a handle, NULL or an even address; a buffer and a length.
        unsafe { cap_generate(handle, ttl, start, self.size, &mut self.length) }
    }

    pub(super) fn verify(&mut self, jwt: *const c_char, secret: *const c_char, now: i64) -> Status {
        let start = self.bytes.as_mut_ptr().cast();
        // SAFETY: NULL or strings; a buffer and a length.
        unsafe { cap_verify(jwt, secret, now, start, self.size, &mut self.length) }
    }

    pub(super) fn generate_at(&mut self, handle: *const CapToken, now: i64, ttl: i64) -> Status {
        let start = self.bytes.as_mut_ptr().cast();
        // SAFETY: a handle, NULL or an even address; a buffer and a length.
        unsafe { cap_generate_at(handle, now, ttl, start, self.size, &mut self.length) }
    }

    /// The string in the buffer; checks that the guard is intact.
    pub(super) fn string(&self) -> &str {
        assert!(self.bytes[self.size..].iter().all(|&byte| byte == 0x55));
        let string = CStr::from_bytes_until_nul(&self.bytes[..self.size]).unwrap();
        string.to_str().unwrap()
    }

    pub(super) fn assert_emptied(&self) {
        assert_eq!(self.string(), "");
        assert_eq!(self.length, 0);
    }
}
