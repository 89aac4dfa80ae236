//! Panics stop here.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::status::Status;

/// Runs `body`; a panic becomes `fallback`.
///
/// What `body` was changing when it panicked is not looked at again, or is whole:
/// the core builds what is new before it lets go of what was there.
pub(super) fn catch<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(fallback)
}

/// Runs a `body` that can fail; a panic becomes [`Status::Internal`].
pub(super) fn ensure(body: impl FnOnce() -> Result<(), Status>) -> Status {
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
        assert_eq!(
            ensure(|| panic!("stopped, as it should be")),
            Status::Internal
        );
    }

    #[test]
    fn a_result_becomes_its_status() {
        assert_eq!(ensure(|| Ok(())), Status::Ok);
        assert_eq!(ensure(|| Err(Status::NullArgument)), Status::NullArgument);
    }
}
