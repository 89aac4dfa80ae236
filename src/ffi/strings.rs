//! C strings to `&str`. All fail with [`Status::InvalidUtf8`] on other bytes.

use std::ffi::{CStr, c_char};

use super::status::Status;

/// A string that may be empty but not NULL.
///
/// # Safety
///
/// `string` is NULL, or NUL-terminated and not written while the result is used.
pub(super) unsafe fn required<'a>(string: *const c_char) -> Result<&'a str, Status> {
    if string.is_null() {
        return Err(Status::NullArgument);
    }
    // SAFETY: not NULL; the caller promises the rest.
    unsafe { CStr::from_ptr(string) }
        .to_str()
        .map_err(|_| Status::InvalidUtf8)
}

/// A string that must be neither NULL nor empty: a SID, a secret, a client name.
///
/// # Safety
///
/// As for [`required`].
pub(super) unsafe fn non_empty<'a>(string: *const c_char) -> Result<&'a str, Status> {
    // SAFETY: the same contract as `required`.
    match unsafe { required(string) }? {
        "" => Err(Status::EmptyArgument),
        string => Ok(string),
    }
}

/// NULL, or a string that must not be empty.
///
/// # Safety
///
/// As for [`required`].
pub(super) unsafe fn optional<'a>(string: *const c_char) -> Result<Option<&'a str>, Status> {
    if string.is_null() {
        return Ok(None);
    }
    // SAFETY: the same contract as `required`.
    unsafe { non_empty(string) }.map(Some)
}
