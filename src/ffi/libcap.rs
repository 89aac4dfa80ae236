//! Forwards foreign pointers to libcap's `cap_free`.

use std::ffi::{CStr, c_int, c_void};
use std::mem::transmute;

use super::errno::refuse;

type Free = unsafe extern "C" fn(*mut c_void) -> c_int;

const NAME: &CStr = c"cap_free";

/// Frees an object of libcap with libcap's `cap_free`. If the process has no libcap,
/// returns -1 and sets `errno` to `EINVAL`, as libcap does for a wrong pointer.
///
/// # Safety
///
/// `object` is valid for libcap's `cap_free`.
pub(super) unsafe fn free(object: *mut c_void) -> c_int {
    // SAFETY: NAME is NUL-terminated. RTLD_NEXT finds the definition after ours in the
    // search order, so it cannot be ours again.
    let next = unsafe { libc::dlsym(libc::RTLD_NEXT, NAME.as_ptr()) };
    if !next.is_null() {
        // SAFETY: as in `call`; the library must stay loaded while the program calls it.
        return unsafe { call(next, object) };
    }

    // If dlopen loaded this library, libcap can be in the process without following it in
    // the search order.
    // SAFETY: the name is NUL-terminated; RTLD_NOLOAD runs no constructors.
    let library =
        unsafe { libc::dlopen(c"libcap.so.2".as_ptr(), libc::RTLD_LAZY | libc::RTLD_NOLOAD) };
    if library.is_null() {
        return refuse();
    }
    // SAFETY: the library is loaded, and NAME is NUL-terminated.
    let theirs = unsafe { libc::dlsym(library, NAME.as_ptr()) };
    let result = if theirs.is_null() {
        refuse()
    } else {
        // SAFETY: as in `call`; the library stays loaded until dlclose below.
        unsafe { call(theirs, object) }
    };
    // SAFETY: dlopen returned this handle.
    unsafe { libc::dlclose(library) };
    result
}

/// # Safety
///
/// `function` is the address of a `cap_free`, and `object` is valid for it.
unsafe fn call(function: *mut c_void, object: *mut c_void) -> c_int {
    // SAFETY: every cap_free has this prototype, libcap's own.
    let function = unsafe { transmute::<*mut c_void, Free>(function) };
    // SAFETY: the caller promises that `object` is valid for it.
    unsafe { function(object) }
}
