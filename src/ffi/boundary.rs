//! Stops panics, so that none reaches C.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::status::Status;

/// Runs `body`; a panic becomes `fallback`.
///
/// Unwind safe: the core builds a new value before it drops the old one, and appends only
/// where memory is reserved.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panic_becomes_internal_status() {
        assert_eq!(run(|| panic!("expected by this test")), Status::Internal);
    }

    #[test]
    fn result_becomes_its_status() {
        assert_eq!(run(|| Ok(())), Status::Ok);
        assert_eq!(run(|| Err(Status::NullArgument)), Status::NullArgument);
    }
}
