//! Panics stop here, and secrets do not stay on the stack.

use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::status::Status;

/// Runs `body`; a panic becomes `fallback`.
///
/// What `body` was changing when it panicked is whole: the core makes what is new
/// before it lets go of what was there, and appends only where memory is reserved.
pub(super) fn catch<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(fallback)
}

/// Runs a `body` that can fail; a panic becomes [`Status::Internal`].
pub(super) fn run(body: impl FnOnce() -> Result<(), Status>) -> Status {
    match catch(Err(Status::Internal), body) {
        Ok(()) => Status::Ok,
        Err(status) => status,
    }
}

/// Runs a `body` that handles a secret, and then overwrites the part of the stack
/// that it used. Hashing and moving leave copies there that nobody drops: `hmac`
/// alone leaves the key, xored with a constant.
pub(super) fn run_with_secret(body: impl FnOnce() -> Result<(), Status>) -> Status {
    let status = run(|| apart(body));
    overwrite_stack();
    status
}

/// Keeps what `body` puts on the stack below the frame of the caller.
#[inline(never)]
fn apart<T>(body: impl FnOnce() -> T) -> T {
    body()
}

/// More than any `body` uses in an optimised build. (`tests/wiping.rs` looks.)
const STACK_IN_USE: usize = 4096;

#[inline(never)]
fn overwrite_stack() {
    black_box(&mut [0_u8; STACK_IN_USE]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_the_status_of_a_bug() {
        assert_eq!(run(|| panic!("stopped, as it should be")), Status::Internal);
    }

    #[test]
    fn a_result_becomes_its_status() {
        assert_eq!(run(|| Ok(())), Status::Ok);
        assert_eq!(run(|| Err(Status::NullArgument)), Status::NullArgument);
    }
}
