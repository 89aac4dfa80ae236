//! Panics stop here, and secrets do not stay on the stack.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::status::Status;
use crate::stack;

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

/// Runs a `body` that handles a secret, and leaves nothing of it on the stack.
pub(super) fn run_with_secret(body: impl FnOnce() -> Result<(), Status>) -> Status {
    stack::wiped_behind::<STACK_IN_USE, _>(|| run(body))
}

const STACK_IN_USE: usize = 1536;

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
