//! Handles: ownership, sharing between threads, and freeing.

use std::ffi::{CString, c_char};
use std::ptr::{self, null_mut};
use std::thread;

use captoken::ffi::*;

use super::fixtures::{
    Buffer, KINDS, NOW, access_handle, assert_as_made_by, assert_unchanged, handle, token_of,
};
use super::functions::with_string;
use crate::support::safe_handle::{Handle, c_string, ok};
use crate::support::scope::{pairs, scopes};
use crate::support::token::decode;

#[test]
fn even_handles_are_rejected_and_not_freed() {
    let sid = c_string("AC123123");
    let mut handle = handle();
    let even = [
        ptr::without_provenance_mut(2),
        ptr::without_provenance_mut(usize::MAX - 1),
        handle.0.wrapping_byte_sub(1),
        handle.0.wrapping_byte_add(1),
    ];
    for even in even {
        for function in with_string() {
            // SAFETY: an even address and a string.
            let status = unsafe { function(even, sid.as_ptr()) };
            assert_eq!(status, Status::InvalidHandle);
        }
        let mut buffer = Buffer::new(1024);
        assert_eq!(buffer.generate(even, 3600), Status::InvalidHandle);
        buffer.assert_emptied();
        let mut buffer = Buffer::new(1024);
        assert_eq!(buffer.generate_at(even, NOW, 3600), Status::InvalidHandle);
        buffer.assert_emptied();
        // SAFETY: the functions check for even addresses first.
        unsafe {
            assert_eq!(cap_allow_event_stream(even), Status::InvalidHandle);
            assert_eq!(cap_set_not_before(even, -1), Status::InvalidHandle);
            cap_token_free(even);
        }
    }
    assert_unchanged(&mut handle);
}

#[test]
fn cap_free_frees_a_handle() {
    let mut token = null_mut();
    let (sid, secret) = (c_string("AC123123"), c_string("secret"));
    // SAFETY: two strings and a valid `out`.
    ok(unsafe { cap_new(sid.as_ptr(), secret.as_ptr(), &mut token) }).unwrap();
    assert_eq!(token.addr() % 2, 1);
    // SAFETY: the handle is not used again.
    assert_eq!(unsafe { cap_free(token.cast()) }, 0);
}

#[test]
fn generate_changes_nothing() {
    for make in KINDS {
        let handle = make();
        let first = token_of(&handle);
        for ttl in [1, 60, 86_400] {
            assert_ne!(handle.generate_at(NOW, ttl).unwrap(), first);
        }
        assert_ne!(handle.generate_at(NOW + 1, 3600).unwrap(), first);
        assert_eq!(token_of(&handle), first);
    }
}

#[test]
fn strings_are_copied() {
    let (mut capability, mut access) = (null_mut(), null_mut());
    with_temporary_strings(
        &[
            "AC123123", "secret", "Alice", "AP123123", "Foo", "Bar", "Type", "Call", "user", "42",
        ],
        // SAFETY: strings, a valid `out`, and then the handle in it.
        |next| unsafe {
            ok(cap_new(next(), next(), &mut capability)).unwrap();
            let token = capability;
            ok(cap_allow_incoming(token, next())).unwrap();
            ok(cap_allow_outgoing(token, next())).unwrap();
            ok(cap_add_outgoing_param(token, next(), next())).unwrap();
            ok(cap_allow_event_stream(token)).unwrap();
            ok(cap_add_event_filter(token, next(), next())).unwrap();
            ok(cap_add_claim(token, next(), next())).unwrap();
            ok(cap_set_not_before(token, NOW)).unwrap();
        },
    );
    assert_unchanged(&mut Handle(capability));

    with_temporary_strings(
        &[
            "AC123123",
            "SK123123",
            "secret",
            "Alice",
            "AP123123",
            "Foo",
            "Bar",
            "ie1",
            "CR123123",
            "video",
            r#"{"room":"standup"}"#,
            "user",
            "42",
        ],
        // SAFETY: as above.
        |next| unsafe {
            ok(cap_new_access(next(), next(), next(), &mut access)).unwrap();
            let token = access;
            ok(cap_allow_incoming(token, next())).unwrap();
            ok(cap_allow_outgoing(token, next())).unwrap();
            ok(cap_add_outgoing_param(token, next(), next())).unwrap();
            ok(cap_set_region(token, next())).unwrap();
            ok(cap_set_push_credential(token, next())).unwrap();
            ok(cap_add_grant(token, next(), next())).unwrap();
            ok(cap_add_claim(token, next(), next())).unwrap();
            ok(cap_set_not_before(token, NOW)).unwrap();
        },
    );
    assert_as_made_by(access_handle, &mut Handle(access));
}

/// Calls `body` with a function that returns the strings one by one; then overwrites and
/// frees them.
fn with_temporary_strings(strings: &[&str], body: impl FnOnce(&mut dyn FnMut() -> *const c_char)) {
    let with_nul = |string: &&str| CString::new(*string).unwrap().into_bytes_with_nul();
    let mut strings: Vec<Vec<u8>> = strings.iter().map(with_nul).collect();
    let mut pointers = strings.iter().map(|string| string.as_ptr().cast());
    body(&mut || pointers.next().unwrap());
    assert!(pointers.next().is_none());
    for string in &mut strings {
        string.fill(b'#');
    }
}

#[test]
fn shared_handle_mints_from_many_threads() {
    let rounds = if cfg!(miri) { 3 } else { 500 };
    for make in KINDS {
        let handle = make();
        let shared = handle.0.expose_provenance();
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(move || {
                    let shared: *const CapToken = ptr::with_exposed_provenance(shared);
                    let whole = token_of(&make());
                    for _ in 0..rounds {
                        let mut buffer = Buffer::new(1024);
                        assert_eq!(buffer.generate_at(shared, NOW, 3600), Status::Ok);
                        assert_eq!(buffer.string(), whole);
                    }
                });
            }
        });
    }
}

#[test]
fn long_strings_arrive_whole() {
    let long = if cfg!(miri) { 300 } else { 200_000 };
    let long = "é+& ".repeat(long / 5);
    let mut handle = Handle::new("AC123123", &long).unwrap();
    handle.allow_incoming(&long).unwrap();
    handle.allow_outgoing("AP123123").unwrap();
    handle.add_outgoing_param(&long, &long).unwrap();
    let claims = decode(&handle.generate_at(NOW, 3600).unwrap(), &long);
    let scopes = scopes(&claims);
    assert_eq!(scopes[0].query, pairs(&[("clientName", &long)]));
    assert_eq!(scopes[1].params, pairs(&[(&long, &long)]));
}
