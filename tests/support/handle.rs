//! The C functions, called from Rust with ordinary strings.

use std::ffi::{CString, c_char};
use std::ptr;

use captoken::ffi::{
    Status, Token, cap_add_outgoing_param, cap_allow_incoming, cap_allow_outgoing, cap_generate_at,
    cap_new, cap_token_free,
};

/// A handle that frees itself; inside, the one of C.
pub(crate) struct Handle(pub(crate) *mut Token);

impl Handle {
    pub(crate) fn new(account_sid: &str, auth_token: &str) -> Result<Self, Status> {
        let mut token = ptr::null_mut();
        let (account_sid, auth_token) = (text(account_sid), text(auth_token));
        // SAFETY: two texts and a place for the handle.
        let status = unsafe { cap_new(account_sid.as_ptr(), auth_token.as_ptr(), &mut token) };
        ok(status)?;
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

    /// The token; its length is asked for first.
    pub(crate) fn generate_at(&self, now: i64, ttl: i64) -> Result<String, Status> {
        let mut length = 0;
        // SAFETY: a handle, no buffer, and a place for the length.
        let status = unsafe { cap_generate_at(self.0, now, ttl, ptr::null_mut(), 0, &mut length) };
        if status != Status::BufferTooSmall {
            return Err(status);
        }
        let mut buffer = vec![0x55; length + 1];
        let start = buffer.as_mut_ptr().cast::<c_char>();
        // SAFETY: a handle, and a buffer of the size that is said.
        ok(unsafe { cap_generate_at(self.0, now, ttl, start, length + 1, ptr::null_mut()) })?;
        assert_eq!(
            buffer.pop(),
            Some(0),
            "the NUL stands where the length says"
        );
        Ok(String::from_utf8(buffer).expect("a token is ASCII"))
    }
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
