//! The C functions, called from Rust with ordinary strings.

#![allow(dead_code, reason = "no test calls them all")]

use std::ffi::{CString, c_char};
use std::ptr;

use captoken::ffi::*;

/// A handle that frees itself; inside, the one of C.
pub(crate) struct Handle(pub(crate) *mut CapToken);

impl Handle {
    pub(crate) fn new(account_sid: &str, auth_token: &str) -> Result<Self, Status> {
        let mut token = ptr::null_mut();
        let (account_sid, auth_token) = (text(account_sid), text(auth_token));
        // SAFETY: two texts and a place for the handle.
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
        let texts = [account_sid, api_key_sid, api_key_secret].map(text);
        let [account_sid, api_key_sid, secret] = texts.each_ref().map(|text| text.as_ptr());
        // SAFETY: three texts and a place for the handle.
        ok(unsafe { cap_new_access(account_sid, api_key_sid, secret, &mut token) })?;
        Ok(Self(token))
    }

    pub(crate) fn allow_incoming(&mut self, client_name: &str) -> Result<(), Status> {
        // SAFETY: a handle and a text.
        ok(unsafe { cap_allow_incoming(self.0, text(client_name).as_ptr()) })
    }

    pub(crate) fn allow_outgoing(&mut self, application_sid: &str) -> Result<(), Status> {
        // SAFETY: a handle and a text.
        ok(unsafe { cap_allow_outgoing(self.0, text(application_sid).as_ptr()) })
    }

    pub(crate) fn add_outgoing_param(&mut self, key: &str, value: &str) -> Result<(), Status> {
        // SAFETY: a handle and two texts.
        ok(unsafe { cap_add_outgoing_param(self.0, text(key).as_ptr(), text(value).as_ptr()) })
    }

    pub(crate) fn set_client_name(&mut self, client_name: &str) -> Result<(), Status> {
        // SAFETY: a handle and a text.
        ok(unsafe { cap_set_client_name(self.0, text(client_name).as_ptr()) })
    }

    pub(crate) fn allow_event_stream(&mut self) -> Result<(), Status> {
        // SAFETY: a handle.
        ok(unsafe { cap_allow_event_stream(self.0) })
    }

    pub(crate) fn add_event_filter(&mut self, key: &str, value: &str) -> Result<(), Status> {
        // SAFETY: a handle and two texts.
        ok(unsafe { cap_add_event_filter(self.0, text(key).as_ptr(), text(value).as_ptr()) })
    }

    pub(crate) fn add_claim(&mut self, name: &str, json: &str) -> Result<(), Status> {
        // SAFETY: a handle and two texts.
        ok(unsafe { cap_add_claim(self.0, text(name).as_ptr(), text(json).as_ptr()) })
    }

    pub(crate) fn set_region(&mut self, region: &str) -> Result<(), Status> {
        // SAFETY: a handle and a text.
        ok(unsafe { cap_set_region(self.0, text(region).as_ptr()) })
    }

    pub(crate) fn set_push_credential(&mut self, sid: &str) -> Result<(), Status> {
        // SAFETY: a handle and a text.
        ok(unsafe { cap_set_push_credential(self.0, text(sid).as_ptr()) })
    }

    pub(crate) fn add_grant(&mut self, name: &str, json: &str) -> Result<(), Status> {
        // SAFETY: a handle and two texts.
        ok(unsafe { cap_add_grant(self.0, text(name).as_ptr(), text(json).as_ptr()) })
    }

    pub(crate) fn set_not_before(&mut self, not_before: i64) -> Result<(), Status> {
        // SAFETY: a handle.
        ok(unsafe { cap_set_not_before(self.0, not_before) })
    }

    /// The token; its length is asked for first.
    pub(crate) fn generate_at(&self, now: i64, ttl: i64) -> Result<String, Status> {
        // SAFETY: a handle; a buffer of the size that is said or none, and a place for
        // the length or none.
        whole_text(|buffer, size, length| unsafe {
            cap_generate_at(self.0, now, ttl, buffer, size, length)
        })
    }
}

/// The token of a request; its length is asked for first.
pub(crate) fn mint(secret: &str, request: &str, now: i64, ttl: i64) -> Result<String, Status> {
    let (secret, request) = (text(secret), text(request));
    // SAFETY: two strings; a buffer of the size that is said, and a place for the length
    // or none.
    whole_text(|buffer, size, length| unsafe {
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

/// The payload of a valid token; its length is asked for first.
pub(crate) fn verify(token: &str, secret: &str, now: i64) -> Result<String, Status> {
    let (token, secret) = (text(token), text(secret));
    // SAFETY: two texts, and as above.
    whole_text(|buffer, size, length| unsafe {
        cap_verify(token.as_ptr(), secret.as_ptr(), now, buffer, size, length)
    })
}

fn whole_text(
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
    assert_eq!(
        buffer.pop(),
        Some(0),
        "the NUL stands where the length says"
    );
    Ok(String::from_utf8(buffer).expect("UTF-8"))
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the handle is not used again.
        unsafe { cap_token_free(self.0) };
    }
}

pub(crate) fn text(text: &str) -> CString {
    CString::new(text).expect("a C text has no NUL")
}

pub(crate) fn ok(status: Status) -> Result<(), Status> {
    match status {
        Status::Ok => Ok(()),
        status => Err(status),
    }
}
