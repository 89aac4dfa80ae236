//! cap_mint() makes the token of the calls that it stands for, and ends as they would.
//! Starts no process and reads no file, so that Miri runs it.

#![expect(unsafe_code, reason = "the functions are C's")]
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::ffi::{CStr, CString, c_char};
use std::ptr::{null, null_mut};

use captoken::ffi::*;

#[path = "support/handle.rs"]
mod handle;
#[path = "support/turn.rs"]
mod turn;

use handle::Handle;
use turn::turn;

const NOW: i64 = 1_400_000_000;

/// 2^53 - 1, the last time.
const LAST: i64 = 9_007_199_254_740_991;

const NOT_UTF8: &CStr = c"caf\xc3";

/// The arguments of a call. `params` are keys and values with a NUL behind each.
#[derive(Clone, Copy)]
struct Call<'a> {
    account_sid: Option<&'a CStr>,
    auth_token: Option<&'a CStr>,
    client_name: Option<&'a CStr>,
    application_sid: Option<&'a CStr>,
    params: Option<&'a [u8]>,
    count: usize,
    now: i64,
    ttl: i64,
}

const WHOLE: Call<'_> = Call {
    account_sid: Some(c"AC123123"),
    auth_token: Some(c"secret"),
    client_name: Some(c"Alice"),
    application_sid: Some(c"AP123123"),
    params: Some(b"Foo\0Bar\0\0a=b&c\0Foo\0\0"),
    count: 3,
    now: NOW,
    ttl: 3600,
};

impl Call<'_> {
    /// Makes the call with a buffer of `size` bytes: its status, and the length and the
    /// text that it left behind. What is behind the buffer must stay.
    fn made(self, size: usize) -> (Status, usize, Vec<u8>) {
        let mut bytes = vec![0x55; size + 8];
        let mut length = 0x5555;
        let status = self.made_into(bytes.as_mut_ptr().cast(), size, &mut length);
        assert_eq!(bytes.split_off(size), [0x55; 8]);
        let end = bytes.iter().position(|&byte| byte == 0);
        bytes.truncate(end.unwrap_or(0));
        (status, length, bytes)
    }

    fn made_into(self, buffer: *mut c_char, size: usize, length: *mut usize) -> Status {
        let text = |text: Option<&CStr>| text.map_or(null(), CStr::as_ptr);
        let params = self.params.map_or(null(), |params| params.as_ptr().cast());
        // SAFETY: NULL or texts, so many of them, a buffer of that size or none, and a
        // place for the length or none.
        unsafe {
            cap_mint(
                text(self.account_sid),
                text(self.auth_token),
                text(self.client_name),
                text(self.application_sid),
                params,
                self.count,
                self.now,
                self.ttl,
                buffer,
                size,
                length,
            )
        }
    }

    fn assert_fails(self, expected: Status) {
        assert_eq!(self.made(1024), (expected, 0, Vec::new()));
    }
}

/// The token that the other calls make of the same.
fn expected() -> String {
    let mut handle = Handle::new("AC123123", "secret").unwrap();
    handle.allow_incoming("Alice").unwrap();
    handle.allow_outgoing("AP123123").unwrap();
    for (key, value) in [("Foo", "Bar"), ("", "a=b&c"), ("Foo", "")] {
        handle.add_outgoing_param(key, value).unwrap();
    }
    handle.generate_at(NOW, 3600).unwrap()
}

#[test]
fn what_is_null_is_not_in_the_token() {
    let of = |call: Call<'_>| {
        let (status, length, token) = call.made(1024);
        assert_eq!((status, length), (Status::Ok, token.len()));
        let token = String::from_utf8(token).unwrap();
        handle::verify(&token, "secret", NOW).unwrap()
    };
    let nothing = Call {
        client_name: None,
        application_sid: None,
        params: None,
        count: 0,
        ..WHOLE
    };
    let payload = |scope| format!(r#"{{"scope":"{scope}","iss":"AC123123","exp":1400003600}}"#);
    assert_eq!(of(nothing), payload(""));
    let incoming = Call {
        client_name: Some(c"Alice"),
        ..nothing
    };
    let scope = "scope:client:incoming?clientName=Alice";
    assert_eq!(of(incoming), payload(scope));
    let outgoing = Call {
        application_sid: Some(c"AP123123"),
        // Not looked at.
        params: Some(b"rubbish"),
        ..nothing
    };
    assert_eq!(
        of(outgoing),
        payload("scope:client:outgoing?appSid=AP123123")
    );
}

#[test]
fn a_buffer_of_any_size_holds_the_token_or_an_empty_text() {
    let token = expected();
    let sizes = [0, 1, 2, token.len() - 1, token.len(), token.len() + 1, 1024];
    for size in sizes {
        let (status, length, text) = WHOLE.made(size);
        assert_eq!(length, token.len());
        if size > token.len() {
            assert_eq!((status, text), (Status::Ok, token.clone().into_bytes()));
        } else {
            assert_eq!((status, text), (Status::BufferTooSmall, Vec::new()));
        }
    }

    let mut length = 0;
    let status = WHOLE.made_into(null_mut(), 0, &mut length);
    assert_eq!((status, length), (Status::BufferTooSmall, token.len()));
    let status = WHOLE.made_into(null_mut(), 0, null_mut());
    assert_eq!(status, Status::BufferTooSmall);
    let status = WHOLE.made_into(null_mut(), 1, &mut length);
    assert_eq!((status, length), (Status::NullArgument, 0));
}

#[test]
fn every_wrong_argument_is_reported() {
    let call = WHOLE;
    for text in [c"", NOT_UTF8] {
        let status = match text.is_empty() {
            true => Status::EmptyArgument,
            false => Status::InvalidUtf8,
        };
        let text = Some(text);
        for call in [
            Call {
                account_sid: text,
                ..call
            },
            Call {
                auth_token: text,
                ..call
            },
            Call {
                client_name: text,
                ..call
            },
            Call {
                application_sid: text,
                ..call
            },
        ] {
            call.assert_fails(status);
        }
    }
    for params in [b"a\0b\0caf\xc3\0d\0", b"a\0b\0d\0caf\xc3\0"] {
        let params = Some(params.as_slice());
        Call {
            params,
            count: 2,
            ..call
        }
        .assert_fails(Status::InvalidUtf8);
    }
    Call {
        params: None,
        ..call
    }
    .assert_fails(Status::NullArgument);
    for ttl in [0, -1, 86_401, i64::MIN, i64::MAX] {
        Call { ttl, ..call }.assert_fails(Status::InvalidTtl);
    }
    for now in [-1, LAST - 3599, LAST + 1, i64::MIN, i64::MAX] {
        Call { now, ..call }.assert_fails(Status::InvalidTime);
    }
    let application_sid = None;
    Call {
        application_sid,
        ..call
    }
    .assert_fails(Status::MissingScope);
}

/// From left to right, and the state last. Each is made right in its turn.
#[test]
fn the_first_wrong_argument_decides() {
    let mut call = Call {
        account_sid: Some(c""),
        auth_token: Some(NOT_UTF8),
        client_name: Some(c""),
        application_sid: Some(NOT_UTF8),
        params: None,
        count: 1,
        now: -1,
        ttl: 0,
    };
    let fails = |call: Call<'_>, expected| {
        let mut length = 0x5555;
        let status = call.made_into(null_mut(), 1, &mut length);
        assert_eq!((status, length), (expected, 0));
    };
    fails(call, Status::EmptyArgument);
    call.account_sid = WHOLE.account_sid;
    fails(call, Status::InvalidUtf8);
    call.auth_token = WHOLE.auth_token;
    fails(call, Status::EmptyArgument);
    call.client_name = None;
    fails(call, Status::InvalidUtf8);
    call.application_sid = None;
    fails(call, Status::NullArgument);
    call.params = Some(b"caf\xc3\0\0");
    fails(call, Status::InvalidUtf8);
    call.params = Some(b"a\0b\0");
    fails(call, Status::InvalidTime);
    call.now = NOW;
    fails(call, Status::InvalidTtl);
    call.ttl = 3600;
    fails(call, Status::NullArgument);
    call.assert_fails(Status::MissingScope);
    call.application_sid = WHOLE.application_sid;
    assert_eq!(call.made(1024).0, Status::Ok);
}

#[test]
fn credentials_come_from_the_configuration_where_none_are_given() {
    let _turn = turn();
    let configure = |account_sid: Option<&CStr>, auth_token: Option<&CStr>| {
        let text = |text: Option<&CStr>| text.map_or(null(), CStr::as_ptr);
        // SAFETY: NULL or texts.
        let status = unsafe { cap_configure(text(account_sid), text(auth_token)) };
        assert_eq!(status, Status::Ok);
    };
    configure(None, None);
    let given = [(true, false), (false, true), (false, false)];
    let calls = given.map(|(sid, auth_token)| Call {
        account_sid: WHOLE.account_sid.filter(|_| sid),
        auth_token: WHOLE.auth_token.filter(|_| auth_token),
        ..WHOLE
    });
    for call in calls {
        call.assert_fails(Status::NoCredentials);
    }
    // What is configured stands in for the one that is missing.
    configure(WHOLE.account_sid, WHOLE.auth_token);
    let token = expected().into_bytes();
    for call in calls {
        assert_eq!(call.made(1024), (Status::Ok, token.len(), token.clone()));
    }
    configure(Some(c"ACother"), Some(c"other"));
    let [without_token, without_sid, _] = calls;
    let texts = [
        CString::new(without_token.made(1024).2).expect("a token"),
        CString::new(without_sid.made(1024).2).expect("a token"),
    ];
    let [by_other, for_other] = texts.map(|text| text.into_string().expect("ASCII"));
    let payload = handle::verify(&by_other, "other", NOW).expect("valid");
    assert!(payload.contains(r#""iss":"AC123123""#));
    let payload = handle::verify(&for_other, "secret", NOW).expect("valid");
    assert!(payload.contains(r#""iss":"ACother""#));
    configure(None, None);
}
