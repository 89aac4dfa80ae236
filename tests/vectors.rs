//! Tokens against those that Twilio's own libraries wrote of the same input.

#![expect(unsafe_code, reason = "the functions are C's")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::io::{Write, stderr};
use std::path::Path;

use serde_json::Value;

#[path = "support/cases.rs"]
mod cases;
#[path = "support/handle.rs"]
mod handle;
#[path = "support/scope.rs"]
mod scope;
#[path = "support/token.rs"]
mod token;

use cases::{cases, official, pairs, text};
use handle::Handle;
use scope::{Scope, scopes};
use token::{HEADER, decode};

/// The library that wrote the tokens which ours equal byte for byte.
const SAME_BYTES: &str = "ruby-3.16.1";

/// Where the originals are at hand, the committed cases must be the same.
#[test]
fn the_committed_cases_are_the_originals() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let committed = fs::read(root.join("tests/data/capability.json")).expect("committed cases");
    match fs::read(root.join("../shared/vectors/capability.json")) {
        Ok(original) => assert!(
            committed == original,
            "tests/data/capability.json is out of date"
        ),
        Err(_) => writeln!(stderr(), "not compared: the originals are not here").expect("written"),
    }
}

fn mint(case: &Value) -> String {
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
fn every_case_says_what_the_official_tokens_say() {
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
fn tokens_equal_twilio_ruby_s_byte_for_byte_where_there_is_no_space_and_an_ascii_account() {
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
        // Which that version writes wrong, or does not know.
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
fn a_shuffled_order_of_calls_gives_the_same_token() {
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

/// The scopes as a case spells them out, in the form of [`scopes`].
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
