//! Every function that takes a handle and strings, reduced to one string.

use std::ffi::c_char;

use captoken::ffi::*;

/// A function that takes a handle and one string.
pub(super) type WithString = unsafe extern "C" fn(*mut CapToken, *const c_char) -> Status;

/// Functions whose string must not be empty. Some do not apply to one token kind, which
/// is the last check.
pub(super) const WITH_NAME: [WithString; 7] = [
    cap_allow_incoming,
    cap_allow_outgoing,
    cap_set_client_name,
    cap_set_region,
    cap_set_push_credential,
    add_claim_with_name,
    add_grant_with_name,
];

/// Functions whose string may be empty.
pub(super) const WITH_ANY: [WithString; 4] = [
    add_param_with_key,
    add_param_with_value,
    add_filter_with_key,
    add_filter_with_value,
];

/// All of these, and the functions that take JSON.
pub(super) fn with_string() -> impl Iterator<Item = WithString> {
    let with_json: [WithString; 2] = [add_claim_with_json, add_grant_with_json];
    WITH_NAME.into_iter().chain(WITH_ANY).chain(with_json)
}

unsafe extern "C" fn add_param_with_key(token: *mut CapToken, key: *const c_char) -> Status {
    // SAFETY: the caller's handle and string, and a constant string.
    unsafe { cap_add_outgoing_param(token, key, c"value".as_ptr()) }
}

unsafe extern "C" fn add_param_with_value(token: *mut CapToken, value: *const c_char) -> Status {
    // SAFETY: the caller's handle and string, and a constant string.
    unsafe { cap_add_outgoing_param(token, c"key".as_ptr(), value) }
}

unsafe extern "C" fn add_filter_with_key(token: *mut CapToken, key: *const c_char) -> Status {
    // SAFETY: the caller's handle and string, and a constant string.
    unsafe { cap_add_event_filter(token, key, c"value".as_ptr()) }
}

unsafe extern "C" fn add_filter_with_value(token: *mut CapToken, value: *const c_char) -> Status {
    // SAFETY: the caller's handle and string, and a constant string.
    unsafe { cap_add_event_filter(token, c"key".as_ptr(), value) }
}

unsafe extern "C" fn add_claim_with_name(token: *mut CapToken, name: *const c_char) -> Status {
    // SAFETY: the caller's handle and string, and a constant string.
    unsafe { cap_add_claim(token, name, c"null".as_ptr()) }
}

unsafe extern "C" fn add_claim_with_json(token: *mut CapToken, json: *const c_char) -> Status {
    // SAFETY: the caller's handle and string, and a constant string.
    unsafe { cap_add_claim(token, c"name".as_ptr(), json) }
}

unsafe extern "C" fn add_grant_with_name(token: *mut CapToken, name: *const c_char) -> Status {
    // SAFETY: the caller's handle and string, and a constant string.
    unsafe { cap_add_grant(token, name, c"{}".as_ptr()) }
}

unsafe extern "C" fn add_grant_with_json(token: *mut CapToken, json: *const c_char) -> Status {
    // SAFETY: the caller's handle and string, and a constant string.
    unsafe { cap_add_grant(token, c"name".as_ptr(), json) }
}
