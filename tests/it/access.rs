//! Access tokens, byte by byte: the header, the claims and each grant.

use captoken::ffi::Status;
use serde_json::Value;

use crate::support::safe_handle::{Handle, verify};
use crate::support::token::{ACCESS_HEADER, parts, signed_parts};

const NOW: i64 = 1_400_000_000;

fn access() -> Handle {
    Handle::access("AC123", "SK456", "secret").unwrap()
}

/// The header and the payload of a token; checks signature and expiry.
fn header_and_payload(handle: &Handle) -> [String; 2] {
    let token = handle.generate_at(NOW, 3600).unwrap();
    let [header, payload] = signed_parts(&token, "secret");
    assert_eq!(verify(&token, "secret", NOW + 3599).unwrap(), payload);
    let expired = verify(&token, "secret", NOW + 3600);
    assert_eq!(expired, Err(Status::TokenExpired));
    [header, payload]
}

#[track_caller]
fn assert_payload(handle: &Handle, payload: &str) {
    assert_eq!(header_and_payload(handle), [ACCESS_HEADER, payload]);
}

#[track_caller]
fn assert_grants(handle: &Handle, grants: &str) {
    let claims = r#""jti":"SK456-1400000000","iss":"SK456","sub":"AC123","exp":1400003600"#;
    assert_payload(handle, &format!(r#"{{{claims},"grants":{{{grants}}}}}"#));
}

#[test]
fn empty_token_has_empty_grants() {
    assert_grants(&access(), "");
}

#[test]
fn allow_incoming_sets_identity_and_grant() {
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
fn client_name_is_only_an_identity() {
    let mut handle = access();
    handle.set_client_name("alice").unwrap();
    assert_grants(&handle, r#""identity":"alice""#);
}

#[test]
fn last_client_name_is_the_identity() {
    let mut handle = access();
    let incoming = r#""voice":{"incoming":{"allow":true}}"#;
    handle.set_client_name("alice").unwrap();
    handle.allow_incoming("bob").unwrap();
    assert_grants(&handle, &format!(r#""identity":"bob",{incoming}"#));
    handle.set_client_name("carol").unwrap();
    assert_grants(&handle, &format!(r#""identity":"carol",{incoming}"#));
    // Failed calls change nothing.
    assert_eq!(handle.allow_incoming(""), Err(Status::EmptyArgument));
    assert_eq!(handle.set_client_name(""), Err(Status::EmptyArgument));
    assert_grants(&handle, &format!(r#""identity":"carol",{incoming}"#));
}

#[test]
fn outgoing_has_application_and_params() {
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
    // The same key again keeps the place and changes the value.
    handle.add_outgoing_param("b", "4").unwrap();
    assert_grants(&handle, &format!(r#"{before}"b":"4",{rest}"#));

    // A new application starts without parameters.
    handle.allow_outgoing("AP2").unwrap();
    assert_grants(&handle, r#""voice":{"outgoing":{"application_sid":"AP2"}}"#);
}

#[test]
fn push_credential_is_in_the_voice_grant() {
    let mut handle = access();
    for sid in ["CR1", "CR2"] {
        handle.set_push_credential(sid).unwrap();
        let voice = format!(r#""voice":{{"push_credential_sid":"{sid}"}}"#);
        assert_grants(&handle, &voice);
    }
}

#[test]
fn region_is_only_in_the_header() {
    let mut handle = access();
    let [_, without] = header_and_payload(&handle);
    for (region, spelled) in [("ie1", "ie1"), ("a\"é", r#"a\"\u00e9"#)] {
        handle.set_region(region).unwrap();
        let header =
            format!(r#"{{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1","twr":"{spelled}"}}"#);
        assert_eq!(header_and_payload(&handle), [header, without.clone()]);
    }
}

/// The fields are those that Twilio's libraries write; `sdk_live::access` compares them.
#[test]
fn grants_are_written_under_their_names() {
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
        ("a future grant \"", "{}"),
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
fn grants_are_compact_and_keep_their_place() {
    let mut handle = access();
    handle
        .add_grant("chat", " { \"b\" : [ 1.50 , \"é/\" ] , \"b\" : -0 } ")
        .unwrap();
    handle.add_grant("video", "{}").unwrap();
    let chat = r#""chat":{"b":[1.50,"\u00e9/"],"b":-0}"#;
    assert_grants(&handle, &format!(r#"{chat},"video":{{}}"#));
    // Refused grants change nothing.
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
    // Names are case-sensitive.
    handle.add_grant("Voice", "{}").unwrap();
    handle.add_grant("chat", r#"{"c":2}"#).unwrap();
    assert_grants(&handle, r#""chat":{"c":2},"video":{},"Voice":{}"#);

    // The deepest valid grant can also be verified.
    handle.add_grant("chat", &deep(127)).unwrap();
    assert_grants(
        &handle,
        &format!(r#""chat":{},"video":{{}},"Voice":{{}}"#, deep(127)),
    );
}

#[test]
fn members_have_a_fixed_order() {
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
fn claims_cannot_use_reserved_names() {
    let mut handle = access();
    for name in ["scope", "iss", "exp", "nbf", "iat", "jti", "sub", "grants"] {
        assert_eq!(handle.add_claim(name, "1"), Err(Status::ReservedName));
    }
    assert_grants(&handle, "");
    // The last three are not reserved in a capability token.
    let mut capability = Handle::new("AC123", "secret").unwrap();
    for name in ["jti", "sub", "grants"] {
        capability.add_claim(name, "1").unwrap();
    }
}

#[test]
fn sids_may_be_any_string() {
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

/// Without it, tokens minted at different times could be equal, if they expire together.
#[test]
fn jti_contains_the_time() {
    for (now, ttl) in [(0, 86_400), (1 << 31, 1), (9_007_199_254_740_990, 1)] {
        let token = access().generate_at(now, ttl).unwrap();
        let [_, payload] = parts(&token);
        let claims: Value = serde_json::from_str(&payload).unwrap();
        assert_eq!(claims["jti"], format!("SK456-{now}"));
        assert_eq!(claims["exp"], now + ttl);
    }
}
