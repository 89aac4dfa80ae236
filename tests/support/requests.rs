//! The cases of tests/data, as requests for tests/c/requests.c.

#![cfg(not(miri))]

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use serde_json::{Map, Value, json};

use super::install::run;
use super::vectors::{cases, pairs, text};
use crate::sdk_vectors;

/// The lines that mint the tokens of all cases, and the tokens.
fn requests() -> (String, Vec<String>) {
    let mut lines = String::new();
    let mut tokens = Vec::new();
    for case in &cases() {
        let mut request = Map::new();
        request.insert("account_sid".to_owned(), case["account_sid"].clone());
        for name in ["incoming", "outgoing", "event_stream"] {
            if !case[name].is_null() {
                request.insert(name.to_owned(), case[name].clone());
            }
        }
        let mut request = Value::from(request).to_string();
        // A map would sort the claims.
        let claims: Vec<String> = pairs(&case["claims"])
            .iter()
            .map(|(name, value)| format!("{}:{}", json!(name), json!(value)))
            .collect();
        request.pop();
        request += &format!(",\"claims\":{{{}}}}}", claims.join(","));
        let secret = text(&case["auth_token"]);
        let ttl = case["ttl"].as_i64().unwrap_or(3600);
        lines += &format!("{secret}\n{request}\n{}\n{ttl}\n", case["now"]);
        tokens.push(sdk_vectors::mint(case));
    }
    assert!(tokens.len() > 50);
    (lines, tokens)
}

/// Runs a compiled tests/c/requests.c, which the command starts. Its input is a file in the folder.
pub(crate) fn assert_mints_every_case(mut command: Command, folder: &Path) {
    let (lines, tokens) = requests();
    let file = folder.join("requests");
    fs::write(&file, lines).expect("written");
    let requests = File::open(file).expect("the requests");
    let minted = run(command.stdin(requests));
    assert_eq!(minted.lines().collect::<Vec<_>>(), tokens);
}
