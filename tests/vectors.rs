//! Tokens against those that Twilio's own libraries wrote of the same input.

#![expect(unsafe_code, reason = "the functions are C's")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
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

use cases::{cases, official};
use handle::Handle;
use scope::{Scope, scopes};
use token::{HEADER, decode};

/// Features that tokens of these tags need, and the library does not have yet.
const SKIPPED_TAGS: [&str; 2] = ["event_stream", "claims"];

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

/// The tag of a feature that a case needs and the library lacks.
fn missing_feature(case: &Value) -> Option<&str> {
    let mut tags = array(&case["tags"]).iter().map(text);
    tags.find(|tag| SKIPPED_TAGS.contains(tag))
}

fn for_each_case(mut check: impl FnMut(&Value)) {
    for case in cases() {
        if missing_feature(&case).is_none() {
            check(&case);
        }
    }
}

#[test]
fn the_cases_that_are_skipped_are_named() {
    let mut skipped = BTreeSet::new();
    for case in cases() {
        if let Some(tag) = missing_feature(&case) {
            let name = text(&case["name"]);
            // Not by println!, which a test that passes keeps to itself.
            writeln!(stderr(), "skipped, tag {tag}: {name}").expect("written");
            skipped.insert(name.to_owned());
        }
    }
    let expected = [
        "claims_custom",
        "event_stream_first",
        "event_stream_plain",
        "event_stream_two_filters",
    ];
    assert!(skipped.iter().eq(expected));
    assert_eq!(cases().len() - skipped.len(), 53);
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
            other => panic!("{name}: unknown call {other}"),
        }
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
    for_each_case(|case| {
        let name = text(&case["name"]);
        let claims = decode(&mint(case), text(&case["auth_token"]));
        let expected = &case["expected"];
        let header: Value = serde_json::from_str(HEADER).expect("JSON");
        assert_eq!(header, expected["header"], "{name}");

        let object = claims.as_object().expect("an object");
        assert_eq!(object.len(), 3, "{name}");
        assert_eq!(claims["iss"], expected["payload"]["iss"], "{name}");
        assert_eq!(claims["exp"], expected["payload"]["exp"], "{name}");
        assert_eq!(
            scopes(&claims),
            expected_scopes(&expected["payload"]["scope"]),
            "{name}"
        );
    });
}

#[test]
fn tokens_equal_twilio_ruby_s_byte_for_byte_where_there_is_no_space_and_an_ascii_account() {
    let mut equal = 0;
    for_each_case(|case| {
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
        if encoded.iter().any(|text| text.contains(' ')) || !text(&case["account_sid"]).is_ascii() {
            return;
        }
        let name = text(&case["name"]);
        assert_eq!(mint(case), official(case, SAME_BYTES), "{name}");
        equal += 1;
    });
    assert_eq!(equal, 43);
}

#[test]
fn a_shuffled_order_of_calls_gives_the_same_token() {
    for_each_case(|case| {
        let mut reversed = case.clone();
        if let Some(order) = reversed["order"].as_array_mut() {
            order.reverse();
        }
        assert_eq!(mint(case), mint(&reversed));
    });
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
                    ("appParams", value) => params = pairs(value),
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

fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

fn pairs(value: &Value) -> Vec<(String, String)> {
    array(value)
        .iter()
        .map(|pair| (text(&pair[0]).to_owned(), text(&pair[1]).to_owned()))
        .collect()
}
