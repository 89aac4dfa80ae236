//! C strings to `&str`, Rust text into the caller's buffer.

use std::ffi::{CStr, c_char};
use std::ptr::NonNull;
use std::slice;

use super::boundary::run;
use super::status::Status;
use crate::jws::Unsigned;

/// A text that may be empty.
///
/// # Safety
///
/// `text` is NULL, or NUL-terminated and not written while the result is used.
pub(super) unsafe fn any<'a>(text: *const c_char) -> Result<&'a str, Status> {
    if text.is_null() {
        return Err(Status::NullArgument);
    }
    // SAFETY: not NULL; the caller promises the rest.
    unsafe { CStr::from_ptr(text) }
        .to_str()
        .map_err(|_| Status::InvalidUtf8)
}

/// A text that must not be empty: a SID, a secret, a client name.
///
/// # Safety
///
/// As for [`any`].
pub(super) unsafe fn name<'a>(text: *const c_char) -> Result<&'a str, Status> {
    // SAFETY: the caller promises what `any` asks for.
    match unsafe { any(text) }? {
        "" => Err(Status::EmptyArgument),
        text => Ok(text),
    }
}

/// A text that must not be empty, or NULL.
///
/// # Safety
///
/// As for [`any`].
pub(super) unsafe fn optional_name<'a>(text: *const c_char) -> Result<Option<&'a str>, Status> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller promises what `any` asks for.
    unsafe { name(text) }.map(Some)
}

/// Where a program wants a result: a buffer of `size` bytes, and a place for the
/// length of what is to stand in it.
pub(super) struct Output {
    buffer: *mut c_char,
    size: usize,
    length: Option<NonNull<usize>>,
}

impl Output {
    /// # Safety
    ///
    /// As long as the result is used, `buffer` is NULL or writable for `size`
    /// bytes, `length` is NULL or writable, and nobody else uses either.
    pub(super) unsafe fn new(buffer: *mut c_char, size: usize, length: *mut usize) -> Self {
        Self {
            buffer,
            size,
            length: NonNull::new(length),
        }
    }

    /// Runs `body`, which writes last. On failure the buffer is set to "" and the length
    /// to 0, unless the buffer was too small.
    pub(super) fn run(mut self, body: impl FnOnce(&mut Self) -> Result<(), Status>) -> Status {
        let status = run(|| body(&mut self));
        if status != Status::Ok {
            self.terminate(0);
        }
        if !matches!(status, Status::Ok | Status::BufferTooSmall) {
            self.set_length(0);
        }
        status
    }

    /// The buffer must not be NULL, unless its size is 0.
    pub(super) fn check(&self) -> Result<(), Status> {
        if self.buffer.is_null() && self.size > 0 {
            Err(Status::NullArgument)
        } else {
            Ok(())
        }
    }

    /// Copies a string, if there is a buffer at all.
    pub(super) fn copy_if_wanted(&mut self, text: &str) -> Result<(), Status> {
        if self.buffer.is_null() {
            self.set_length(text.len());
            return Ok(());
        }
        self.reserve(text.len())?.copy_from_slice(text.as_bytes());
        Ok(())
    }

    /// Signs a token into the buffer.
    pub(super) fn sign(&mut self, unsigned: &Unsigned<'_>) -> Result<(), Status> {
        let buffer = self.reserve(unsigned.length()?)?;
        Ok(unsigned.sign(buffer)?)
    }

    /// The first `length` bytes of the buffer, with a NUL after them.
    fn reserve(&mut self, length: usize) -> Result<&mut [u8], Status> {
        self.check()?;
        self.set_length(length);
        if length >= self.size {
            return Err(Status::BufferTooSmall);
        }
        // SAFETY: `length` bytes and one are no more than `size`, for which the buffer
        // is writable, and it is not NULL, since `size` is not zero. They are written
        // before a slice is made of them, as C may not have done so.
        Ok(unsafe {
            self.buffer.write_bytes(0, length + 1);
            slice::from_raw_parts_mut(self.buffer.cast(), length)
        })
    }

    /// Writes a NUL at `index`, if the buffer reaches that far.
    fn terminate(&mut self, index: usize) {
        if !self.buffer.is_null() && index < self.size {
            // SAFETY: `new` was promised that the buffer is writable there.
            unsafe { self.buffer.add(index).write(0) };
        }
    }

    fn set_length(&mut self, length: usize) {
        if let Some(place) = self.length {
            // SAFETY: `new` was promised that the place is writable.
            unsafe { place.write(length) };
        }
    }
}
