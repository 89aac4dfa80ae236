//! The C functions, as C calls them: every status, every order of checks, every
//! buffer. Starts no process and reads no file, so that Miri runs it.

#![expect(unsafe_code, reason = "the functions are C's")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::ffi::{CStr, CString, c_char, c_int};
use std::ptr::{self, null, null_mut};
use std::sync::MutexGuard;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use captoken::ffi::*;

#[path = "support/handle.rs"]
mod handle;
#[path = "support/scope.rs"]
mod scope;
#[path = "support/token.rs"]
mod token;
#[path = "support/turn.rs"]
mod turn;

use handle::{Handle, ok, text, verify};
use scope::{pairs, scopes};
use token::decode;
use turn::turn;

const NOW: i64 = 1_400_000_000;

/// 2^53 - 1, the last time.
const LAST: i64 = 9_007_199_254_740_991;

/// Texts that are not UTF-8: a byte that never occurs, characters cut short, a
/// continuation alone, overlong forms, surrogates, and beyond Unicode.
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

fn handle() -> Handle {
    let mut handle = Handle::new("AC123123", "secret").unwrap();
    handle.allow_incoming("Alice").unwrap();
    handle.allow_outgoing("AP123123").unwrap();
    handle.add_outgoing_param("Foo", "Bar").unwrap();
    handle.allow_event_stream().unwrap();
    handle.add_event_filter("Type", "Call").unwrap();
    handle.add_claim("user", "42").unwrap();
    handle.set_not_before(NOW).unwrap();
    handle
}

fn access_handle() -> Handle {
    let mut handle = Handle::access("AC123123", "SK123123", "secret").unwrap();
    handle.allow_incoming("Alice").unwrap();
    handle.allow_outgoing("AP123123").unwrap();
    handle.add_outgoing_param("Foo", "Bar").unwrap();
    handle.set_region("ie1").unwrap();
    handle.set_push_credential("CR123123").unwrap();
    handle.add_grant("video", r#"{"room":"standup"}"#).unwrap();
    handle.add_claim("user", "42").unwrap();
    handle.set_not_before(NOW).unwrap();
    handle
}

/// A way to a handle of each kind.
const KINDS: [fn() -> Handle; 2] = [handle, access_handle];

/// The token of a handle at [`NOW`] for an hour.
fn token_of(handle: &Handle) -> String {
    handle.generate_at(NOW, 3600).unwrap()
}

/// The token of [`handle`] at [`NOW`] for an hour.
fn whole_token() -> String {
    token_of(&handle())
}

/// The handle is as `make` made it, and can still be changed.
fn assert_as_made_by(make: fn() -> Handle, handle: &mut Handle) {
    let whole = token_of(&make());
    assert_eq!(token_of(handle), whole);
    handle.allow_incoming("Bob").unwrap();
    assert_ne!(token_of(handle), whole);
    handle.allow_incoming("Alice").unwrap();
    assert_eq!(token_of(handle), whole);
}

/// The same of [`handle`].
fn assert_unchanged(handle: &mut Handle) {
    assert_as_made_by(self::handle, handle);
}

/// A function of C that takes a handle and one text.
type WithText = unsafe extern "C" fn(*mut CapToken, *const c_char) -> Status;

unsafe extern "C" fn add_param_with_key(token: *mut CapToken, key: *const c_char) -> Status {
    // SAFETY: what the caller promises, and a text.
    unsafe { cap_add_outgoing_param(token, key, c"value".as_ptr()) }
}

unsafe extern "C" fn add_param_with_value(token: *mut CapToken, value: *const c_char) -> Status {
    // SAFETY: what the caller promises, and a text.
    unsafe { cap_add_outgoing_param(token, c"key".as_ptr(), value) }
}

unsafe extern "C" fn add_filter_with_key(token: *mut CapToken, key: *const c_char) -> Status {
    // SAFETY: what the caller promises, and a text.
    unsafe { cap_add_event_filter(token, key, c"value".as_ptr()) }
}

unsafe extern "C" fn add_filter_with_value(token: *mut CapToken, value: *const c_char) -> Status {
    // SAFETY: what the caller promises, and a text.
    unsafe { cap_add_event_filter(token, c"key".as_ptr(), value) }
}

unsafe extern "C" fn add_claim_with_name(token: *mut CapToken, name: *const c_char) -> Status {
    // SAFETY: what the caller promises, and a text.
    unsafe { cap_add_claim(token, name, c"null".as_ptr()) }
}

unsafe extern "C" fn add_claim_with_json(token: *mut CapToken, json: *const c_char) -> Status {
    // SAFETY: what the caller promises, and a text.
    unsafe { cap_add_claim(token, c"name".as_ptr(), json) }
}

unsafe extern "C" fn add_grant_with_name(token: *mut CapToken, name: *const c_char) -> Status {
    // SAFETY: what the caller promises, and a text.
    unsafe { cap_add_grant(token, name, c"{}".as_ptr()) }
}

unsafe extern "C" fn add_grant_with_json(token: *mut CapToken, json: *const c_char) -> Status {
    // SAFETY: what the caller promises, and a text.
    unsafe { cap_add_grant(token, c"name".as_ptr(), json) }
}

/// Functions of a handle whose text must not be empty, and those whose text may be.
/// Of these, each kind of token has some that do not apply to it: that is said when
/// nothing else is wrong.
const WITH_NAME: [WithText; 7] = [
    cap_allow_incoming,
    cap_allow_outgoing,
    cap_set_client_name,
    cap_set_region,
    cap_set_push_credential,
    add_claim_with_name,
    add_grant_with_name,
];
const WITH_ANY: [WithText; 4] = [
    add_param_with_key,
    add_param_with_value,
    add_filter_with_key,
    add_filter_with_value,
];

fn with_text() -> impl Iterator<Item = WithText> {
    let with_json: [WithText; 2] = [add_claim_with_json, add_grant_with_json];
    WITH_NAME.into_iter().chain(WITH_ANY).chain(with_json)
}

/// Calls `cap_new`, of which a failure must leave NULL.
fn new(account_sid: *const c_char, auth_token: *const c_char) -> Status {
    // SAFETY: NULL or texts, and a place for the handle.
    make(|out| unsafe { cap_new(account_sid, auth_token, out) })
}

/// The same of `cap_new_access`.
fn new_access(
    account_sid: *const c_char,
    api_key_sid: *const c_char,
    api_key_secret: *const c_char,
) -> Status {
    // SAFETY: NULL or texts, and a place for the handle.
    make(|out| unsafe { cap_new_access(account_sid, api_key_sid, api_key_secret, out) })
}

/// The place for the handle is full of rubbish.
fn make(new: impl FnOnce(*mut *mut CapToken) -> Status) -> Status {
    let mut out = ptr::without_provenance_mut(0x55);
    let status = new(&mut out);
    assert_eq!(out.is_null(), status != Status::Ok);
    // SAFETY: NULL or a handle that is not used again.
    unsafe { cap_token_free(out) };
    status
}

/// A turn at the configured defaults, which begins with none.
fn configuration() -> MutexGuard<'static, ()> {
    let turn = turn();
    assert_eq!(configure(null(), null()), Status::Ok);
    turn
}

fn configure(account_sid: *const c_char, auth_token: *const c_char) -> Status {
    // SAFETY: NULL or texts.
    unsafe { cap_configure(account_sid, auth_token) }
}

/// A buffer of `size` bytes in front of bytes that must stay, and a place for the
/// length, all full of rubbish.
struct Buffer {
    bytes: Vec<u8>,
    size: usize,
    length: usize,
}

impl Buffer {
    fn new(size: usize) -> Self {
        Self {
            bytes: vec![0x55; size + 8],
            size,
            length: 0x5555,
        }
    }

    fn generate(&mut self, handle: *const CapToken, ttl: i64) -> Status {
        let start = self.bytes.as_mut_ptr().cast();
        // SAFETY: NULL, even or a handle; a buffer and a place for the length.
        unsafe { cap_generate(handle, ttl, start, self.size, &mut self.length) }
    }

    fn verify(&mut self, jwt: *const c_char, secret: *const c_char, now: i64) -> Status {
        let start = self.bytes.as_mut_ptr().cast();
        // SAFETY: NULL or texts; a buffer and a place for the length.
        unsafe { cap_verify(jwt, secret, now, start, self.size, &mut self.length) }
    }

    fn generate_at(&mut self, handle: *const CapToken, now: i64, ttl: i64) -> Status {
        let start = self.bytes.as_mut_ptr().cast();
        // SAFETY: NULL, even or a handle; a buffer and a place for the length.
        unsafe { cap_generate_at(handle, now, ttl, start, self.size, &mut self.length) }
    }

    /// The text in the buffer; what is behind the buffer must be untouched.
    fn text(&self) -> &str {
        assert!(self.bytes[self.size..].iter().all(|&byte| byte == 0x55));
        let text = CStr::from_bytes_until_nul(&self.bytes[..self.size]).unwrap();
        text.to_str().unwrap()
    }

    fn assert_emptied(&self) {
        assert_eq!(self.text(), "");
        assert_eq!(self.length, 0);
    }
}

#[test]
fn null_is_reported_by_every_function_for_every_pointer() {
    let _turn = configuration();
    let (sid, secret) = (text("AC123123"), text("secret"));

    // SAFETY: two texts, and NULL where the handle is to go.
    let status = unsafe { cap_new(sid.as_ptr(), secret.as_ptr(), null_mut()) };
    assert_eq!(status, Status::NullArgument);
    assert_eq!(configure(null(), secret.as_ptr()), Status::NullArgument);
    assert_eq!(configure(sid.as_ptr(), null()), Status::NullArgument);
    for missing in 0..3 {
        let mut texts = [sid.as_ptr(); 3];
        texts[missing] = null();
        let [account_sid, api_key_sid, secret] = texts;
        let status = new_access(account_sid, api_key_sid, secret);
        assert_eq!(status, Status::NullArgument);
    }
    let sid = sid.as_ptr();
    // SAFETY: texts, and NULL where the handle is to go.
    let status = unsafe { cap_new_access(sid, sid, sid, null_mut()) };
    assert_eq!(status, Status::NullArgument);

    for make in KINDS {
        let mut handle = make();
        for function in with_text() {
            // SAFETY: NULL for a handle, and a text.
            let status = unsafe { function(null_mut(), sid) };
            assert_eq!(status, Status::NullArgument);
            // SAFETY: a handle, and NULL for a text.
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
        // SAFETY: a handle, NULL for the buffer, and a place for the length.
        let status = unsafe { cap_generate(handle.0, 3600, null_mut(), size, &mut length) };
        assert_eq!((status, length), (Status::NullArgument, 0));
        length = 0x5555;
        // SAFETY: as above.
        let status = unsafe { cap_generate_at(handle.0, NOW, 3600, null_mut(), size, &mut length) };
        assert_eq!((status, length), (Status::NullArgument, 0));
    }

    // SAFETY: NULL for a handle, a text, or all of them.
    unsafe {
        assert_eq!(cap_allow_event_stream(null_mut()), Status::NullArgument);
        assert_eq!(cap_set_not_before(null_mut(), NOW), Status::NullArgument);
        assert_eq!(cap_check_client_name(null()), Status::NullArgument);
    }
    let jwt = text(&whole_token());
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
fn empty_text_is_reported_except_in_parameters() {
    let _turn = configuration();
    let (empty, sid) = (text(""), text("AC123123"));

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

    for empty_one in 0..3 {
        let mut texts = [sid.as_ptr(); 3];
        texts[empty_one] = empty.as_ptr();
        let [account_sid, api_key_sid, secret] = texts;
        let status = new_access(account_sid, api_key_sid, secret);
        assert_eq!(status, Status::EmptyArgument);
    }

    for make in KINDS {
        let mut handle = make();
        for function in WITH_NAME {
            // SAFETY: a handle and a text.
            let status = unsafe { function(handle.0, empty.as_ptr()) };
            assert_eq!(status, Status::EmptyArgument);
        }
        // JSON is never empty.
        assert_eq!(handle.add_claim("name", ""), Err(Status::InvalidJson));
        assert_eq!(handle.add_grant("name", ""), Err(Status::InvalidJson));
        assert_as_made_by(make, &mut handle);
    }
    let mut handle = handle();
    // SAFETY: a text.
    let status = unsafe { cap_check_client_name(empty.as_ptr()) };
    assert_eq!(status, Status::EmptyArgument);
    let jwt = text(&whole_token());
    let mut buffer = Buffer::new(1024);
    let status = buffer.verify(jwt.as_ptr(), empty.as_ptr(), NOW);
    assert_eq!(status, Status::EmptyArgument);
    buffer.assert_emptied();
    // An empty token is malformed rather than an argument that is missing.
    let status = buffer.verify(empty.as_ptr(), sid.as_ptr(), NOW);
    assert_eq!(status, Status::TokenMalformed);
    assert_unchanged(&mut handle);

    for function in WITH_ANY {
        // SAFETY: a handle and a text.
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

#[test]
fn text_that_is_not_utf8_is_reported_by_every_function_for_every_text() {
    let _turn = configuration();
    let sid = text("AC123123");
    let mut handle = handle();
    let mut access = access_handle();
    for wrong in NOT_UTF8 {
        let wrong = wrong.as_ptr();
        let good = sid.as_ptr();
        for texts in [
            [wrong, good, good],
            [good, wrong, good],
            [good, good, wrong],
        ] {
            let [account_sid, api_key_sid, secret] = texts;
            let status = new_access(account_sid, api_key_sid, secret);
            assert_eq!(status, Status::InvalidUtf8);
        }
        assert_eq!(new(wrong, sid.as_ptr()), Status::InvalidUtf8);
        assert_eq!(new(sid.as_ptr(), wrong), Status::InvalidUtf8);
        assert_eq!(configure(wrong, sid.as_ptr()), Status::InvalidUtf8);
        assert_eq!(configure(sid.as_ptr(), wrong), Status::InvalidUtf8);
        for function in with_text() {
            for handle in [&handle, &access] {
                // SAFETY: a handle and a text.
                let status = unsafe { function(handle.0, wrong) };
                assert_eq!(status, Status::InvalidUtf8);
            }
        }
        // SAFETY: a text.
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
fn a_time_to_live_outside_a_second_to_a_day_is_reported() {
    let mut handle = handle();
    for ttl in [
        0,
        -1,
        86_401,
        i64::from(i32::MAX) + 3600,
        i64::MIN,
        i64::MAX,
    ] {
        let mut buffer = Buffer::new(1024);
        assert_eq!(buffer.generate(handle.0, ttl), Status::InvalidTtl);
        buffer.assert_emptied();
        let mut buffer = Buffer::new(1024);
        let status = buffer.generate_at(handle.0, NOW, ttl);
        assert_eq!(status, Status::InvalidTtl);
        buffer.assert_emptied();
        let refused = access_handle().generate_at(NOW, ttl);
        assert_eq!(refused, Err(Status::InvalidTtl));
    }
    assert_unchanged(&mut handle);

    for ttl in [1, Ttl::Default as i64, Ttl::Max as i64] {
        let claims = decode(&handle.generate_at(NOW, ttl).unwrap(), "secret");
        assert_eq!(claims["exp"], NOW + ttl);
    }
    assert_eq!((Ttl::Default as i64, Ttl::Max as i64), (3600, 86_400));
}

#[test]
fn a_time_that_not_every_json_reader_holds_is_reported() {
    let mut handle = handle();
    let wrong = [
        (-1, 1),
        (-1, 3600),
        (i64::MIN, 1),
        (i64::MAX, 86_400),
        (LAST + 1, 1),
        (LAST, 1),
        (LAST - 3599, 3600),
    ];
    for (now, ttl) in wrong {
        let mut buffer = Buffer::new(1024);
        let status = buffer.generate_at(handle.0, now, ttl);
        assert_eq!(status, Status::InvalidTime, "{now} + {ttl}");
        buffer.assert_emptied();
        let refused = access_handle().generate_at(now, ttl);
        assert_eq!(refused, Err(Status::InvalidTime));
    }
    let (jwt, secret) = (text(&whole_token()), text("secret"));
    for wrong in [-1, i64::MIN, LAST + 1, i64::MAX] {
        assert_eq!(handle.set_not_before(wrong), Err(Status::InvalidTime));
        let mut buffer = Buffer::new(1024);
        let status = buffer.verify(jwt.as_ptr(), secret.as_ptr(), wrong);
        assert_eq!(status, Status::InvalidTime);
        buffer.assert_emptied();
    }
    assert_unchanged(&mut handle);
    for not_before in [1, LAST] {
        handle.set_not_before(not_before).unwrap();
        let claims = decode(&handle.generate_at(NOW, 3600).unwrap(), "secret");
        assert_eq!(claims["nbf"], not_before);
    }

    for (now, ttl) in [(0, 1), (LAST - 3600, 3600), (1 << 31, 1), (1 << 32, 3600)] {
        let claims = decode(&handle.generate_at(now, ttl).unwrap(), "secret");
        assert_eq!(claims["exp"], now + ttl);
    }
}

/// All sizes of a buffer; under Miri, which is slow, only those at the ends.
fn sizes_up_to(last: usize) -> impl Iterator<Item = usize> {
    (0..=last).filter(move |size| !cfg!(miri) || *size < 3 || *size + 3 > last)
}

#[test]
fn a_buffer_of_any_size_is_filled_or_emptied_and_never_overrun() {
    let mut handle = handle();
    let token = whole_token();
    let needed = token.len() + 1;
    for size in sizes_up_to(needed + 1) {
        let mut buffer = Buffer::new(size);
        let status = buffer.generate_at(handle.0, NOW, 3600);
        assert_eq!(buffer.length, token.len());
        if size < needed {
            assert_eq!(status, Status::BufferTooSmall);
            if size > 0 {
                assert_eq!(buffer.text(), "");
            } else {
                assert_eq!(buffer.bytes, [0x55; 8]);
            }
        } else {
            assert_eq!(status, Status::Ok);
            assert_eq!(buffer.text(), token);
        }

        let start = buffer.bytes.as_mut_ptr().cast();
        // SAFETY: a handle, a buffer, and no place for the length.
        let again = unsafe { cap_generate_at(handle.0, NOW, 3600, start, size, null_mut()) };
        assert_eq!(again, status);
    }

    let mut length = 0;
    // SAFETY: a handle, no buffer, and a place for the length.
    let status = unsafe { cap_generate_at(handle.0, NOW, 3600, null_mut(), 0, &mut length) };
    assert_eq!((status, length), (Status::BufferTooSmall, token.len()));
    // SAFETY: a handle, no buffer, and no place for the length.
    let status = unsafe { cap_generate(handle.0, 3600, null_mut(), 0, null_mut()) };
    assert_eq!(status, Status::BufferTooSmall);

    let mut buffer = Buffer::new(needed);
    let start = buffer.bytes.as_mut_ptr().cast();
    // SAFETY: the buffer is smaller than it is said to be, but large enough for
    // the token, and nothing behind that is touched.
    let status = unsafe { cap_generate_at(handle.0, NOW, 3600, start, usize::MAX, null_mut()) };
    assert_eq!((status, buffer.text()), (Status::Ok, token.as_str()));
    assert_unchanged(&mut handle);
}

#[test]
fn a_payload_is_written_as_a_token_is_or_not_at_all() {
    let (jwt, secret) = (text(&whole_token()), text("secret"));
    let payload = verify(&whole_token(), "secret", NOW).unwrap();
    for size in sizes_up_to(payload.len() + 2) {
        let mut buffer = Buffer::new(size);
        let status = buffer.verify(jwt.as_ptr(), secret.as_ptr(), NOW);
        assert_eq!(buffer.length, payload.len());
        if size > payload.len() {
            assert_eq!((status, buffer.text()), (Status::Ok, payload.as_str()));
        } else {
            assert_eq!(status, Status::BufferTooSmall);
            assert!(size == 0 || buffer.text().is_empty());
        }
        // What is wrong with the token comes before the buffer.
        let mut buffer = Buffer::new(size);
        let status = buffer.verify(jwt.as_ptr(), secret.as_ptr(), NOW + 3600);
        assert_eq!((status, buffer.length), (Status::TokenExpired, 0));
        assert!(size == 0 || buffer.text().is_empty());
    }

    // Only checked, whatever the size; the length is told where it is wanted.
    for size in [0, 1, usize::MAX] {
        let check = |now, length| {
            // SAFETY: two texts, no buffer, and a place for the length or none.
            unsafe { cap_verify(jwt.as_ptr(), secret.as_ptr(), now, null_mut(), size, length) }
        };
        let mut length = 0x5555;
        assert_eq!(check(NOW, &mut length), Status::Ok);
        assert_eq!(length, payload.len());
        assert_eq!(check(NOW, null_mut()), Status::Ok);
        assert_eq!(check(NOW + 3600, &mut length), Status::TokenExpired);
        assert_eq!(length, 0);
        assert_eq!(check(NOW - 1, null_mut()), Status::TokenNotYetValid);
    }
}

#[test]
fn credentials_come_from_the_configuration_where_none_are_given() {
    let _turn = configuration();
    let (sid, secret) = (text("ACXXXXXXXXXXXXXXXXX"), text("YYYYYYYYYYYYYYYYYY"));
    let (other_sid, other_secret) = (text("AC123123"), text("secret"));
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
        // SAFETY: NULL or texts, and a place for the handle.
        ok(unsafe { cap_new(account_sid, auth_token, &mut token) }).unwrap();
        (Handle(token), sid, secret)
    });
    // A failure leaves the configuration, and a change leaves existing handles.
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
fn credentials_of_two_configurations_are_never_mixed() {
    let _turn = configuration();
    let pairs = [("AC1", "first"), ("AC2", "second")].map(|(sid, secret)| {
        let token = Handle::new(sid, secret).unwrap();
        let token = token.generate_at(NOW, 3600).unwrap();
        (text(sid), text(secret), token)
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
        // Until both have come up often, however the threads happen to run.
        let often = if cfg!(miri) { 3 } else { 5000 };
        while seen.iter().any(|&times| times < often) && others == 0 {
            let mut token = null_mut();
            // SAFETY: NULL for both texts, and a place for the handle.
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

#[test]
fn an_even_handle_is_reported_and_freed_by_nobody() {
    let sid = text("AC123123");
    let mut handle = handle();
    let even = [
        ptr::without_provenance_mut(2),
        ptr::without_provenance_mut(usize::MAX - 1),
        handle.0.wrapping_byte_sub(1),
        handle.0.wrapping_byte_add(1),
    ];
    for even in even {
        for function in with_text() {
            // SAFETY: an even handle and a text.
            let status = unsafe { function(even, sid.as_ptr()) };
            assert_eq!(status, Status::InvalidHandle);
        }
        let mut buffer = Buffer::new(1024);
        assert_eq!(buffer.generate(even, 3600), Status::InvalidHandle);
        buffer.assert_emptied();
        let mut buffer = Buffer::new(1024);
        assert_eq!(buffer.generate_at(even, NOW, 3600), Status::InvalidHandle);
        buffer.assert_emptied();
        // SAFETY: an even handle, which is not freed.
        unsafe {
            assert_eq!(cap_allow_event_stream(even), Status::InvalidHandle);
            assert_eq!(cap_set_not_before(even, -1), Status::InvalidHandle);
            cap_token_free(even);
        }
    }
    assert_unchanged(&mut handle);
}

#[test]
fn a_parameter_or_filter_before_its_scope_is_reported() {
    let mut handle = Handle::new("AC123123", "secret").unwrap();
    handle.allow_incoming("Alice").unwrap();
    let before = handle.generate_at(NOW, 3600).unwrap();
    assert_eq!(
        handle.add_outgoing_param("Foo", "Bar"),
        Err(Status::MissingScope)
    );
    let filter = |handle: &mut Handle| handle.add_event_filter("Type", "Call");
    assert_eq!(filter(&mut handle), Err(Status::MissingScope));
    assert_eq!(handle.generate_at(NOW, 3600).unwrap(), before);

    handle.allow_outgoing("AP123123").unwrap();
    handle.add_outgoing_param("Foo", "Bar").unwrap();
    assert_eq!(filter(&mut handle), Err(Status::MissingScope));
    handle.allow_event_stream().unwrap();
    filter(&mut handle).unwrap();
    handle.add_claim("user", "42").unwrap();
    handle.set_not_before(NOW).unwrap();
    assert_unchanged(&mut handle);
}

#[test]
fn the_first_wrong_argument_decides_and_the_state_comes_last() {
    let _turn = configuration();
    let (empty, sid) = (text(""), text("AC123123"));
    let (empty, sid, wrong) = (empty.as_ptr(), sid.as_ptr(), c"\xff".as_ptr());
    let even = ptr::without_provenance_mut(2);
    let fresh = Handle::new("AC123123", "secret").unwrap();
    let access = Handle::access("AC123123", "SK123123", "secret").unwrap();
    let (fresh, access) = (fresh.0, access.0);

    assert_eq!(new(empty, wrong), Status::EmptyArgument);
    assert_eq!(new(wrong, empty), Status::InvalidUtf8);
    assert_eq!(new(empty, null()), Status::EmptyArgument);
    assert_eq!(new(null(), empty), Status::NoCredentials);
    // SAFETY: texts, and NULL for the handle's place.
    let status = unsafe { cap_new(sid, wrong, null_mut()) };
    assert_eq!(status, Status::InvalidUtf8);
    assert_eq!(configure(null(), empty), Status::NullArgument);
    assert_eq!(configure(empty, null()), Status::EmptyArgument);
    assert_eq!(new_access(null(), empty, wrong), Status::NullArgument);
    assert_eq!(new_access(empty, wrong, null()), Status::EmptyArgument);
    assert_eq!(new_access(wrong, null(), empty), Status::InvalidUtf8);
    assert_eq!(new_access(sid, empty, wrong), Status::EmptyArgument);
    assert_eq!(new_access(sid, wrong, empty), Status::InvalidUtf8);
    // SAFETY: texts, and NULL for the handle's place.
    let status = unsafe { cap_new_access(sid, sid, empty, null_mut()) };
    assert_eq!(status, Status::EmptyArgument);

    // SAFETY: in all of these, NULL, even or a handle, and NULL or texts.
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

        // The kind of the token comes before what was called.
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

#[test]
fn what_does_not_apply_to_a_kind_of_token_is_reported_and_changes_nothing() {
    let mut capability = handle();
    assert_eq!(capability.set_region("ie1"), Err(Status::Unsupported));
    let push = capability.set_push_credential("CR1");
    assert_eq!(push, Err(Status::Unsupported));
    let grant = capability.add_grant("video", "{}");
    assert_eq!(grant, Err(Status::Unsupported));
    assert_unchanged(&mut capability);

    let mut access = access_handle();
    assert_eq!(access.allow_event_stream(), Err(Status::Unsupported));
    let filter = access.add_event_filter("Type", "Call");
    assert_eq!(filter, Err(Status::Unsupported));
    assert_as_made_by(access_handle, &mut access);
}

/// What is configured is an account's auth token, which signs no access token.
#[test]
fn an_access_token_takes_nothing_from_the_configuration() {
    let _turn = configuration();
    let (sid, secret) = (text("AC123123"), text("secret"));
    let (sid, secret) = (sid.as_ptr(), secret.as_ptr());
    assert_eq!(configure(sid, secret), Status::Ok);
    assert_eq!(new(null(), null()), Status::Ok);
    assert_eq!(new_access(null(), sid, secret), Status::NullArgument);
    assert_eq!(new_access(sid, null(), secret), Status::NullArgument);
    assert_eq!(new_access(sid, sid, null()), Status::NullArgument);
    assert_eq!(new_access(null(), null(), null()), Status::NullArgument);
    assert_eq!(new_access(sid, sid, secret), Status::Ok);
}

#[test]
fn a_repeated_permission_replaces_the_earlier_one() {
    let mut handle = Handle::new("AC123123", "secret").unwrap();
    for round in 0..3 {
        handle.allow_incoming(&format!("name{round}")).unwrap();
        handle.allow_outgoing(&format!("AP{round}")).unwrap();
        handle.allow_event_stream().unwrap();
        if round < 2 {
            handle.add_outgoing_param("old", "1").unwrap();
            handle.add_event_filter("old", "1").unwrap();
        }
    }
    let claims = decode(&handle.generate_at(NOW, 3600).unwrap(), "secret");
    assert_eq!(
        claims["scope"],
        "scope:client:incoming?clientName=name2 \
         scope:client:outgoing?appSid=AP2&clientName=name2 \
         scope:stream:subscribe?path=%2F2010-04-01%2FEvents"
    );
}

#[test]
fn outgoing_calls_come_from_the_name_that_was_set_last() {
    let mut handle = Handle::new("AC123123", "secret").unwrap();
    let mut scope_after = |change: fn(&mut Handle) -> Result<(), Status>| {
        change(&mut handle).unwrap();
        let claims = decode(&handle.generate_at(NOW, 3600).unwrap(), "secret");
        claims["scope"].as_str().unwrap().to_owned()
    };
    // A name alone allows nothing.
    assert_eq!(scope_after(|handle| handle.set_client_name("Bob &")), "");
    let outgoing = "scope:client:outgoing?appSid=AP1";
    assert_eq!(
        scope_after(|handle| handle.allow_outgoing("AP1")),
        format!("{outgoing}&clientName=Bob%20%26")
    );
    assert_eq!(
        scope_after(|handle| handle.allow_incoming("Alice")),
        format!("scope:client:incoming?clientName=Alice {outgoing}&clientName=Alice")
    );
    let both = format!("scope:client:incoming?clientName=Alice {outgoing}&clientName=Carol");
    assert_eq!(scope_after(|handle| handle.set_client_name("Carol")), both);
    // A call that fails decides nothing.
    assert_eq!(
        scope_after(|handle| {
            assert_eq!(handle.allow_incoming(""), Err(Status::EmptyArgument));
            assert_eq!(handle.set_client_name(""), Err(Status::EmptyArgument));
            handle.allow_outgoing("AP1")
        }),
        both
    );
}

#[test]
fn the_client_names_that_all_of_twilio_takes_are_short_and_plain() {
    let check = |name: &str| {
        // SAFETY: a text.
        unsafe { cap_check_client_name(text(name).as_ptr()) }
    };
    for name in [
        "a",
        "Z",
        "0",
        "_",
        "alice_2",
        "0123456789",
        &"x".repeat(256),
    ] {
        assert_eq!(check(name), Status::Ok, "{name}");
    }
    let wrong = [
        " ",
        "a b",
        "a-b",
        "a.b",
        "a+b",
        "a\n",
        "\n",
        "a@b",
        "é",
        "ａ",
        "/",
        ":",
        "[",
        "`",
        "{",
        "a\u{7f}",
        &"x".repeat(257),
    ];
    for name in wrong {
        assert_eq!(check(name), Status::InvalidClientName, "{name:?}");
    }
    // 256 bytes, of characters that are not ASCII.
    assert_eq!(check(&"é".repeat(128)), Status::InvalidClientName);
}

#[test]
fn a_claim_is_compact_json_in_front_of_the_library_s_own() {
    let mut handle = Handle::new("AC123123", "secret").unwrap();
    let payload =
        |handle: &Handle| verify(&handle.generate_at(NOW, 3600).unwrap(), "secret", NOW).unwrap();
    let own = r#""scope":"","iss":"AC123123","exp":1400003600}"#;
    handle
        .add_claim("é\"", " { \"b\" : 1.50 , \"a\" : [ \"é/\" ] } ")
        .unwrap();
    handle.add_claim("a", "null").unwrap();
    handle.add_claim("Scope", "-0").unwrap();
    let expected = r#"{"\u00e9\"":{"b":1.50,"a":["\u00e9/"]},"a":null,"Scope":-0,"#;
    assert_eq!(payload(&handle), format!("{expected}{own}"));

    // Again: the same place, and the new value.
    handle.add_claim("é\"", "1E+2").unwrap();
    handle.add_claim("b", "2").unwrap();
    let expected = r#"{"\u00e9\"":1E+2,"a":null,"Scope":-0,"b":2,"#;
    assert_eq!(payload(&handle), format!("{expected}{own}"));

    // What is refused changes nothing.
    for name in ["scope", "iss", "exp", "nbf", "iat"] {
        assert_eq!(handle.add_claim(name, "1"), Err(Status::ReservedName));
    }
    let deep = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for json in ["", " ", "x", "{", "1 2", "'1'", r#""\ud800""#, &deep(128)] {
        assert_eq!(handle.add_claim("a", json), Err(Status::InvalidJson));
        assert_eq!(handle.add_claim("c", json), Err(Status::InvalidJson));
    }
    assert_eq!(payload(&handle), format!("{expected}{own}"));

    handle.add_claim("a", &deep(127)).unwrap();
    let expected = format!(r#"{{"\u00e9\"":1E+2,"a":{},"Scope":-0,"b":2,"#, deep(127));
    assert_eq!(payload(&handle), format!("{expected}{own}"));
}

#[test]
fn not_before_is_written_last_and_removed_by_0() {
    let mut handle = Handle::new("AC123123", "secret").unwrap();
    let without = handle.generate_at(NOW, 3600).unwrap();
    handle.set_not_before(NOW + 60).unwrap();
    let token = handle.generate_at(NOW, 3600).unwrap();
    assert_eq!(verify(&token, "secret", NOW), Err(Status::TokenNotYetValid));
    assert_eq!(
        verify(&token, "secret", NOW + 60).as_deref(),
        Ok(r#"{"scope":"","iss":"AC123123","exp":1400003600,"nbf":1400000060}"#)
    );
    assert_eq!(handle.set_not_before(-1), Err(Status::InvalidTime));
    assert_eq!(handle.generate_at(NOW, 3600).unwrap(), token);
    handle.set_not_before(0).unwrap();
    assert_eq!(handle.generate_at(NOW, 3600).unwrap(), without);
}

#[test]
fn generating_leaves_the_handle_as_it_is() {
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
fn the_library_keeps_copies_of_what_it_is_given() {
    let (mut capability, mut access) = (null_mut(), null_mut());
    with_texts_that_go(
        &[
            "AC123123", "secret", "Alice", "AP123123", "Foo", "Bar", "Type", "Call", "user", "42",
        ],
        // SAFETY: texts, a place for the handle, and the handle.
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

    with_texts_that_go(
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

/// Calls `body` with what gives one text after the other, and overwrites and frees them
/// all.
fn with_texts_that_go(texts: &[&str], body: impl FnOnce(&mut dyn FnMut() -> *const c_char)) {
    let text = |text: &&str| CString::new(*text).unwrap().into_bytes_with_nul();
    let mut texts: Vec<Vec<u8>> = texts.iter().map(text).collect();
    let mut pointers = texts.iter().map(|text| text.as_ptr().cast());
    body(&mut || pointers.next().unwrap());
    assert!(pointers.next().is_none());
    for text in &mut texts {
        text.fill(b'#');
    }
}

#[test]
fn a_shared_handle_mints_from_many_threads_at_once() {
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
                        assert_eq!(buffer.text(), whole);
                    }
                });
            }
        });
    }
}

#[test]
fn a_token_of_now_expires_by_the_clock() {
    let handle = handle();
    let clock = || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        i64::try_from(since.as_secs()).unwrap()
    };
    let before = clock();
    let mut buffer = Buffer::new(1024);
    assert_eq!(buffer.generate(handle.0, 600), Status::Ok);
    let after = clock();
    let claims = decode(buffer.text(), "secret");
    let exp = claims["exp"].as_i64().unwrap();
    assert!((before + 600..=after + 600).contains(&exp));
    assert_eq!(buffer.text(), handle.generate_at(exp - 600, 600).unwrap());
}

#[test]
fn text_of_any_length_arrives_whole() {
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

#[test]
fn cap_free_frees_a_handle() {
    let mut token = null_mut();
    let (sid, secret) = (text("AC123123"), text("secret"));
    // SAFETY: two texts and a place for the handle.
    ok(unsafe { cap_new(sid.as_ptr(), secret.as_ptr(), &mut token) }).unwrap();
    assert_eq!(token.addr() % 2, 1);
    // SAFETY: the handle is not used again.
    assert_eq!(unsafe { cap_free(token.cast()) }, 0);
}

#[test]
fn the_version_is_the_package_s() {
    // SAFETY: a constant text.
    let version = unsafe { CStr::from_ptr(cap_version()) };
    assert_eq!(version.to_str(), Ok(env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_status_has_a_text_of_its_own_and_every_other_number_the_same() {
    let strerror = |status: c_int| {
        // SAFETY: a constant text.
        let text = unsafe { CStr::from_ptr(cap_strerror(status)) };
        text.to_str().unwrap()
    };
    let header = include_str!("../include/captoken.h");
    let mut texts: Vec<&str> = header
        .lines()
        .filter_map(|line| line.trim().strip_prefix("CAP_STATUS_"))
        .map(|line| {
            let (_, number) = line.trim_end_matches(',').split_once(" = ").unwrap();
            strerror(number.parse().unwrap())
        })
        .collect();
    assert_eq!(texts.len(), 22);
    let unknown = strerror(22);
    for other in [-1, 23, 255, 256, c_int::MIN, c_int::MAX] {
        assert_eq!(strerror(other), unknown);
    }
    texts.push(unknown);
    for text in &texts {
        assert!(!text.is_empty() && !text.contains('\n') && !text.ends_with('.'));
    }
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), 23);
}
