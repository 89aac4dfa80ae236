//! What an access token says, byte by byte.

#![expect(unsafe_code, reason = "the functions are C's")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "support/handle.rs"]
mod handle;
#[path = "support/token.rs"]
mod token;

use handle::{Handle, verify};
use token::{parts, sign};

const NOW: i64 = 1_400_000_000;

const HEADER: &str = r#"{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1"}"#;

fn access() -> Handle {
    Handle::access("AC123", "SK456", "secret").unwrap()
}

/// Asserts what follows `exp` in the payload, between the claims that are always there.
#[track_caller]
fn assert_says(handle: &Handle, expected: &str) {
    let payload = format!(
        r#"{{"jti":"SK456-1400000000","iss":"SK456","sub":"AC123","exp":1400003600,{expected}}}"#
    );
    assert_payload(handle, &payload);
}

#[track_caller]
fn assert_payload(handle: &Handle, payload: &str) {
    let token = handle.generate_at(NOW, 3600).unwrap();
    assert_eq!(parts(&token), [HEADER, payload]);
    assert_eq!(token, sign(HEADER.as_bytes(), payload.as_bytes(), "secret"));
    assert_eq!(verify(&token, "secret", NOW).unwrap(), payload);
}

#[test]
fn a_token_that_grants_nothing_says_so() {
    assert_says(&access(), r#""grants":{}"#);
}

#[test]
fn incoming_calls_are_an_identity_and_a_voice_grant() {
    let mut handle = access();
    handle.allow_incoming("alice").unwrap();
    assert_says(
        &handle,
        r#""grants":{"identity":"alice","voice":{"incoming":{"allow":true}}}"#,
    );
    handle.allow_incoming("bob").unwrap();
    assert_says(
        &handle,
        r#""grants":{"identity":"bob","voice":{"incoming":{"allow":true}}}"#,
    );
}
