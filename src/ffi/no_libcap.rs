//! Takes the place of `libcap.rs` on systems other than Linux, which have no libcap.

use std::ffi::{c_int, c_void};

use super::errno::refuse;

/// Refuses every object, as in a process without libcap.
///
/// # Safety
///
/// None: the function is unsafe because that of `libcap.rs` is.
pub(super) unsafe fn free(_object: *mut c_void) -> c_int {
    refuse()
}
