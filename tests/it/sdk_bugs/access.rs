//! Regression tests for access tokens.

use std::ptr;

use captoken::ffi::*;
use serde_json::{Value, json};

use super::{NOW, assert_has_nbf_on_request, assert_reserves};
use crate::support::safe_handle::{Handle, verify};
use crate::support::token::parts;

pub(crate) fn access() -> Handle {
    Handle::access("AC123123", "SK456456", "secret").unwrap()
}

fn claims(handle: &Handle) -> Value {
    let token = handle.generate_at(NOW, 3600).unwrap();
    serde_json::from_str(&verify(&token, "secret", NOW).unwrap()).unwrap()
}

fn grants(handle: &Handle) -> Value {
    claims(handle)["grants"].clone()
}

/// twilio-go's `CreateAccessToken` uses `Max(ttl, 3600)`.
#[test]
fn short_ttl_stays_short() {
    for ttl in [1, 60, 3599] {
        let token = access().generate_at(NOW, ttl).unwrap();
        assert!(verify(&token, "secret", NOW + ttl - 1).is_ok());
        assert_eq!(
            verify(&token, "secret", NOW + ttl),
            Err(Status::TokenExpired)
        );
    }
}

/// danielberkompas/ex_twilio#67: `'cty' must be one of [twilio-fpa;v=1, …], is null`.
#[test]
fn header_has_cty_with_every_region() {
    let mut handle = access();
    let header = |handle: &Handle| -> Value {
        let [header, _] = parts(&handle.generate_at(NOW, 3600).unwrap());
        serde_json::from_str(&header).unwrap()
    };
    let mut expected = json!({"typ": "JWT", "alg": "HS256", "cty": "twilio-fpa;v=1"});
    assert_eq!(header(&handle), expected);
    for region in ["ie1", "au1"] {
        handle.set_region(region).unwrap();
        expected["twr"] = region.into();
        assert_eq!(header(&handle), expected);
    }
}

#[test]
fn header_is_ascii_and_keeps_the_region() {
    for region in ["île", "日本", "😀"] {
        let mut handle = access();
        handle.set_region(region).unwrap();
        let token = handle.generate_at(NOW, 3600).unwrap();
        let [header, _] = parts(&token);
        assert!(header.is_ascii());
        let header: Value = serde_json::from_str(&header).unwrap();
        assert_eq!(header["twr"], region);
        assert!(verify(&token, "secret", NOW).is_ok());
    }
}

#[test]
fn identity_is_always_a_string() {
    for identity in ["0", "7", "false", "null", " ", "é"] {
        let mut handle = access();
        handle.set_client_name(identity).unwrap();
        assert_eq!(grants(&handle), json!({"identity": identity}));
    }
}

#[test]
fn only_incoming_calls_need_an_identity() {
    let mut handle = access();
    assert_eq!(handle.allow_incoming(""), Err(Status::EmptyArgument));
    // SAFETY: a handle, and NULL for the string.
    let status = unsafe { cap_allow_incoming(handle.0, ptr::null()) };
    assert_eq!(status, Status::NullArgument);
    handle.add_grant("video", r#"{"room":"a"}"#).unwrap();
    assert_eq!(grants(&handle), json!({"video": {"room": "a"}}));
    handle.allow_incoming("alice").unwrap();
    assert_eq!(
        grants(&handle),
        json!({
            "identity": "alice",
            "voice": {"incoming": {"allow": true}},
            "video": {"room": "a"},
        })
    );
}

/// PHP writes an array with the keys 0 and 1 as a JSON array.
#[test]
fn params_are_an_object_or_absent() {
    let mut handle = access();
    handle.allow_outgoing("AP123").unwrap();
    let outgoing = |handle: &Handle| grants(handle)["voice"]["outgoing"].clone();
    assert_eq!(outgoing(&handle), json!({"application_sid": "AP123"}));
    for (key, value) in [("0", "a"), ("1", "b"), ("0", "c")] {
        handle.add_outgoing_param(key, value).unwrap();
    }
    assert_eq!(outgoing(&handle)["params"], json!({"0": "c", "1": "b"}));
}

#[test]
fn parameters_need_an_application() {
    let mut handle = access();
    handle.allow_incoming("alice").unwrap();
    assert_eq!(
        handle.add_outgoing_param("a", "1"),
        Err(Status::MissingScope)
    );
}

#[test]
fn grants_must_be_objects() {
    let mut handle = access();
    for json in ["null", "[]", "\"{}\"", "true", ""] {
        let status = handle.add_grant("player", json).unwrap_err();
        assert_eq!(status, Status::InvalidJson, "{json}");
    }
    handle.add_grant("player", "{}").unwrap();
    assert_eq!(grants(&handle), json!({"player": {}}));
}

#[test]
fn grants_stay_with_their_handle() {
    let mut first = access();
    first.add_grant("video", r#"{"room":"a"}"#).unwrap();
    let second = access();
    first.add_grant("chat", "{}").unwrap();
    assert_eq!(grants(&first).as_object().unwrap().len(), 2);
    assert_eq!(grants(&second), json!({}));
}

/// If the clock that minted is ahead of Twilio's, `nbf` makes Twilio refuse the token.
#[test]
fn access_nbf_is_optional_and_iat_absent() {
    let without = ["exp", "grants", "iss", "jti", "sub"];
    assert_has_nbf_on_request(access(), claims, &without);
}

#[test]
fn access_token_expiry_can_be_chosen() {
    let expiry = 1_795_269_600;
    for ttl in [1, 3600, 86_400] {
        let token = access().generate_at(expiry - ttl, ttl).unwrap();
        assert!(verify(&token, "secret", expiry - 1).is_ok());
        assert_eq!(verify(&token, "secret", expiry), Err(Status::TokenExpired));
    }
}

#[test]
fn access_tokens_need_all_credentials() {
    for credentials in [
        ["", "SK1", "secret"],
        ["AC1", "", "secret"],
        ["AC1", "SK1", ""],
    ] {
        let [account_sid, api_key_sid, api_key_secret] = credentials;
        let handle = Handle::access(account_sid, api_key_sid, api_key_secret);
        assert_eq!(handle.err(), Some(Status::EmptyArgument), "{credentials:?}");
    }
    let strings = [c"AC1", c"SK1", c"secret"].map(|string| string.as_ptr());
    for missing in 0..strings.len() {
        let mut given = strings;
        given[missing] = ptr::null();
        let mut token = ptr::null_mut();
        // SAFETY: strings or NULL, and a valid `out`.
        let status = unsafe { cap_new_access(given[0], given[1], given[2], &mut token) };
        assert_eq!(status, Status::NullArgument, "{missing}");
        assert!(token.is_null());
    }
}

#[test]
fn access_claims_cannot_use_reserved_names() {
    let reserved = ["jti", "iss", "sub", "exp", "nbf", "iat", "grants", "scope"];
    assert_reserves(&reserved, access(), claims);
}

#[test]
fn push_credential_joins_the_voice_grant() {
    let mut handle = access();
    handle.allow_incoming("alice").unwrap();
    handle.set_push_credential("CR123").unwrap();
    assert_eq!(
        grants(&handle)["voice"],
        json!({"incoming": {"allow": true}, "push_credential_sid": "CR123"})
    );
}
