//! The same of access tokens.

use std::ptr;

use captoken::ffi::*;
use serde_json::{Value, json};

use crate::handle::{Handle, verify};
use crate::token::parts;
use crate::{NOW, assert_has_nbf_on_request, assert_takes_claims_but};

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

/// twilio-go's `CreateAccessToken` takes `Max(ttl, 3600)`: never less than an hour.
#[test]
fn a_short_time_to_live_stays_short() {
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
fn the_header_says_what_kind_of_token_it_is() {
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
fn the_header_is_ascii_and_no_character_of_a_region_is_lost() {
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
fn the_identity_is_a_text_whatever_it_is() {
    for identity in ["0", "7", "false", "null", " ", "é"] {
        let mut handle = access();
        handle.set_client_name(identity).unwrap();
        assert_eq!(grants(&handle), json!({"identity": identity}));
    }
}

#[test]
fn incoming_calls_are_for_an_identity_and_other_grants_need_none() {
    let mut handle = access();
    assert_eq!(handle.allow_incoming(""), Err(Status::EmptyArgument));
    // SAFETY: a handle, and no text.
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

/// A list of names from 0 on would be an array in PHP.
#[test]
fn the_parameters_of_a_call_are_an_object_or_not_there() {
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
fn a_grant_is_an_object() {
    let mut handle = access();
    for json in ["null", "[]", "\"{}\"", "true", ""] {
        let status = handle.add_grant("player", json).unwrap_err();
        assert_eq!(status, Status::InvalidJson, "{json}");
    }
    handle.add_grant("player", "{}").unwrap();
    assert_eq!(grants(&handle), json!({"player": {}}));
}

#[test]
fn a_grant_for_one_is_none_for_the_next() {
    let mut first = access();
    first.add_grant("video", r#"{"room":"a"}"#).unwrap();
    let second = access();
    first.add_grant("chat", "{}").unwrap();
    assert_eq!(grants(&first).as_object().unwrap().len(), 2);
    assert_eq!(grants(&second), json!({}));
}

/// Where the clock that minted is ahead of Twilio's, `nbf` makes a token fail.
#[test]
fn an_access_token_has_no_nbf_unasked_and_no_iat() {
    let without = ["exp", "grants", "iss", "jti", "sub"];
    assert_has_nbf_on_request(access(), claims, &without);
}

#[test]
fn an_access_token_can_expire_at_a_chosen_time() {
    let expiry = 1_795_269_600;
    for ttl in [1, 3600, 86_400] {
        let token = access().generate_at(expiry - ttl, ttl).unwrap();
        assert!(verify(&token, "secret", expiry - 1).is_ok());
        assert_eq!(verify(&token, "secret", expiry), Err(Status::TokenExpired));
    }
}

#[test]
fn an_access_token_needs_all_of_its_credentials() {
    for credentials in [
        ["", "SK1", "secret"],
        ["AC1", "", "secret"],
        ["AC1", "SK1", ""],
    ] {
        let [account_sid, api_key_sid, api_key_secret] = credentials;
        let handle = Handle::access(account_sid, api_key_sid, api_key_secret);
        assert_eq!(handle.err(), Some(Status::EmptyArgument), "{credentials:?}");
    }
    let texts = [c"AC1", c"SK1", c"secret"].map(|text| text.as_ptr());
    for missing in 0..texts.len() {
        let mut given = texts;
        given[missing] = ptr::null();
        let mut token = ptr::null_mut();
        // SAFETY: texts or NULL, and a place for the handle.
        let status = unsafe { cap_new_access(given[0], given[1], given[2], &mut token) };
        assert_eq!(status, Status::NullArgument, "{missing}");
        assert!(token.is_null());
    }
}

#[test]
fn a_program_may_add_claims_to_an_access_token_but_not_the_library_s() {
    let reserved = ["jti", "iss", "sub", "exp", "nbf", "iat", "grants", "scope"];
    assert_takes_claims_but(&reserved, access(), claims);
}

#[test]
fn a_push_credential_is_part_of_what_calls_need() {
    let mut handle = access();
    handle.allow_incoming("alice").unwrap();
    handle.set_push_credential("CR123").unwrap();
    assert_eq!(
        grants(&handle)["voice"],
        json!({"incoming": {"allow": true}, "push_credential_sid": "CR123"})
    );
}
