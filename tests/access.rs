//! What an access token says, byte by byte, whatever it grants.

#![expect(unsafe_code, reason = "the functions are C's")]
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use captoken::ffi::Status;
use serde_json::Value;

#[path = "support/handle.rs"]
mod handle;
#[path = "support/token.rs"]
mod token;

use handle::{Handle, verify};
use token::{ACCESS_HEADER, parts, signed_parts};

const NOW: i64 = 1_400_000_000;

fn access() -> Handle {
    Handle::access("AC123", "SK456", "secret").unwrap()
}

/// What the token of a handle says, whose form and signature are verified.
fn said(handle: &Handle) -> [String; 2] {
    let token = handle.generate_at(NOW, 3600).unwrap();
    let [header, payload] = signed_parts(&token, "secret");
    assert_eq!(verify(&token, "secret", NOW + 3599).unwrap(), payload);
    let expired = verify(&token, "secret", NOW + 3600);
    assert_eq!(expired, Err(Status::TokenExpired));
    [header, payload]
}

#[track_caller]
fn assert_payload(handle: &Handle, payload: &str) {
    assert_eq!(said(handle), [ACCESS_HEADER, payload]);
}

#[track_caller]
fn assert_grants(handle: &Handle, grants: &str) {
    let claims = r#""jti":"SK456-1400000000","iss":"SK456","sub":"AC123","exp":1400003600"#;
    assert_payload(handle, &format!(r#"{{{claims},"grants":{{{grants}}}}}"#));
}

#[test]
fn a_token_that_grants_nothing_says_so() {
    assert_grants(&access(), "");
}

#[test]
fn who_may_be_called_has_an_identity_and_incoming_calls() {
    let mut handle = access();
    handle.allow_incoming("alice").unwrap();
    assert_grants(
        &handle,
        r#""identity":"alice","voice":{"incoming":{"allow":true}}"#,
    );
    handle.allow_incoming("bob").unwrap();
    assert_grants(
        &handle,
        r#""identity":"bob","voice":{"incoming":{"allow":true}}"#,
    );
}

#[test]
fn a_client_name_is_the_identity_and_allows_nothing() {
    let mut handle = access();
    handle.set_client_name("alice").unwrap();
    assert_grants(&handle, r#""identity":"alice""#);
}

#[test]
fn the_identity_is_the_name_that_was_set_last() {
    let mut handle = access();
    let incoming = r#""voice":{"incoming":{"allow":true}}"#;
    handle.set_client_name("alice").unwrap();
    handle.allow_incoming("bob").unwrap();
    assert_grants(&handle, &format!(r#""identity":"bob",{incoming}"#));
    handle.set_client_name("carol").unwrap();
    assert_grants(&handle, &format!(r#""identity":"carol",{incoming}"#));
    // A call that fails decides nothing.
    assert_eq!(handle.allow_incoming(""), Err(Status::EmptyArgument));
    assert_eq!(handle.set_client_name(""), Err(Status::EmptyArgument));
    assert_grants(&handle, &format!(r#""identity":"carol",{incoming}"#));
}

#[test]
fn outgoing_calls_are_an_application_and_its_parameters() {
    let mut handle = access();
    let missing = handle.add_outgoing_param("a", "1");
    assert_eq!(missing, Err(Status::MissingScope));
    handle.allow_outgoing("AP1").unwrap();
    assert_grants(&handle, r#""voice":{"outgoing":{"application_sid":"AP1"}}"#);

    for (key, value) in [("b", "1"), ("2", ""), ("", "é \"\\/\n+&=%😀"), ("b c", "3")] {
        handle.add_outgoing_param(key, value).unwrap();
    }
    let rest = r#""2":"","":"\u00e9 \"\\/\n+&=%\ud83d\ude00","b c":"3"}}}"#;
    let before = r#""voice":{"outgoing":{"application_sid":"AP1","params":{"#;
    assert_grants(&handle, &format!(r#"{before}"b":"1",{rest}"#));
    // Again: the same place, and the new value.
    handle.add_outgoing_param("b", "4").unwrap();
    assert_grants(&handle, &format!(r#"{before}"b":"4",{rest}"#));

    // Another application has no parameters yet.
    handle.allow_outgoing("AP2").unwrap();
    assert_grants(&handle, r#""voice":{"outgoing":{"application_sid":"AP2"}}"#);
}

#[test]
fn a_push_credential_is_part_of_the_voice_grant() {
    let mut handle = access();
    for sid in ["CR1", "CR2"] {
        handle.set_push_credential(sid).unwrap();
        let voice = format!(r#""voice":{{"push_credential_sid":"{sid}"}}"#);
        assert_grants(&handle, &voice);
    }
}

#[test]
fn a_region_is_in_the_header_and_nowhere_else() {
    let mut handle = access();
    let [_, without] = said(&handle);
    for (region, spelled) in [("ie1", "ie1"), ("a\"é", r#"a\"\u00e9"#)] {
        handle.set_region(region).unwrap();
        let header =
            format!(r#"{{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1","twr":"{spelled}"}}"#);
        assert_eq!(said(&handle), [header, without.clone()]);
    }
}

/// The fields are those of the grants in Twilio's own libraries, with which
/// tests/interop.rs compares them.
#[test]
fn every_grant_stands_under_its_name_as_it_was_given() {
    let grants = [
        ("video", r#"{"room":"standup"}"#),
        (
            "chat",
            r#"{"service_sid":"IS1","endpoint_id":"e","deployment_role_sid":"RL1","push_credential_sid":"CR1"}"#,
        ),
        ("data_sync", r#"{"service_sid":"IS2","endpoint_id":"e"}"#),
        (
            "task_router",
            r#"{"workspace_sid":"WS1","worker_sid":"WK1","role":"worker"}"#,
        ),
        (
            "player",
            r#"{"requestCredentials":null,"playbackUrl":"https://example.com/a?b=c","playerStreamerSid":"VJ1"}"#,
        ),
        ("a grant to come \"", "{}"),
    ];
    let mut all = access();
    let mut expected = Vec::new();
    for (name, json) in grants {
        let mut alone = access();
        alone.add_grant(name, json).unwrap();
        let grant = format!("{}:{json}", Value::from(name));
        assert_grants(&alone, &grant);
        all.add_grant(name, json).unwrap();
        expected.push(grant);
    }
    assert_grants(&all, &expected.join(","));
}

#[test]
fn a_grant_is_compact_json_that_keeps_its_place() {
    let mut handle = access();
    handle
        .add_grant("chat", " { \"b\" : [ 1.50 , \"é/\" ] , \"b\" : -0 } ")
        .unwrap();
    handle.add_grant("video", "{}").unwrap();
    let chat = r#""chat":{"b":[1.50,"\u00e9/"],"b":-0}"#;
    assert_grants(&handle, &format!(r#"{chat},"video":{{}}"#));
    // What is refused changes nothing.
    let deep = |depth| {
        format!(
            "{}{}",
            r#"{"a":"#.repeat(depth - 1) + "{",
            "}".repeat(depth)
        )
    };
    for json in [
        "",
        " ",
        "null",
        "[]",
        "[{}]",
        "1",
        "\"{}\"",
        "{",
        "{}{}",
        "{},",
        &deep(128),
    ] {
        for name in ["chat", "other"] {
            assert_eq!(
                handle.add_grant(name, json),
                Err(Status::InvalidJson),
                "{json}"
            );
        }
    }
    for name in ["identity", "voice"] {
        assert_eq!(handle.add_grant(name, "{}"), Err(Status::ReservedName));
    }
    assert_grants(&handle, &format!(r#"{chat},"video":{{}}"#));
    // Names are told apart by each byte.
    handle.add_grant("Voice", "{}").unwrap();
    handle.add_grant("chat", r#"{"c":2}"#).unwrap();
    assert_grants(&handle, r#""chat":{"c":2},"video":{},"Voice":{}"#);

    // As deep as it may be, it can be checked, too.
    handle.add_grant("chat", &deep(127)).unwrap();
    assert_grants(
        &handle,
        &format!(r#""chat":{},"video":{{}},"Voice":{{}}"#, deep(127)),
    );
}

#[test]
fn everything_stands_in_one_order_whatever_the_order_of_the_calls() {
    let mut handle = access();
    handle.add_grant("video", r#"{"room":"r"}"#).unwrap();
    handle.set_push_credential("CR1").unwrap();
    handle.set_not_before(NOW - 60).unwrap();
    handle.allow_outgoing("AP1").unwrap();
    handle.add_outgoing_param("k", "v").unwrap();
    handle.add_claim("user", "42").unwrap();
    handle.add_grant("chat", "{}").unwrap();
    handle.allow_incoming("alice").unwrap();
    handle.add_claim("a", "[]").unwrap();
    assert_payload(
        &handle,
        concat!(
            r#"{"user":42,"a":[],"jti":"SK456-1400000000","iss":"SK456","sub":"AC123","#,
            r#""exp":1400003600,"nbf":1399999940,"grants":{"identity":"alice","#,
            r#""voice":{"incoming":{"allow":true},"#,
            r#""outgoing":{"application_sid":"AP1","params":{"k":"v"}},"#,
            r#""push_credential_sid":"CR1"},"video":{"room":"r"},"chat":{}}}"#
        ),
    );
}

#[test]
fn a_claim_cannot_have_the_name_of_one_that_an_access_token_has() {
    let mut handle = access();
    for name in ["scope", "iss", "exp", "nbf", "iat", "jti", "sub", "grants"] {
        assert_eq!(handle.add_claim(name, "1"), Err(Status::ReservedName));
    }
    assert_grants(&handle, "");
    // A capability token has none of the last three, so that a program may add them.
    let mut capability = Handle::new("AC123", "secret").unwrap();
    for name in ["jti", "sub", "grants"] {
        capability.add_claim(name, "1").unwrap();
    }
}

#[test]
fn sids_of_any_text_arrive() {
    let sid = "é\"\\😀\u{1} \u{7f}-";
    for (sid, spelled) in [
        (
            sid,
            r#"\u00e9\"\\\ud83d\ude00\u0001 "#.to_owned() + "\u{7f}-",
        ),
        ("\"", r#"\""#.to_owned()),
        ("\\", r"\\".to_owned()),
    ] {
        let handle = Handle::access(sid, sid, "secret").unwrap();
        assert_payload(
            &handle,
            &format!(
                r#"{{"jti":"{spelled}-1400000000","iss":"{spelled}","sub":"{spelled}","exp":1400003600,"grants":{{}}}}"#
            ),
        );
    }
}

/// The identifier is all that differs between two tokens besides the expiry, which a
/// time to live can make the same.
#[test]
fn the_identifier_says_when_the_token_was_made() {
    for (now, ttl) in [(0, 86_400), (1 << 31, 1), (9_007_199_254_740_990, 1)] {
        let token = access().generate_at(now, ttl).unwrap();
        let [_, payload] = parts(&token);
        let claims: Value = serde_json::from_str(&payload).unwrap();
        assert_eq!(claims["jti"], format!("SK456-{now}"));
        assert_eq!(claims["exp"], now + ttl);
    }
}
