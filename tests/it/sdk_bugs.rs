//! Regression tests for bugs of Twilio's libraries: each test backs a row of the tables in
//! docs/compatibility.md.

#![cfg(not(miri))]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::ptr::null;

use captoken::ffi::*;
use serde_json::{Value, json};
use sha2::{Sha384, Sha512};

mod access;

use crate::support::configure_lock::lock_defaults;
use crate::support::document::{document, spans};
use crate::support::safe_handle::{Handle, verify};
use crate::support::scope::{Scope, pairs, scopes};
use crate::support::token::{HEADER, decode, sign, sign_by};
use access::access;

const NOW: i64 = 1_400_000_000;

fn handle() -> Handle {
    Handle::new("AC123123", "secret").unwrap()
}

fn claims(handle: &Handle) -> Value {
    decode(&handle.generate_at(NOW, 3600).unwrap(), "secret")
}

fn scope_claim(handle: &Handle) -> String {
    claims(handle)["scope"].as_str().unwrap().to_owned()
}

/// The scope of a token that allows only outgoing calls, with these parameters.
fn outgoing(params: &[(&str, &str)]) -> Scope {
    let mut handle = handle();
    handle.allow_outgoing("AP123").unwrap();
    for (key, value) in params {
        handle.add_outgoing_param(key, value).unwrap();
    }
    let [scope] = scopes(&claims(&handle)).try_into().unwrap();
    scope
}

#[test]
fn string_never_becomes_a_second_parameter() {
    for params in [
        &[("note", "a&admin=1")][..],
        &[("note&admin=1", "a")],
        &[("a", "1"), ("b", "2")],
        &[("a", "1&b=2"), ("c", "=&=")],
    ] {
        let scope = outgoing(params);
        assert_eq!(scope.query, pairs(&[("appSid", "AP123")]));
        assert_eq!(scope.params, pairs(params));
    }
}

#[test]
fn string_never_becomes_a_second_scope() {
    let name = "alice scope:client:outgoing?appSid=AP666&clientName=x";
    let mut handle = handle();
    handle.allow_incoming(name).unwrap();
    handle.allow_outgoing("AP&x=1").unwrap();
    let [incoming, outgoing] = scopes(&claims(&handle)).try_into().unwrap();
    assert_eq!(incoming.query, pairs(&[("clientName", name)]));
    assert_eq!(
        outgoing.query,
        pairs(&[("appSid", "AP&x=1"), ("clientName", name)])
    );
}

#[test]
fn plus_and_percent_arrive_unchanged() {
    let params = [
        ("To", "+14155551234"),
        ("a", "%41"),
        ("b", "100%"),
        ("c d", "+ %20"),
    ];
    assert_eq!(outgoing(&params).params, pairs(&params));
}

/// Only form decoders read `+` as a space. The browser client of these tokens uses
/// decodeURIComponent, which does not.
#[test]
fn spaces_are_encoded_as_percent_20() {
    let mut handle = handle();
    handle.allow_incoming("Alice Smith").unwrap();
    handle.allow_outgoing("AP 1").unwrap();
    handle.add_outgoing_param("a b", "c d").unwrap();
    assert!(!scope_claim(&handle).contains('+'));
    let [_, outgoing] = scopes(&claims(&handle)).try_into().unwrap();
    assert_eq!(
        outgoing.query,
        pairs(&[("appSid", "AP 1"), ("clientName", "Alice Smith")])
    );
    assert_eq!(outgoing.params, pairs(&[("a b", "c d")]));
}

#[test]
fn permissions_do_not_accumulate() {
    let mut handle = handle();
    let mut lengths = BTreeSet::new();
    for round in 0..1000 {
        handle.allow_incoming(&format!("a{round:04}")).unwrap();
        handle.allow_outgoing("AP123").unwrap();
        handle
            .add_outgoing_param("round", &format!("{round:04}"))
            .unwrap();
        handle.allow_event_stream().unwrap();
        handle
            .add_event_filter("round", &format!("{round:04}"))
            .unwrap();
        handle
            .add_claim("round", &format!("\"{round:04}\""))
            .unwrap();
        lengths.insert(handle.generate_at(NOW, 3600).unwrap().len());
    }
    assert_eq!(lengths.len(), 1);
    assert_eq!(scopes(&claims(&handle)).len(), 3);
}

#[test]
fn generating_again_gives_the_same_token() {
    let mut handle = handle();
    handle.allow_incoming("alice").unwrap();
    handle.allow_outgoing("AP123").unwrap();
    let first = handle.generate_at(NOW, 3600).unwrap();
    assert_eq!(handle.generate_at(NOW, 3600).unwrap(), first);
    // Each token has its own expiry.
    let next = decode(&handle.generate_at(NOW + 60, 3600).unwrap(), "secret");
    assert_eq!(next["exp"], NOW + 3660);
}

#[test]
fn expiry_can_be_chosen() {
    let expiry = 1_795_269_600;
    for ttl in [1, 3600, 86_400] {
        let token = handle().generate_at(expiry - ttl, ttl).unwrap();
        assert_eq!(decode(&token, "secret")["exp"], expiry);
        // Valid at any earlier time, because the token has no `nbf`.
        assert!(verify(&token, "secret", 0).is_ok());
    }
}

#[test]
fn expiry_after_2038_is_right() {
    for now in [i32::MAX.into(), u32::MAX.into(), 99_999_999_999_i64] {
        let token = handle().generate_at(now, 86_400).unwrap();
        assert_eq!(decode(&token, "secret")["exp"], now + 86_400);
        assert!(verify(&token, "secret", now + 86_399).is_ok());
        assert_eq!(
            verify(&token, "secret", now + 86_400),
            Err(Status::TokenExpired)
        );
    }
}

/// Twilio refuses a fraction: `invalid literal for int() with base 10`.
#[test]
fn exp_is_an_integer() {
    let mut handle = handle();
    handle.set_not_before(NOW).unwrap();
    let claims = claims(&handle);
    assert!(claims["exp"].is_i64() && claims["nbf"].is_i64());
}

/// Twilio refuses more than a day (error 20157); twilio-go, -python and -node mint it.
#[test]
fn ttl_that_twilio_refuses_is_refused() {
    for ttl in [0, -1, -3600, 86_401, 90_000, 2_147_484, i64::MAX] {
        for handle in [handle(), access()] {
            assert_eq!(handle.generate_at(NOW, ttl), Err(Status::InvalidTtl));
        }
    }
}

#[test]
fn event_filters_arrive_under_params() {
    let filters = [("a", "1"), ("b", "2 & 3"), ("a", "+")];
    let mut handle = handle();
    handle.allow_event_stream().unwrap();
    for (key, value) in filters {
        handle.add_event_filter(key, value).unwrap();
    }
    let [events] = scopes(&claims(&handle)).try_into().unwrap();
    assert_eq!(events.name, "scope:stream:subscribe");
    assert_eq!(events.query, pairs(&[("path", "/2010-04-01/Events")]));
    assert_eq!(events.params, pairs(&filters));
    assert!(
        scope_claim(&handle).contains("&params=") && !scope_claim(&handle).contains("appParams")
    );
}

#[test]
fn any_client_name_is_on_outgoing_calls() {
    for name in ["0", "false", "null", " ", "é"] {
        let mut handle = handle();
        handle.allow_incoming(name).unwrap();
        handle.allow_outgoing("AP123").unwrap();
        let [_, outgoing] = scopes(&claims(&handle)).try_into().unwrap();
        assert_eq!(
            outgoing.query,
            pairs(&[("appSid", "AP123"), ("clientName", name)])
        );
    }
}

#[test]
fn client_name_is_only_on_call_scopes() {
    let mut handle = handle();
    handle.allow_event_stream().unwrap();
    handle.allow_incoming("alice").unwrap();
    handle.allow_outgoing("AP123").unwrap();
    let [incoming, _, events] = scopes(&claims(&handle)).try_into().unwrap();
    assert_eq!(incoming.query, pairs(&[("clientName", "alice")]));
    assert_eq!(events.query, pairs(&[("path", "/2010-04-01/Events")]));
}

#[test]
fn client_name_needs_no_incoming_calls() {
    let mut handle = handle();
    handle.allow_outgoing("AP123").unwrap();
    handle.set_client_name("alice").unwrap();
    let [outgoing] = scopes(&claims(&handle)).try_into().unwrap();
    assert_eq!(outgoing.name, "scope:client:outgoing");
    assert_eq!(
        outgoing.query,
        pairs(&[("appSid", "AP123"), ("clientName", "alice")])
    );
}

#[test]
fn parameters_keep_their_order_and_may_repeat() {
    let params = [("b", "1"), ("2", "x"), ("1", "y"), ("b", "0"), ("b", "1")];
    assert_eq!(outgoing(&params).params, pairs(&params));
}

#[test]
fn parameters_may_have_any_name() {
    let params = [
        ("application_sid", "1"),
        ("self", "2"),
        ("appParams", "3"),
        ("appSid", "4"),
        ("clientName", "5"),
        ("", "6"),
        ("é😀", "7"),
        ("__proto__", "8"),
        ("k[0]", "9"),
    ];
    let scope = outgoing(&params);
    assert_eq!(scope.query, pairs(&[("appSid", "AP123")]));
    assert_eq!(scope.params, pairs(&params));
}

#[test]
fn no_parameters_write_no_app_params() {
    let mut handle = handle();
    handle.allow_outgoing("AP123").unwrap();
    handle.allow_event_stream().unwrap();
    assert_eq!(
        scope_claim(&handle),
        "scope:client:outgoing?appSid=AP123 scope:stream:subscribe?path=%2F2010-04-01%2FEvents"
    );
}

/// The browser client throws on a token without `scope`.
#[test]
fn scope_is_always_present() {
    assert_eq!(
        claims(&handle()),
        json!({"scope": "", "iss": "AC123123", "exp": NOW + 3600})
    );
}

/// If the clock that minted is ahead of Twilio's, `nbf` makes Twilio refuse the token.
#[test]
fn nbf_is_optional_and_iat_absent() {
    assert_has_nbf_on_request(handle(), claims, &["exp", "iss", "scope"]);
}

/// Checks that a token has the claims `without`, and also `nbf` after `set_not_before`.
fn assert_has_nbf_on_request(mut handle: Handle, claims: fn(&Handle) -> Value, without: &[&str]) {
    let names = |handle: &Handle| {
        let claims = claims(handle);
        let names = claims.as_object().unwrap().keys().cloned();
        names.collect::<BTreeSet<_>>()
    };
    let without = BTreeSet::from_iter(without.iter().map(|&name| name.to_owned()));
    assert_eq!(names(&handle), without);
    handle.set_not_before(NOW - 60).unwrap();
    assert_eq!(claims(&handle)["nbf"], NOW - 60);
    handle.set_not_before(0).unwrap();
    assert_eq!(names(&handle), without);
}

#[test]
fn credentials_are_used_unchanged() {
    for (account_sid, auth_token) in [
        (" AC1 ", " secret\n"),
        ("AC1", "a"),
        ("AC1", "é"),
        ("AC1", &"k".repeat(200)),
    ] {
        let token = Handle::new(account_sid, auth_token).unwrap();
        let token = token.generate_at(NOW, 3600).unwrap();
        assert_eq!(decode(&token, auth_token)["iss"], account_sid);
    }
}

#[test]
fn empty_or_missing_secret_is_refused() {
    let _lock = lock_defaults();
    assert_eq!(Handle::new("AC1", "").err(), Some(Status::EmptyArgument));
    assert_eq!(Handle::new("", "secret").err(), Some(Status::EmptyArgument));
    let mut token = std::ptr::null_mut();
    // SAFETY: a string, NULL, and a valid `out`.
    let status = unsafe { cap_new(c"AC1".as_ptr(), null(), &mut token) };
    assert_eq!(status, Status::NoCredentials);
}

/// The browser client reads the bytes of a token as Latin-1.
#[test]
fn payload_is_ascii_and_keeps_characters() {
    let mut handle = Handle::new("ACé€😀", "secret").unwrap();
    handle.allow_incoming("é€😀").unwrap();
    handle.add_claim("é", "\"€😀\"").unwrap();
    let token = handle.generate_at(NOW, 3600).unwrap();
    assert!(verify(&token, "secret", NOW).unwrap().is_ascii());
    let claims = decode(&token, "secret");
    assert_eq!(
        (&claims["iss"], &claims["é"]),
        (&json!("ACé€😀"), &json!("€😀"))
    );
    assert_eq!(scopes(&claims)[0].query, pairs(&[("clientName", "é€😀")]));
}

#[test]
fn private_claims_cannot_use_reserved_names() {
    let reserved = ["scope", "iss", "exp", "nbf", "iat"];
    assert_reserves(&reserved, handle(), claims);
}

fn assert_reserves(reserved: &[&str], mut handle: Handle, claims: fn(&Handle) -> Value) {
    handle
        .add_claim("user", r#"{"id":7,"roles":["a","b"]}"#)
        .unwrap();
    for name in reserved {
        assert_eq!(handle.add_claim(name, "1"), Err(Status::ReservedName));
    }
    assert_eq!(
        claims(&handle)["user"],
        json!({"id": 7, "roles": ["a", "b"]})
    );
}

#[test]
fn verify_checks_algorithm_and_expiry() {
    let payload = r#"{"exp":1400003600}"#;
    let token = sign(HEADER.as_bytes(), payload.as_bytes(), "secret");
    assert!(verify(&token, "secret", NOW).is_ok());
    for other in [
        sign_by::<Sha384>("HS384", payload, "secret"),
        sign_by::<Sha512>("HS512", payload, "secret"),
    ] {
        assert_eq!(verify(&other, "secret", NOW), Err(Status::TokenAlgorithm));
    }
    let expired = verify(&token, "secret", NOW + 3600);
    assert_eq!(expired, Err(Status::TokenExpired));
}

/// Every row names an existing test, and every test of this module has a row.
#[test]
fn compatibility_tables_name_these_tests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let document = document("docs/compatibility.md");
    let tables = document.tables();
    assert_eq!(tables.len(), 4);
    let mut named = BTreeSet::new();
    for table in &tables {
        let (head, rows) = table.split_first().unwrap();
        assert_eq!(head.last(), Some(&"test"));
        for row in rows {
            let tests: Vec<&str> = spans(row.last().unwrap()).collect();
            assert_eq!(tests.len(), 1, "no test: {row:?}");
            named.extend(tests);
        }
    }

    let names = |source: &str| -> BTreeSet<String> {
        let tests = source.split("#[test]\nfn ").skip(1);
        tests
            .filter_map(|test| test.split_once('('))
            .map(|(name, _)| name.to_owned())
            .collect()
    };
    let mut all = BTreeSet::new();
    // The command line has its tests in a folder next to its source.
    for folder in ["tests", "cli/tests"].map(|folder| root.join(folder)) {
        for path in sources(&folder) {
            all.extend(names(&fs::read_to_string(path).unwrap()));
        }
    }
    for test in &named {
        assert!(all.contains(*test), "there is no test {test}");
    }
    let own = [
        include_str!("sdk_bugs.rs"),
        include_str!("sdk_bugs/access.rs"),
    ];
    for test in own.into_iter().flat_map(names) {
        assert!(
            test.starts_with("compatibility_") || named.contains(test.as_str()),
            "no row: {test}"
        );
    }
}

/// The Rust files below a folder, if it exists.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
