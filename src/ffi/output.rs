//! Results into the caller's buffer.

use std::ffi::c_char;
use std::ptr::NonNull;
use std::slice;

use super::boundary::run;
use super::status::Status;
use crate::jws::Unsigned;

/// The caller's buffer of `size` bytes, and the variable for the length of the result.
pub(super) struct Output {
    buffer: *mut c_char,
    size: usize,
    length: Option<NonNull<usize>>,
}

impl Output {
    /// # Safety
    ///
    /// As long as the result is used, `buffer` is NULL or writable for `size`
    /// bytes, `length` is NULL or writable, and no other thread uses either.
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
    pub(super) fn copy_if_wanted(&mut self, string: &str) -> Result<(), Status> {
        if self.buffer.is_null() {
            self.set_length(string.len());
            return Ok(());
        }
        self.reserve(string.len())?
            .copy_from_slice(string.as_bytes());
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
        // SAFETY: `length + 1` is at most `size`, for which the buffer is writable. It is not
        // NULL, because `size` is not 0. The bytes are initialised before they become a slice.
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
        if let Some(variable) = self.length {
            // SAFETY: `new` was promised that the variable is writable.
            unsafe { variable.write(length) };
        }
    }
}
