//! Panics stop here.

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
    fn a_panic_becomes_the_status_of_a_bug() {
        assert_eq!(run(|| panic!("stopped, as it should be")), Status::Internal);
    }

    #[test]
    fn a_result_becomes_its_status() {
        assert_eq!(run(|| Ok(())), Status::Ok);
        assert_eq!(run(|| Err(Status::NullArgument)), Status::NullArgument);
    }
}
