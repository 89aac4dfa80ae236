//! The cases of tests/data, with the tokens that Twilio's libraries minted for them.

#![allow(dead_code, reason = "not every program uses all of it")]

use std::fs;

use serde_json::Value;

use super::install::root;

pub(crate) fn cases() -> Vec<Value> {
    let path = root().join("tests/data/capability.json");
    let mut file: Value = serde_json::from_slice(&fs::read(path).expect("a file")).expect("JSON");
    serde_json::from_value(file["cases"].take()).expect("a list")
}

/// The token that a library minted for a case.
pub(crate) fn official<'a>(case: &'a Value, sdk: &str) -> &'a str {
    let tokens = case["tokens"].as_array().expect("a list");
    let token = tokens.iter().find(|token| {
        let sdks = token["sdks"].as_array().expect("a list");
        sdks.iter().any(|other| other == sdk)
    });
    let token = token.unwrap_or_else(|| panic!("{}: no token of {sdk}", case["name"]));
    token["token"].as_str().expect("a string")
}

/// A string in a case.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().expect("a string")
}

/// The keys and values of parameters, filters or claims.
pub(crate) fn pairs(value: &Value) -> Vec<(String, String)> {
    let pairs = value.as_array().expect("a list");
    let pair = |pair: &Value| (text(&pair[0]).to_owned(), text(&pair[1]).to_owned());
    pairs.iter().map(pair).collect()
}
