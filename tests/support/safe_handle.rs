//! A safe handle: calls the C functions with Rust strings.

use std::ffi::{CString, c_char};
use std::ptr;

use captoken::ffi::*;

/// Owns a handle of the C interface.
pub(crate) struct Handle(pub(crate) *mut CapToken);

impl Handle {
    pub(crate) fn new(account_sid: &str, auth_token: &str) -> Result<Self, Status> {
        let mut token = ptr::null_mut();
        let (account_sid, auth_token) = (c_string(account_sid), c_string(auth_token));
        // SAFETY: two strings and a place for the handle.
        let status = unsafe { cap_new(account_sid.as_ptr(), auth_token.as_ptr(), &mut token) };
        ok(status)?;
        Ok(Self(token))
    }

    pub(crate) fn access(
        account_sid: &str,
        api_key_sid: &str,
        api_key_secret: &str,
    ) -> Result<Self, Status> {
        let mut token = ptr::null_mut();
        let strings = [account_sid, api_key_sid, api_key_secret].map(c_string);
        let [account_sid, api_key_sid, secret] = strings.each_ref().map(|string| string.as_ptr());
        // SAFETY: three strings and a place for the handle.
        ok(unsafe { cap_new_access(account_sid, api_key_sid, secret, &mut token) })?;
        Ok(Self(token))
    }

    pub(crate) fn allow_incoming(&mut self, client_name: &str) -> Result<(), Status> {
        // SAFETY: a handle and a string.
        ok(unsafe { cap_allow_incoming(self.0, c_string(client_name).as_ptr()) })
    }

    pub(crate) fn allow_outgoing(&mut self, application_sid: &str) -> Result<(), Status> {
        // SAFETY: a handle and a string.
        ok(unsafe { cap_allow_outgoing(self.0, c_string(application_sid).as_ptr()) })
    }

    pub(crate) fn add_outgoing_param(&mut self, key: &str, value: &str) -> Result<(), Status> {
        // SAFETY: a handle and two strings.
        ok(unsafe {
            cap_add_outgoing_param(self.0, c_string(key).as_ptr(), c_string(value).as_ptr())
        })
    }

    pub(crate) fn set_client_name(&mut self, client_name: &str) -> Result<(), Status> {
        // SAFETY: a handle and a string.
        ok(unsafe { cap_set_client_name(self.0, c_string(client_name).as_ptr()) })
    }

    pub(crate) fn allow_event_stream(&mut self) -> Result<(), Status> {
        // SAFETY: a handle.
        ok(unsafe { cap_allow_event_stream(self.0) })
    }

    pub(crate) fn add_event_filter(&mut self, key: &str, value: &str) -> Result<(), Status> {
        // SAFETY: a handle and two strings.
        ok(unsafe {
            cap_add_event_filter(self.0, c_string(key).as_ptr(), c_string(value).as_ptr())
        })
    }

    pub(crate) fn add_claim(&mut self, name: &str, json: &str) -> Result<(), Status> {
        // SAFETY: a handle and two strings.
        ok(unsafe { cap_add_claim(self.0, c_string(name).as_ptr(), c_string(json).as_ptr()) })
    }

    pub(crate) fn set_region(&mut self, region: &str) -> Result<(), Status> {
        // SAFETY: a handle and a string.
        ok(unsafe { cap_set_region(self.0, c_string(region).as_ptr()) })
    }

    pub(crate) fn set_push_credential(&mut self, sid: &str) -> Result<(), Status> {
        // SAFETY: a handle and a string.
        ok(unsafe { cap_set_push_credential(self.0, c_string(sid).as_ptr()) })
    }

    pub(crate) fn add_grant(&mut self, name: &str, json: &str) -> Result<(), Status> {
        // SAFETY: a handle and two strings.
        ok(unsafe { cap_add_grant(self.0, c_string(name).as_ptr(), c_string(json).as_ptr()) })
    }

    pub(crate) fn set_not_before(&mut self, not_before: i64) -> Result<(), Status> {
        // SAFETY: a handle.
        ok(unsafe { cap_set_not_before(self.0, not_before) })
    }

    /// Generates a token; asks for its length first.
    pub(crate) fn generate_at(&self, now: i64, ttl: i64) -> Result<String, Status> {
        // SAFETY: a handle, a buffer of `size` bytes, and a valid or NULL length.
        whole_string(|buffer, size, length| unsafe {
            cap_generate_at(self.0, now, ttl, buffer, size, length)
        })
    }
}

/// Mints a token from a request; asks for its length first.
pub(crate) fn mint(secret: &str, request: &str, now: i64, ttl: i64) -> Result<String, Status> {
    let (secret, request) = (c_string(secret), c_string(request));
    // SAFETY: two strings, a buffer of `size` bytes, and a valid or NULL length.
    whole_string(|buffer, size, length| unsafe {
        cap_mint(
            secret.as_ptr(),
            request.as_ptr(),
            now,
            ttl,
            buffer,
            size,
            length,
        )
    })
}

/// Verifies a token and returns its payload; asks for its length first.
pub(crate) fn verify(token: &str, secret: &str, now: i64) -> Result<String, Status> {
    let (token, secret) = (c_string(token), c_string(secret));
    // SAFETY: two strings, a buffer of `size` bytes, and a valid or NULL length.
    whole_string(|buffer, size, length| unsafe {
        cap_verify(token.as_ptr(), secret.as_ptr(), now, buffer, size, length)
    })
}

fn whole_string(
    mut write: impl FnMut(*mut c_char, usize, *mut usize) -> Status,
) -> Result<String, Status> {
    let mut length = 0;
    let mut byte = 0x55;
    match write(&mut byte, 1, &mut length) {
        Status::BufferTooSmall => assert_eq!(byte, 0),
        status => return Err(status),
    }
    let mut buffer = vec![0x55; length + 1];
    ok(write(
        buffer.as_mut_ptr().cast(),
        length + 1,
        ptr::null_mut(),
    ))?;
    assert_eq!(buffer.pop(), Some(0), "the NUL is at the reported length");
    Ok(String::from_utf8(buffer).expect("UTF-8"))
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is not used again.
        unsafe { cap_token_free(self.0) };
    }
}

pub(crate) fn c_string(string: &str) -> CString {
    CString::new(string).expect("no NUL")
}

pub(crate) fn ok(status: Status) -> Result<(), Status> {
    match status {
        Status::Ok => Ok(()),
        status => Err(status),
    }
}
