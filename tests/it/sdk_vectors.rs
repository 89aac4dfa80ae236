//! Tokens equal recorded tokens of Twilio's libraries for the same input, in tests/data.

#![cfg(not(miri))]

use std::fs;
use std::io::{Write, stderr};
use std::path::Path;

use serde_json::Value;

use crate::support::safe_handle::Handle;
use crate::support::scope::{Scope, scopes};
use crate::support::token::{HEADER, decode};
use crate::support::vectors::{cases, official, pairs, text};

/// The library whose tokens ours equal byte for byte.
const SAME_BYTES: &str = "ruby-3.16.1";

/// Skipped if the originals are not available.
#[test]
fn committed_cases_equal_the_originals() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let committed = fs::read(root.join("tests/data/capability.json")).expect("committed cases");
    match fs::read(root.join("../shared/vectors/capability.json")) {
        Ok(original) => assert!(
            committed == original,
            "tests/data/capability.json is out of date"
        ),
        Err(_) => writeln!(stderr(), "skipped: the originals are not here").expect("written"),
    }
}

pub(crate) fn mint(case: &Value) -> String {
    let name = text(&case["name"]);
    let mut handle = Handle::new(text(&case["account_sid"]), text(&case["auth_token"]))
        .unwrap_or_else(|status| panic!("{name}: {status:?}"));
    for call in array(&case["order"]) {
        match text(call) {
            "incoming" => handle.allow_incoming(text(&case["incoming"])),
            "outgoing" => {
                let outgoing = &case["outgoing"];
                handle
                    .allow_outgoing(text(&outgoing["application_sid"]))
                    .and_then(|()| {
                        pairs(&outgoing["params"])
                            .iter()
                            .try_for_each(|(key, value)| handle.add_outgoing_param(key, value))
                    })
            }
            "event_stream" => handle.allow_event_stream().and_then(|()| {
                pairs(&case["event_stream"]["filters"])
                    .iter()
                    .try_for_each(|(key, value)| handle.add_event_filter(key, value))
            }),
            other => panic!("{name}: unknown call {other}"),
        }
        .unwrap_or_else(|status| panic!("{name}: {status:?}"));
    }
    for (claim, value) in pairs(&case["claims"]) {
        handle
            .add_claim(&claim, &Value::from(value).to_string())
            .unwrap_or_else(|status| panic!("{name}: {status:?}"));
    }
    let now = case["now"].as_i64().expect("an integer");
    let ttl = case["ttl"].as_i64().unwrap_or(3600);
    handle
        .generate_at(now, ttl)
        .unwrap_or_else(|status| panic!("{name}: {status:?}"))
}

#[test]
fn every_case_matches_the_official_tokens() {
    for case in &cases() {
        let name = text(&case["name"]);
        let claims = decode(&mint(case), text(&case["auth_token"]));
        let expected = &case["expected"];
        let header: Value = serde_json::from_str(HEADER).expect("JSON");
        assert_eq!(header, expected["header"], "{name}");

        let (scope, others) = split_scope(&claims);
        let (expected_scope, expected_others) = split_scope(&expected["payload"]);
        assert_eq!(others, expected_others, "{name}");
        assert!(scope.is_string(), "{name}");
        assert_eq!(scopes(&claims), expected_scopes(expected_scope), "{name}");
    }
}

#[test]
fn matches_twilio_ruby_byte_for_byte() {
    let mut equal = 0;
    for case in &cases() {
        let outgoing = &case["outgoing"];
        let mut encoded = vec![
            case["incoming"].as_str().unwrap_or_default().to_owned(),
            outgoing["application_sid"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
        ];
        if outgoing.is_object() {
            for (key, value) in pairs(&outgoing["params"]) {
                encoded.extend([key, value]);
            }
        }
        // This version encodes filters incorrectly and has no private claims.
        if case["event_stream"].is_object() || !array(&case["claims"]).is_empty() {
            continue;
        }
        if encoded.iter().any(|text| text.contains(' ')) || !text(&case["account_sid"]).is_ascii() {
            continue;
        }
        let name = text(&case["name"]);
        assert_eq!(mint(case), official(case, SAME_BYTES), "{name}");
        equal += 1;
    }
    assert_eq!(equal, 43);
}

#[test]
fn order_of_calls_changes_nothing() {
    for case in &cases() {
        let mut reversed = case.clone();
        if let Some(order) = reversed["order"].as_array_mut() {
            order.reverse();
        }
        assert_eq!(mint(case), mint(&reversed));
    }
}

/// The claim `scope`, and all others.
fn split_scope(payload: &Value) -> (&Value, Vec<(&String, &Value)>) {
    let mut others: Vec<_> = payload.as_object().expect("an object").iter().collect();
    others.retain(|(name, _)| *name != "scope");
    (&payload["scope"], others)
}

/// The expected scopes of a case, as [`scopes`] returns them.
fn expected_scopes(scopes: &Value) -> Vec<Scope> {
    let mut scopes: Vec<Scope> = array(scopes)
        .iter()
        .map(|scope| {
            let mut query = Vec::new();
            let mut params = Vec::new();
            for pair in array(&scope["query"]) {
                match (text(&pair[0]), &pair[1]) {
                    ("appParams" | "params", value) => params = pairs(value),
                    (key, value) => query.push((key.to_owned(), text(value).to_owned())),
                }
            }
            query.sort();
            Scope {
                name: format!(
                    "scope:{}:{}",
                    text(&scope["service"]),
                    text(&scope["privilege"])
                ),
                query,
                params,
            }
        })
        .collect();
    scopes.sort();
    scopes
}

fn array(value: &Value) -> &Vec<Value> {
    value.as_array().expect("an array")
}
