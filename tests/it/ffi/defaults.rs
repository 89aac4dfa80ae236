//! The configured defaults of `cap_configure`.

use std::ffi::CString;
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use captoken::ffi::*;

use super::fixtures::{NOW, configure, new, new_access};
use crate::support::configure_lock::lock_defaults;
use crate::support::safe_handle::{Handle, c_string, ok};
use crate::support::token::decode;

#[test]
fn missing_credentials_come_from_the_defaults() {
    let _lock = lock_defaults();
    let (sid, secret) = (
        c_string("ACXXXXXXXXXXXXXXXXX"),
        c_string("YYYYYYYYYYYYYYYYYY"),
    );
    let (other_sid, other_secret) = (c_string("AC123123"), c_string("secret"));
    let absent = null();

    assert_eq!(new(absent, absent), Status::NoCredentials);
    assert_eq!(new(sid.as_ptr(), absent), Status::NoCredentials);
    assert_eq!(new(absent, secret.as_ptr()), Status::NoCredentials);

    assert_eq!(configure(sid.as_ptr(), secret.as_ptr()), Status::Ok);
    let given_and_expected = [
        (absent, absent, "ACXXXXXXXXXXXXXXXXX", "YYYYYYYYYYYYYYYYYY"),
        (other_sid.as_ptr(), absent, "AC123123", "YYYYYYYYYYYYYYYYYY"),
        (
            absent,
            other_secret.as_ptr(),
            "ACXXXXXXXXXXXXXXXXX",
            "secret",
        ),
        (
            other_sid.as_ptr(),
            other_secret.as_ptr(),
            "AC123123",
            "secret",
        ),
    ];
    let handles = given_and_expected.map(|(account_sid, auth_token, sid, secret)| {
        let mut token = null_mut();
        // SAFETY: NULL or strings, and a valid `out`.
        ok(unsafe { cap_new(account_sid, auth_token, &mut token) }).unwrap();
        (Handle(token), sid, secret)
    });
    // A failure keeps the defaults, and a change keeps existing handles.
    assert_eq!(configure(sid.as_ptr(), absent), Status::NullArgument);
    assert_eq!(configure(absent, secret.as_ptr()), Status::NullArgument);
    assert_eq!(new(absent, absent), Status::Ok);
    assert_eq!(
        configure(other_sid.as_ptr(), other_secret.as_ptr()),
        Status::Ok
    );
    assert_eq!(configure(absent, absent), Status::Ok);
    assert_eq!(configure(absent, absent), Status::Ok);
    assert_eq!(new(absent, absent), Status::NoCredentials);
    for (handle, sid, secret) in handles {
        let claims = decode(&handle.generate_at(NOW, 3600).unwrap(), secret);
        assert_eq!(claims["iss"], sid);
    }
}

#[test]
fn concurrent_configure_never_mixes_credentials() {
    let _lock = lock_defaults();
    let pairs = [("AC1", "first"), ("AC2", "second")].map(|(sid, secret)| {
        let token = Handle::new(sid, secret).unwrap();
        let token = token.generate_at(NOW, 3600).unwrap();
        (c_string(sid), c_string(secret), token)
    });
    let configure = |(sid, secret, _): &(CString, CString, String)| {
        assert_eq!(configure(sid.as_ptr(), secret.as_ptr()), Status::Ok);
    };
    configure(&pairs[0]);

    let done = AtomicBool::new(false);
    let mut seen = [0; 2];
    let mut others = 0;
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                pairs.iter().for_each(configure);
            }
        });
        // Ends when both have been seen often, however the threads are scheduled.
        let often = if cfg!(miri) { 3 } else { 5000 };
        while seen.iter().any(|&times| times < often) && others == 0 {
            let mut token = null_mut();
            // SAFETY: NULL for both strings, and a valid `out`.
            unsafe { cap_new(null(), null(), &mut token) };
            let token = Handle(token).generate_at(NOW, 3600);
            match pairs.iter().position(|pair| token.as_ref() == Ok(&pair.2)) {
                Some(which) => seen[which] += 1,
                None => others += 1,
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(others, 0);
}

/// The defaults contain an auth token, which cannot sign an access token.
#[test]
fn access_tokens_ignore_the_defaults() {
    let _lock = lock_defaults();
    let (sid, secret) = (c_string("AC123123"), c_string("secret"));
    let (sid, secret) = (sid.as_ptr(), secret.as_ptr());
    assert_eq!(configure(sid, secret), Status::Ok);
    assert_eq!(new(null(), null()), Status::Ok);
    assert_eq!(new_access(null(), sid, secret), Status::NullArgument);
    assert_eq!(new_access(sid, null(), secret), Status::NullArgument);
    assert_eq!(new_access(sid, sid, null()), Status::NullArgument);
    assert_eq!(new_access(null(), null(), null()), Status::NullArgument);
    assert_eq!(new_access(sid, sid, secret), Status::Ok);
}
