//! Freed blocks contain no secret.

use std::collections::BTreeSet;
use std::ffi::CStr;
use std::hint::black_box;
use std::slice;

use captoken::ffi::*;

use crate::allocator::{SEEN, start_looking_for, stop_looking};
use crate::calls::{
    fail_to_make_a_handle, fail_to_mint, free, generate, mint_in_one_call, new, new_access,
    verify_forged,
};
use crate::secrets::{ACCOUNT_SID, AUTH_TOKEN, STATES, Search, WITHIN};
use crate::stack::zero_stack;
use crate::token::signed_parts;

#[test]
fn freed_memory_holds_no_auth_token() {
    assert_freed_memory_is_wiped(|| new(ACCOUNT_SID.as_ptr(), AUTH_TOKEN.as_ptr()));
}

#[test]
fn freed_memory_holds_no_api_key_secret() {
    assert_freed_memory_is_wiped(new_access);
}

fn assert_freed_memory_is_wiped(new: fn() -> *mut CapToken) {
    let token = new();
    let jwt = generate(token);
    let jwt = CStr::from_bytes_until_nul(&jwt).expect("a string");
    let jwt = jwt.to_str().expect("ASCII");
    free(token);
    let search = Search::new(AUTH_TOKEN, &[jwt]).with_forged(AUTH_TOKEN);
    let search: &'static Search = Box::leak(Box::new(search));
    // The handle may copy unused bytes of the stack.
    zero_stack();

    start_looking_for(search);
    let token = new();
    assert!(generate(token).starts_with(jwt.as_bytes()));

    // The live handle contains the hash states, but not the auth token.
    let (start, size) = SEEN.get().expect("looking").largest;
    assert!((start.addr()..start.addr() + size).contains(&token.addr()));
    // SAFETY: a live block of that size, which the allocator zeroed.
    let object = unsafe { slice::from_raw_parts(start, size) };
    let all = [&STATES[..], &[WITHIN]].concat();
    assert_eq!(search.names(object), BTreeSet::from_iter(all));
    // The next change wipes the cached state of the first token.
    zero_stack();
    // SAFETY: a handle and a string.
    let status = unsafe { cap_allow_incoming(token, c"Alice".as_ptr()) };
    assert_eq!(status, Status::Ok);
    // SAFETY: the same block. `black_box`, because the call has changed it.
    let object = unsafe { slice::from_raw_parts(black_box(start), size) };
    assert_eq!(search.names(object), BTreeSet::from(STATES));

    free(token);
    // All of it, including bytes that the handle copied from the stack unused.
    assert!(SEEN.get().expect("looking").largest_wiped);
    mint_in_one_call();
    fail_to_mint();
    fail_to_make_a_handle();
    verify_forged();
    let seen = stop_looking();
    assert!(seen.freed > 0);
    assert_eq!(seen.with_secret, 0);

    // The search looked for the secret that signed.
    signed_parts(jwt, AUTH_TOKEN.to_str().expect("ASCII"));
}
