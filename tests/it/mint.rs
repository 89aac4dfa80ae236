//! `cap_mint` gives the same tokens and statuses as the calls that its request stands for.

use std::ffi::{CStr, CString, c_char};
use std::ptr::{null, null_mut};

use captoken::ffi::*;

use crate::support::configure_lock::lock_defaults;
use crate::support::safe_handle::{Handle, mint, verify};

const NOW: i64 = 1_400_000_000;

/// 2^53 - 1, the last valid time.
const LAST: i64 = 9_007_199_254_740_991;

const WHOLE: &str = r#"{
    "claims": {"a": [1.50, "\u0000é"], "b": 2, "a": {"c": null}},
    "outgoing": {"params": [["Foo", "Bar"], ["", "a=b&c"], ["Foo", ""]], "application_sid": "AP123123"},
    "not_before": 1300000000,
    "event_stream": {"filters": [["type", "call"]]},
    "client_name": "B\u006fb",
    "\u0069ncoming": "Alice é \ud83d\ude00",
    "account_sid": "AC123123"
}"#;

const WHOLE_ACCESS: &str = r#"{"account_sid":"AC123123","api_key_sid":"SK123123",
    "incoming":"Alice","client_name":"Bob","outgoing":{"application_sid":"AP123123",
    "params":[["a","1"],["b","2"],["a","3"]]},"claims":{"x":1},"not_before":7,"region":"ie1",
    "push_credential_sid":"CR1","grants":{"video":{"room":"r"},"chat":{},"video":{ "a" : 1 }}}"#;

/// The status, the length and the string in the buffer after a call.
fn mint_into(
    secret: Option<&CStr>,
    request: Option<&CStr>,
    size: usize,
) -> (Status, usize, Vec<u8>) {
    let mut bytes = vec![0x55; size + 8];
    let mut length = 0x5555;
    let pointer = |string: Option<&CStr>| string.map_or(null(), CStr::as_ptr);
    let buffer = bytes.as_mut_ptr().cast();
    // SAFETY: NULL or strings, a buffer of that size, and a length.
    let status = unsafe {
        let (secret, request) = (pointer(secret), pointer(request));
        cap_mint(secret, request, NOW, 3600, buffer, size, &mut length)
    };
    assert_eq!(bytes.split_off(size), [0x55; 8], "written after the buffer");
    let end = bytes.iter().position(|&byte| byte == 0);
    bytes.truncate(end.unwrap_or(0));
    (status, length, bytes)
}

#[track_caller]
fn assert_fails(request: &str, expected: Status) {
    let request_text = CString::new(request).unwrap();
    let outcome = mint_into(Some(c"secret"), Some(&request_text), 2048);
    assert_eq!(outcome, (expected, 0, Vec::new()), "{request}");
}

/// A request with an account SID and these members.
fn with(members: &str) -> String {
    format!(r#"{{"account_sid":"AC123123",{members}}}"#)
}

fn access_with(members: &str) -> String {
    with(&format!(r#""api_key_sid":"SK123123",{members}"#))
}

fn payload(request: &str) -> String {
    verify(&mint("secret", request, NOW, 3600).unwrap(), "secret", NOW).unwrap()
}

#[test]
fn whole_request_equals_the_calls() {
    let mut handle = Handle::new("AC123123", "secret").unwrap();
    handle.allow_incoming("Alice é 😀").unwrap();
    handle.set_client_name("Bob").unwrap();
    handle.allow_outgoing("AP123123").unwrap();
    for (key, value) in [("Foo", "Bar"), ("", "a=b&c"), ("Foo", "")] {
        handle.add_outgoing_param(key, value).unwrap();
    }
    handle.allow_event_stream().unwrap();
    handle.add_event_filter("type", "call").unwrap();
    handle.add_claim("a", r#"{"c": null}"#).unwrap();
    handle.add_claim("b", "2").unwrap();
    handle.set_not_before(1_300_000_000).unwrap();
    assert_eq!(
        mint("secret", WHOLE, NOW, 3600),
        handle.generate_at(NOW, 3600)
    );

    let mut handle = Handle::access("AC123123", "SK123123", "secret").unwrap();
    handle.allow_incoming("Alice").unwrap();
    handle.set_client_name("Bob").unwrap();
    handle.allow_outgoing("AP123123").unwrap();
    for (key, value) in [("a", "1"), ("b", "2"), ("a", "3")] {
        handle.add_outgoing_param(key, value).unwrap();
    }
    handle.add_claim("x", "1").unwrap();
    handle.set_not_before(7).unwrap();
    handle.set_region("ie1").unwrap();
    handle.set_push_credential("CR1").unwrap();
    for (name, json) in [("video", "{}"), ("chat", "{}"), ("video", r#"{"a":1}"#)] {
        handle.add_grant(name, json).unwrap();
    }
    assert_eq!(
        mint("secret", WHOLE_ACCESS, NOW, 3600),
        handle.generate_at(NOW, 3600)
    );
}

#[test]
fn missing_members_leave_permissions_out() {
    let expected = |scope| format!(r#"{{"scope":"{scope}","iss":"AC123123","exp":1400003600}}"#);
    assert_eq!(payload(r#"{"account_sid":"AC123123"}"#), expected(""));
    for (members, scope) in [
        (
            r#""incoming":"Alice""#,
            "scope:client:incoming?clientName=Alice",
        ),
        (
            r#""outgoing":{"application_sid":"AP123123"}"#,
            "scope:client:outgoing?appSid=AP123123",
        ),
        (
            r#""outgoing":{"application_sid":"AP123123","params":[]}"#,
            "scope:client:outgoing?appSid=AP123123",
        ),
        (
            r#""event_stream":{}"#,
            "scope:stream:subscribe?path=%2F2010-04-01%2FEvents",
        ),
        (r#""client_name":"Alice","claims":{},"not_before":0"#, ""),
    ] {
        assert_eq!(payload(&with(members)), expected(scope));
    }
}

#[test]
fn claims_equal_those_of_cap_add_claim() {
    // A value may contain an escaped NUL and may be nested 127 levels deep.
    let deep = format!("{}{}", "[".repeat(127), "]".repeat(127));
    for value in [r#""\u0000""#, "1.50", &deep] {
        let mut handle = Handle::new("AC123123", "secret").unwrap();
        handle.add_claim("a", value).unwrap();
        let request = with(&format!(r#""claims":{{"a":{value}}}"#));
        let token = mint("secret", &request, NOW, 3600);
        assert_eq!(token, handle.generate_at(NOW, 3600));
    }
    // One level more fails in cap_add_claim, two levels more in the request's parser.
    for (deep, expected) in [
        (format!("[{deep}]"), Status::InvalidJson),
        (format!("[[{deep}]]"), Status::InvalidRequest),
    ] {
        assert_fails(&with(&format!(r#""claims":{{"a":{deep}}}"#)), expected);
        let grants = format!(r#""grants":{{"a":{deep}}}"#);
        assert_fails(&access_with(&grants), expected);
    }
}

#[test]
fn mint_fills_or_empties_any_buffer() {
    let request = CString::new(WHOLE).unwrap();
    let token = mint("secret", WHOLE, NOW, 3600).unwrap();
    for size in [0, 1, 2, token.len() - 1, token.len(), token.len() + 1, 2048] {
        let (status, length, string) = mint_into(Some(c"secret"), Some(&request), size);
        assert_eq!(length, token.len());
        if size > token.len() {
            assert_eq!((status, string), (Status::Ok, token.clone().into_bytes()));
        } else {
            assert_eq!((status, string), (Status::BufferTooSmall, Vec::new()));
        }
    }

    let call = |size: usize, length: *mut usize| {
        let (secret, request) = (c"secret".as_ptr(), request.as_ptr());
        // SAFETY: two strings, NULL for the buffer, and a length or NULL.
        unsafe { cap_mint(secret, request, NOW, 3600, null_mut(), size, length) }
    };
    let mut length = 0;
    assert_eq!(call(0, &mut length), Status::BufferTooSmall);
    assert_eq!(length, token.len());
    assert_eq!(call(0, null_mut()), Status::BufferTooSmall);
    assert_eq!(call(1, &mut length), Status::NullArgument);
    assert_eq!(length, 0);
}

#[test]
fn malformed_requests_are_invalid() {
    for request in [
        "",
        " ",
        "null",
        "[]",
        "\"account_sid\"",
        "{",
        "{}",
        "{}{}",
        r#"{"account_sid":"AC1"} x"#,
        r#"{"account_sid":"AC1",}"#,
        r#"{"incoming":"Alice"}"#,
        r#"{"account_sid":null}"#,
        r#"{"account_sid":1}"#,
        r#"{"account_sid":"a","account_sid":"a"}"#,
        r#"{"account_sid":"a","\u0061ccount_sid":"a"}"#,
        r#"{"account_sid":"a\u0000"}"#,
        r#"{"account_sid":"a\ud800"}"#,
        r#"{"account_sid":"a\x"}"#,
        r#"{"Account_sid":"a"}"#,
    ] {
        assert_fails(request, Status::InvalidRequest);
    }
    for members in [
        r#""unknown":1"#,
        r#""":1"#,
        r#""a name that is longer than all known names":1"#,
        r#""api_key_sid":null"#,
        r#""incoming":["Alice"]"#,
        r#""incoming":"a\u0000""#,
        r#""client_name":true"#,
        r#""outgoing":"AP1""#,
        r#""outgoing":{}"#,
        r#""outgoing":{"params":[]}"#,
        r#""outgoing":{"application_sid":1}"#,
        r#""outgoing":{"application_sid":"AP1","application_sid":"AP1"}"#,
        r#""outgoing":{"application_sid":"AP1","filters":[]}"#,
        r#""outgoing":{"application_sid":"AP1","params":{}}"#,
        r#""outgoing":{"application_sid":"AP1","params":{"a":"b"}}"#,
        r#""outgoing":{"application_sid":"AP1","params":null}"#,
        r#""outgoing":{"application_sid":"AP1","params":["ab"]}"#,
        r#""outgoing":{"application_sid":"AP1","params":[[]]}"#,
        r#""outgoing":{"application_sid":"AP1","params":[["a"]]}"#,
        r#""outgoing":{"application_sid":"AP1","params":[["a","b","c"]]}"#,
        r#""outgoing":{"application_sid":"AP1","params":[["a",1]]}"#,
        r#""outgoing":{"application_sid":"AP1","params":[["a","b"],["c",null]]}"#,
        r#""outgoing":{"application_sid":"AP1","params":[["a","b\u0000"]]}"#,
        r#""outgoing":{"application_sid":"AP1","params":[["a","b"],]}"#,
        r#""event_stream":true"#,
        r#""event_stream":[]"#,
        r#""event_stream":{"filters":[["a"]]}"#,
        r#""event_stream":{"params":[]}"#,
        r#""claims":[]"#,
        r#""claims":null"#,
        r#""claims":{"a\u0000":1}"#,
        r#""claims":{"a":1,}"#,
        r#""claims":{"a":tru}"#,
        r#""claims":{"a":"\udc00"}"#,
        r#""not_before":"1""#,
        r#""not_before":1.0"#,
        r#""not_before":1e3"#,
        r#""not_before":01"#,
        r#""not_before":-"#,
        r#""not_before":null"#,
        r#""region":{}"#,
        r#""push_credential_sid":7"#,
        r#""grants":[{}]"#,
        r#""grants":{"a\u0000":{}}"#,
    ] {
        assert_fails(&with(members), Status::InvalidRequest);
        assert_fails(&access_with(members), Status::InvalidRequest);
    }
}

#[test]
fn wrong_values_return_their_calls_status() {
    assert_fails(r#"{"account_sid":""}"#, Status::EmptyArgument);
    for members in [
        r#""api_key_sid":"""#,
        r#""incoming":"""#,
        r#""client_name":"""#,
        r#""outgoing":{"application_sid":""}"#,
        r#""claims":{"":1}"#,
        r#""region":"""#,
        r#""push_credential_sid":"""#,
        r#""grants":{"":{}}"#,
    ] {
        assert_fails(&with(members), Status::EmptyArgument);
    }
    for name in ["scope", "iss", "exp", "nbf", "iat", "\\u0069ss"] {
        assert_fails(
            &with(&format!(r#""claims":{{"{name}":1}}"#)),
            Status::ReservedName,
        );
    }
    for name in ["jti", "sub", "grants"] {
        let claims = format!(r#""claims":{{"{name}":1}}"#);
        assert_fails(&access_with(&claims), Status::ReservedName);
        payload(&with(&claims));
    }
    for name in ["identity", "voice"] {
        let grants = format!(r#""grants":{{"{name}":{{}}}}"#);
        assert_fails(&access_with(&grants), Status::ReservedName);
    }
    assert_fails(
        &access_with(r#""grants":{"video":[]}"#),
        Status::InvalidJson,
    );
    for members in [
        r#""region":"ie1""#,
        r#""push_credential_sid":"CR1""#,
        r#""grants":{"video":{}}"#,
    ] {
        assert_fails(&with(members), Status::Unsupported);
    }
    assert_fails(&access_with(r#""event_stream":{}"#), Status::Unsupported);
    for time in [
        "-1",
        "9007199254740992",
        "9223372036854775808",
        "-9223372036854775809",
        "123456789012345678901234567890",
    ] {
        assert_fails(
            &with(&format!(r#""not_before":{time}"#)),
            Status::InvalidTime,
        );
    }
    let mut handle = Handle::new("AC123123", "secret").unwrap();
    handle.set_not_before(LAST).unwrap();
    let request = with(&format!(r#""not_before":{LAST}"#));
    let token = mint("secret", &request, NOW, 3600);
    assert_eq!(token, handle.generate_at(NOW, 3600));
    assert!(!payload(&with(r#""not_before":-0"#)).contains("nbf"));

    for ttl in [0, -1, 86_401, i64::MIN, i64::MAX] {
        assert_eq!(mint("secret", WHOLE, NOW, ttl), Err(Status::InvalidTtl));
    }
    for now in [-1, LAST - 3599, LAST + 1, i64::MIN, i64::MAX] {
        assert_eq!(mint("secret", WHOLE, now, 3600), Err(Status::InvalidTime));
    }
}

#[test]
fn secret_is_checked_first_and_required() {
    let _lock = lock_defaults();
    let configure = |sid: *const c_char, secret: *const c_char| {
        // SAFETY: NULL or strings.
        let status = unsafe { cap_configure(sid, secret) };
        assert_eq!(status, Status::Ok);
    };
    configure(c"AC123123".as_ptr(), c"secret".as_ptr());
    for (secret, request, expected) in [
        (None, None, Status::NullArgument),
        (Some(c""), None, Status::EmptyArgument),
        (Some(c"caf\xc3"), None, Status::InvalidUtf8),
        (Some(c"secret"), None, Status::NullArgument),
        (
            Some(c"secret"),
            Some(c"{\"account_sid\":\"caf\xc3\"}"),
            Status::InvalidUtf8,
        ),
        (Some(c"secret"), Some(c"{}"), Status::InvalidRequest),
        (
            None,
            Some(c"{\"account_sid\":\"AC1\"}"),
            Status::NullArgument,
        ),
    ] {
        let outcome = mint_into(secret, request, 2048);
        assert_eq!(outcome, (expected, 0, Vec::new()));
    }
    configure(null(), null());
}

/// Each step corrects the first error, then expects the next one.
#[test]
fn first_error_of_a_request_decides() {
    let mut members = vec![
        (
            r#""account_sid":"""#,
            r#""account_sid":"AC1""#,
            Status::EmptyArgument,
        ),
        (
            r#""api_key_sid":"""#,
            r#""api_key_sid":"SK1""#,
            Status::EmptyArgument,
        ),
        (
            r#""event_stream":{}"#,
            r#""incoming":"a""#,
            Status::Unsupported,
        ),
        (
            r#""claims":{"sub":1}"#,
            r#""claims":{"a":1}"#,
            Status::ReservedName,
        ),
        (
            r#""not_before":-1"#,
            r#""not_before":1"#,
            Status::InvalidTime,
        ),
        (r#""region":"""#, r#""region":"ie1""#, Status::EmptyArgument),
        (
            r#""grants":{"a":1}"#,
            r#""grants":{"a":{}}"#,
            Status::InvalidJson,
        ),
    ];
    let request = |members: &[(&str, &str, Status)]| {
        // The order of members has no effect.
        let members: Vec<_> = members.iter().rev().map(|member| member.0).collect();
        CString::new(format!("{{{}}}", members.join(","))).unwrap()
    };
    let mut length = 0;
    let mut call = |request: &CStr, now, ttl, size| {
        let (secret, request) = (c"secret".as_ptr(), request.as_ptr());
        // SAFETY: two strings, NULL for the buffer, and a length.
        unsafe { cap_mint(secret, request, now, ttl, null_mut(), size, &mut length) }
    };
    let mut with_form_error = members.clone();
    with_form_error.push((r#""x":1"#, "", Status::InvalidRequest));
    assert_eq!(
        call(&request(&with_form_error), -1, 0, 1),
        Status::InvalidRequest
    );
    for index in 0..members.len() {
        assert_eq!(
            call(&request(&members), -1, 0, 1),
            members[index].2,
            "{index}"
        );
        members[index].0 = members[index].1;
    }
    let request = request(&members);
    assert_eq!(call(&request, -1, 0, 1), Status::InvalidTime);
    assert_eq!(call(&request, NOW, 0, 1), Status::InvalidTtl);
    assert_eq!(call(&request, NOW, 60, 1), Status::NullArgument);
    assert_eq!(call(&request, NOW, 60, 0), Status::BufferTooSmall);
}
