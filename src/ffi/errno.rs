//! Sets `errno`, whose address has another name on each system.

use std::ffi::c_int;

#[cfg(target_os = "linux")]
use libc::__errno_location as address;
#[cfg(target_vendor = "apple")]
use libc::__error as address;

#[cfg(windows)]
unsafe extern "C" {
    /// A function of the C runtime. The crate libc does not declare it.
    #[link_name = "_errno"]
    fn address() -> *mut c_int;
}

/// Sets `errno` to `EINVAL`, and returns -1.
pub(super) fn refuse() -> c_int {
    // SAFETY: the address of this thread's errno is valid.
    unsafe { *address() = libc::EINVAL };
    -1
}
