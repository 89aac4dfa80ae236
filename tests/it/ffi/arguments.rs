//! Wrong arguments: each function returns the right status, for the first wrong one.

use std::ffi::CStr;
use std::ptr::{self, null, null_mut};

use captoken::ffi::*;

use super::fixtures::{
    Buffer, KINDS, LAST, NOW, access_handle, assert_as_made_by, assert_unchanged, configure,
    handle, new, new_access, whole_token,
};
use super::functions::{WITH_ANY, WITH_NAME, with_string};
use crate::support::configure_lock::lock_defaults;
use crate::support::safe_handle::{Handle, c_string, ok};
use crate::support::scope::{pairs, scopes};
use crate::support::token::decode;

#[test]
fn null_arguments_are_reported() {
    let _lock = lock_defaults();
    let (sid, secret) = (c_string("AC123123"), c_string("secret"));

    // SAFETY: two strings, and NULL for `out`.
    let status = unsafe { cap_new(sid.as_ptr(), secret.as_ptr(), null_mut()) };
    assert_eq!(status, Status::NullArgument);
    assert_eq!(configure(null(), secret.as_ptr()), Status::NullArgument);
    assert_eq!(configure(sid.as_ptr(), null()), Status::NullArgument);
    for missing in 0..3 {
        let mut strings = [sid.as_ptr(); 3];
        strings[missing] = null();
        let [account_sid, api_key_sid, secret] = strings;
        let status = new_access(account_sid, api_key_sid, secret);
        assert_eq!(status, Status::NullArgument);
    }
    let sid = sid.as_ptr();
    // SAFETY: three strings, and NULL for `out`.
    let status = unsafe { cap_new_access(sid, sid, sid, null_mut()) };
    assert_eq!(status, Status::NullArgument);

    for make in KINDS {
        let mut handle = make();
        for function in with_string() {
            // SAFETY: NULL for the handle, and a string.
            let status = unsafe { function(null_mut(), sid) };
            assert_eq!(status, Status::NullArgument);
            // SAFETY: a handle, and NULL for the string.
            let status = unsafe { function(handle.0, null()) };
            assert_eq!(status, Status::NullArgument);
        }
        assert_as_made_by(make, &mut handle);
    }
    let mut handle = handle();

    let mut buffer = Buffer::new(1024);
    assert_eq!(buffer.generate(null(), 3600), Status::NullArgument);
    buffer.assert_emptied();
    let mut buffer = Buffer::new(1024);
    assert_eq!(buffer.generate_at(null(), NOW, 3600), Status::NullArgument);
    buffer.assert_emptied();
    for size in [1, 1024, usize::MAX] {
        let mut length = 0x5555;
        // SAFETY: a handle, NULL for the buffer, and a length.
        let status = unsafe { cap_generate(handle.0, 3600, null_mut(), size, &mut length) };
        assert_eq!((status, length), (Status::NullArgument, 0));
        length = 0x5555;
        // SAFETY: as above.
        let status = unsafe { cap_generate_at(handle.0, NOW, 3600, null_mut(), size, &mut length) };
        assert_eq!((status, length), (Status::NullArgument, 0));
    }

    // SAFETY: NULL for the handle or the string.
    unsafe {
        assert_eq!(cap_allow_event_stream(null_mut()), Status::NullArgument);
        assert_eq!(cap_set_not_before(null_mut(), NOW), Status::NullArgument);
        assert_eq!(cap_check_client_name(null()), Status::NullArgument);
    }
    let jwt = c_string(&whole_token());
    for (jwt, secret) in [(null(), secret.as_ptr()), (jwt.as_ptr(), null())] {
        let mut buffer = Buffer::new(1024);
        assert_eq!(buffer.verify(jwt, secret, NOW), Status::NullArgument);
        buffer.assert_emptied();
    }

    // SAFETY: NULL is allowed.
    unsafe { cap_token_free(null_mut()) };
    // SAFETY: NULL is allowed.
    assert_eq!(unsafe { cap_free(null_mut()) }, 0);
    assert_unchanged(&mut handle);
}

#[test]
fn empty_strings_are_reported_except_in_parameters() {
    let _lock = lock_defaults();
    let (empty, sid) = (c_string(""), c_string("AC123123"));

    assert_eq!(new(empty.as_ptr(), sid.as_ptr()), Status::EmptyArgument);
    assert_eq!(new(sid.as_ptr(), empty.as_ptr()), Status::EmptyArgument);
    assert_eq!(
        configure(empty.as_ptr(), sid.as_ptr()),
        Status::EmptyArgument
    );
    assert_eq!(
        configure(sid.as_ptr(), empty.as_ptr()),
        Status::EmptyArgument
    );

    for empty_argument in 0..3 {
        let mut strings = [sid.as_ptr(); 3];
        strings[empty_argument] = empty.as_ptr();
        let [account_sid, api_key_sid, secret] = strings;
        let status = new_access(account_sid, api_key_sid, secret);
        assert_eq!(status, Status::EmptyArgument);
    }

    for make in KINDS {
        let mut handle = make();
        for function in WITH_NAME {
            // SAFETY: a handle and a string.
            let status = unsafe { function(handle.0, empty.as_ptr()) };
            assert_eq!(status, Status::EmptyArgument);
        }
        // An empty string is not JSON.
        assert_eq!(handle.add_claim("name", ""), Err(Status::InvalidJson));
        assert_eq!(handle.add_grant("name", ""), Err(Status::InvalidJson));
        assert_as_made_by(make, &mut handle);
    }
    let mut handle = handle();
    // SAFETY: a string.
    let status = unsafe { cap_check_client_name(empty.as_ptr()) };
    assert_eq!(status, Status::EmptyArgument);
    let jwt = c_string(&whole_token());
    let mut buffer = Buffer::new(1024);
    let status = buffer.verify(jwt.as_ptr(), empty.as_ptr(), NOW);
    assert_eq!(status, Status::EmptyArgument);
    buffer.assert_emptied();
    // An empty token is malformed, not an empty argument.
    let status = buffer.verify(empty.as_ptr(), sid.as_ptr(), NOW);
    assert_eq!(status, Status::TokenMalformed);
    assert_unchanged(&mut handle);

    for function in WITH_ANY {
        // SAFETY: a handle and a string.
        ok(unsafe { function(handle.0, empty.as_ptr()) }).unwrap();
    }
    handle.add_outgoing_param("", "").unwrap();
    handle.add_event_filter("", "").unwrap();
    let claims = decode(&handle.generate_at(NOW, 3600).unwrap(), "secret");
    let [_, outgoing, events] = scopes(&claims).try_into().unwrap();
    assert_eq!(
        outgoing.params,
        pairs(&[("Foo", "Bar"), ("", "value"), ("key", ""), ("", "")])
    );
    assert_eq!(
        events.params,
        pairs(&[("Type", "Call"), ("", "value"), ("key", ""), ("", "")])
    );
}

/// Not UTF-8: an invalid byte, truncated characters, a continuation byte alone, overlong
/// forms, surrogates, and a code point above U+10FFFF.
const NOT_UTF8: [&CStr; 14] = [
    c"\xff",
    c"\x80",
    c"\xc3",
    c"caf\xc3",
    c"\xe2\x82",
    c"\xe2\x28\xa1",
    c"\xf0\x9f\x98",
    c"\xc0\x80",
    c"\xc0\xaf",
    c"\xe0\x80\xaf",
    c"\xf0\x80\x80\xaf",
    c"\xed\xa0\x80",
    c"\xed\xbf\xbf\xed\xa0\x80",
    c"\xf4\x90\x80\x80",
];

#[test]
fn invalid_utf8_is_reported() {
    let _lock = lock_defaults();
    let sid = c_string("AC123123");
    let mut handle = handle();
    let mut access = access_handle();
    for wrong in NOT_UTF8 {
        let wrong = wrong.as_ptr();
        let good = sid.as_ptr();
        for strings in [
            [wrong, good, good],
            [good, wrong, good],
            [good, good, wrong],
        ] {
            let [account_sid, api_key_sid, secret] = strings;
            let status = new_access(account_sid, api_key_sid, secret);
            assert_eq!(status, Status::InvalidUtf8);
        }
        assert_eq!(new(wrong, sid.as_ptr()), Status::InvalidUtf8);
        assert_eq!(new(sid.as_ptr(), wrong), Status::InvalidUtf8);
        assert_eq!(configure(wrong, sid.as_ptr()), Status::InvalidUtf8);
        assert_eq!(configure(sid.as_ptr(), wrong), Status::InvalidUtf8);
        for function in with_string() {
            for handle in [&handle, &access] {
                // SAFETY: a handle and a string.
                let status = unsafe { function(handle.0, wrong) };
                assert_eq!(status, Status::InvalidUtf8);
            }
        }
        // SAFETY: a string.
        let status = unsafe { cap_check_client_name(wrong) };
        assert_eq!(status, Status::InvalidUtf8);
        for (jwt, secret) in [(wrong, sid.as_ptr()), (sid.as_ptr(), wrong)] {
            let mut buffer = Buffer::new(8);
            assert_eq!(buffer.verify(jwt, secret, NOW), Status::InvalidUtf8);
            buffer.assert_emptied();
        }
    }
    assert_eq!(new(null(), null()), Status::NoCredentials);
    assert_unchanged(&mut handle);
    assert_as_made_by(access_handle, &mut access);
}

#[test]
fn first_wrong_argument_decides() {
    let _lock = lock_defaults();
    let (empty, sid) = (c_string(""), c_string("AC123123"));
    let (empty, sid, wrong) = (empty.as_ptr(), sid.as_ptr(), c"\xff".as_ptr());
    let even = ptr::without_provenance_mut(2);
    let fresh = Handle::new("AC123123", "secret").unwrap();
    let access = Handle::access("AC123123", "SK123123", "secret").unwrap();
    let (fresh, access) = (fresh.0, access.0);

    assert_eq!(new(empty, wrong), Status::EmptyArgument);
    assert_eq!(new(wrong, empty), Status::InvalidUtf8);
    assert_eq!(new(empty, null()), Status::EmptyArgument);
    assert_eq!(new(null(), empty), Status::NoCredentials);
    // SAFETY: strings, and NULL for `out`.
    let status = unsafe { cap_new(sid, wrong, null_mut()) };
    assert_eq!(status, Status::InvalidUtf8);
    assert_eq!(configure(null(), empty), Status::NullArgument);
    assert_eq!(configure(empty, null()), Status::EmptyArgument);
    assert_eq!(new_access(null(), empty, wrong), Status::NullArgument);
    assert_eq!(new_access(empty, wrong, null()), Status::EmptyArgument);
    assert_eq!(new_access(wrong, null(), empty), Status::InvalidUtf8);
    assert_eq!(new_access(sid, empty, wrong), Status::EmptyArgument);
    assert_eq!(new_access(sid, wrong, empty), Status::InvalidUtf8);
    // SAFETY: strings, and NULL for `out`.
    let status = unsafe { cap_new_access(sid, sid, empty, null_mut()) };
    assert_eq!(status, Status::EmptyArgument);

    // SAFETY: each handle is valid, NULL or even; each string is valid or NULL.
    unsafe {
        assert_eq!(cap_allow_incoming(null_mut(), wrong), Status::NullArgument);
        assert_eq!(cap_allow_incoming(even, null()), Status::InvalidHandle);
        assert_eq!(cap_allow_outgoing(even, empty), Status::InvalidHandle);
        let add = cap_add_outgoing_param;
        assert_eq!(add(even, null(), null()), Status::InvalidHandle);
        assert_eq!(add(fresh, null(), wrong), Status::NullArgument);
        assert_eq!(add(fresh, wrong, null()), Status::InvalidUtf8);
        assert_eq!(add(fresh, sid, wrong), Status::InvalidUtf8);
        assert_eq!(add(fresh, sid, null()), Status::NullArgument);
        assert_eq!(add(fresh, sid, sid), Status::MissingScope);

        let add = cap_add_event_filter;
        assert_eq!(add(even, null(), null()), Status::InvalidHandle);
        assert_eq!(add(fresh, null(), wrong), Status::NullArgument);
        assert_eq!(add(fresh, wrong, null()), Status::InvalidUtf8);
        assert_eq!(add(fresh, sid, sid), Status::MissingScope);

        let add = cap_add_claim;
        let reserved = c"scope".as_ptr();
        assert_eq!(add(even, null(), null()), Status::InvalidHandle);
        assert_eq!(add(fresh, null(), wrong), Status::NullArgument);
        assert_eq!(add(fresh, empty, null()), Status::EmptyArgument);
        assert_eq!(add(fresh, wrong, null()), Status::InvalidUtf8);
        assert_eq!(add(fresh, reserved, null()), Status::ReservedName);
        assert_eq!(add(fresh, reserved, wrong), Status::ReservedName);
        assert_eq!(add(fresh, sid, null()), Status::NullArgument);
        assert_eq!(add(fresh, sid, wrong), Status::InvalidUtf8);
        assert_eq!(add(fresh, sid, sid), Status::InvalidJson);

        let add = cap_add_grant;
        for reserved in [c"identity".as_ptr(), c"voice".as_ptr()] {
            for handle in [fresh, access] {
                assert_eq!(add(even, null(), null()), Status::InvalidHandle);
                assert_eq!(add(handle, null(), wrong), Status::NullArgument);
                assert_eq!(add(handle, empty, null()), Status::EmptyArgument);
                assert_eq!(add(handle, wrong, null()), Status::InvalidUtf8);
                assert_eq!(add(handle, reserved, null()), Status::ReservedName);
                assert_eq!(add(handle, reserved, wrong), Status::ReservedName);
                assert_eq!(add(handle, sid, null()), Status::NullArgument);
                assert_eq!(add(handle, sid, wrong), Status::InvalidUtf8);
                assert_eq!(add(handle, sid, c"[]".as_ptr()), Status::InvalidJson);
            }
        }
        assert_eq!(add(fresh, sid, c"{}".as_ptr()), Status::Unsupported);
        assert_eq!(cap_set_region(fresh, sid), Status::Unsupported);
        assert_eq!(cap_set_push_credential(fresh, sid), Status::Unsupported);

        // The token kind is checked before the state.
        let filter = cap_add_event_filter;
        assert_eq!(filter(access, null(), wrong), Status::NullArgument);
        assert_eq!(filter(access, sid, wrong), Status::InvalidUtf8);
        assert_eq!(filter(access, sid, sid), Status::Unsupported);
        assert_eq!(cap_allow_event_stream(access), Status::Unsupported);
        assert_eq!(filter(access, sid, sid), Status::Unsupported);
        let param = cap_add_outgoing_param;
        assert_eq!(param(access, sid, wrong), Status::InvalidUtf8);
        assert_eq!(param(access, sid, sid), Status::MissingScope);

        let verify = |jwt, secret, now| cap_verify(jwt, secret, now, null_mut(), 0, null_mut());
        assert_eq!(verify(null(), wrong, -1), Status::NullArgument);
        assert_eq!(verify(wrong, null(), -1), Status::InvalidUtf8);
        assert_eq!(verify(empty, null(), -1), Status::NullArgument);
        assert_eq!(verify(empty, empty, -1), Status::EmptyArgument);
        assert_eq!(verify(empty, wrong, -1), Status::InvalidUtf8);
        assert_eq!(verify(empty, sid, -1), Status::InvalidTime);
        assert_eq!(verify(empty, sid, NOW), Status::TokenMalformed);

        let at = cap_generate_at;
        let (none, nowhere) = (null_mut(), null_mut());
        assert_eq!(at(even, -1, 0, none, 1, nowhere), Status::InvalidHandle);
        assert_eq!(at(fresh, -1, 0, none, 1, nowhere), Status::InvalidTime);
        assert_eq!(at(fresh, LAST, 0, none, 1, nowhere), Status::InvalidTtl);
        assert_eq!(at(fresh, LAST, 1, none, 1, nowhere), Status::InvalidTime);
        assert_eq!(at(fresh, NOW, 1, none, 1, nowhere), Status::NullArgument);
        assert_eq!(at(fresh, NOW, 1, none, 0, nowhere), Status::BufferTooSmall);
        let generate = cap_generate;
        assert_eq!(generate(even, 0, none, 1, nowhere), Status::InvalidHandle);
        assert_eq!(generate(fresh, 0, none, 1, nowhere), Status::InvalidTtl);
        assert_eq!(generate(fresh, 1, none, 1, nowhere), Status::NullArgument);
    }
}
