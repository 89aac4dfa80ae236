//! Objects that are not ours, passed on to whose they are.

use std::ffi::{CStr, c_int, c_void};
use std::mem::transmute;

type Free = unsafe extern "C" fn(*mut c_void) -> c_int;

const NAME: &CStr = c"cap_free";

/// Frees an object of libcap with libcap's own `cap_free`. Without one in the
/// process, refuses as it would: -1, and `errno` is `EINVAL`.
///
/// # Safety
///
/// `object` is what libcap's `cap_free` may be given.
pub(super) unsafe fn free(object: *mut c_void) -> c_int {
    // SAFETY: NAME is NUL-terminated. The next definition behind ours in the
    // search order of the object that holds this code cannot be ours again.
    let next = unsafe { libc::dlsym(libc::RTLD_NEXT, NAME.as_ptr()) };
    if !next.is_null() {
        // SAFETY: as in `call`; the address stays valid, since nobody unloads a
        // library while calling into it.
        return unsafe { call(next, object) };
    }

    // Where this library was loaded by dlopen, libcap need not be behind it in
    // any search order, although it is there.
    // SAFETY: the name is NUL-terminated; RTLD_NOLOAD runs nobody's constructors.
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
    // SAFETY: gives back what dlopen took.
    unsafe { libc::dlclose(library) };
    result
}

/// # Safety
///
/// `function` is the address of a `cap_free`, and `object` is one it may be given.
unsafe fn call(function: *mut c_void, object: *mut c_void) -> c_int {
    // SAFETY: every cap_free has this prototype, libcap's own.
    let function = unsafe { transmute::<*mut c_void, Free>(function) };
    // SAFETY: the caller promises that the object is one of theirs.
    unsafe { function(object) }
}

fn refuse() -> c_int {
    // SAFETY: the address of this thread's errno is always valid.
    unsafe { *libc::__errno_location() = libc::EINVAL };
    -1
}
