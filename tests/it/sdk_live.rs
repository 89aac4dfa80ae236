//! Twilio's installed libraries read our tokens, and `cap_verify` reads theirs. Both refuse the
//! same tokens. The browser client finds every permission in our tokens.

#![cfg(not(miri))]

use std::collections::BTreeSet;
use std::time::UNIX_EPOCH;

use captoken::ffi::Status;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

mod access;
mod browser;
mod bugs;
mod input;
mod libraries;
mod verdicts;

use crate::support::safe_handle::verify;
use crate::support::scope::scopes;
use crate::support::token::{HEADER, decode, sign};
use crate::support::vectors::{cases, official};
use browser::{is_query, seen};
use bugs::BUGS;
use input::{Input, grid};
use libraries::{
    MINTERS, READERS, ask, browser_sees, minted, minted_unless, to_mint, to_read, with_bugs,
};
use verdicts::{Verdict, verdicts};

#[test]
fn libraries_read_our_tokens() {
    let ours = ours();
    let now = clock();
    let mut jobs = Vec::new();
    for (input, token) in &ours {
        for reader in READERS {
            jobs.push(to_read(reader, token, &input.secret));
            jobs.push(to_read(reader, token, &format!("{}x", input.secret)));
        }
    }
    let mut answers = ask(&jobs).into_iter();
    for (input, token) in &ours {
        let what = &input.name;
        let claims = from_json(&verify(token, &input.secret, now).expect("our token"));
        assert_eq!(scopes(&claims), input.scopes(), "{what}");
        assert!(!has_filters_as_params(&claims), "{what}: {claims}");
        assert_eq!(claims["iss"], input.account, "{what}");
        assert_eq!(claims["nbf"], json!(input.not_before), "{what}");
        for (name, value) in &input.claims {
            assert_eq!(floats(&claims[name]), floats(&from_json(value)), "{what}");
        }
        for reader in READERS {
            let what = format!("{reader}: {what}");
            let read = answers.next().expect("an answer");
            assert_eq!(read["header"], from_json(HEADER), "{what}: {read}");
            assert_eq!(floats(&read["payload"]), floats(&claims), "{what}");

            let refused = answers.next().expect("an answer");
            assert_eq!(verdicts::theirs(&refused), Verdict::Signature, "{what}");
        }
    }
    assert_eq!(answers.next(), None);
}

#[test]
fn we_read_tokens_of_libraries() {
    let before = clock();
    let grid = grid(before);
    let mut told = Vec::new();
    for minter in MINTERS {
        let inputs = grid.iter().filter(|input| can_say(minter, input));
        told.extend(inputs.map(|input| (minter, input)));
    }
    // No library mints private claims, and only twilio-python sets `nbf`.
    assert_eq!(told.len(), 3 * grid.len() - 3 - 2 * 2);
    let jobs: Vec<Value> = told
        .iter()
        .map(|(minter, input)| to_mint(minter, input))
        .collect();
    let answers = ask(&jobs);
    let after = clock();
    let mut met = BTreeSet::new();
    for ((minter, input), answer) in told.into_iter().zip(&answers) {
        let expected = bugs::outcome(minter, input);
        met.extend(expected.bugs.iter().map(|&why| (minter, why)));
        let what = with_bugs(&format!("{minter}: {}", input.name), &expected.bugs);
        let Some(token) = minted_unless(expected.refused, answer, &what) else {
            continue;
        };
        let said = expected.said;
        let claims = part(&token, 1);
        assert_eq!(scopes(&claims), said.scopes(), "{what}");
        let filters_as_params = has_filters_as_params(&claims);
        assert_eq!(filters_as_params, expected.filters_as_params, "{what}");
        assert_eq!(claims["iss"], said.account, "{what}");

        // The claims that each library adds, and the times.
        let keys: Vec<_> = claims.as_object().expect("an object").keys().collect();
        let names: &[&str] = match minter {
            "twilio-python" => &["exp", "iss", "nbf", "scope"],
            "twilio-node" => &["exp", "iat", "iss", "scope"],
            _ => &["exp", "iss", "scope"],
        };
        assert_eq!(keys, names, "{what}");
        let is_now = |time: i64| (before..=after).contains(&time);
        let integer = |time: &Value| time.as_i64().expect("an integer");
        let time = |name: &str| claims.get(name).map(integer);
        assert!(
            time("exp").is_some_and(|exp| is_now(exp - input.ttl)),
            "{what}: {claims}"
        );
        assert!(time("iat").is_none_or(is_now), "{what}: {claims}");
        match input.not_before {
            Some(_) => assert_eq!(time("nbf"), input.not_before, "{what}"),
            None => assert!(time("nbf").is_none_or(is_now), "{what}: {claims}"),
        }
        check_reading(&token, &said.secret, &what);
    }
    for bug in &BUGS {
        for &of in bug.of {
            let is_met = met.contains(&(of, bug.why));
            assert!(is_met, "no input shows this bug: {of}: {}", bug.why);
        }
    }
}

#[test]
fn libraries_refuse_the_same_tokens() {
    let now = clock();
    let input = Input::new("a token").incoming("jenny").params(&[]);
    let tokens = verdicts(&input, now);
    let mut jobs = Vec::new();
    for (_, token, _) in &tokens {
        jobs.extend(READERS.map(|reader| to_read(reader, token, &input.secret)));
    }
    let answers = ask(&jobs);
    for ((what, token, expected), answers) in tokens.iter().zip(answers.chunks(READERS.len())) {
        let mut said: Vec<_> = answers.iter().map(verdicts::theirs).collect();
        said.push(verdicts::ours(&verify(token, &input.secret, now)));
        assert_eq!(said, expected, "{what}: {READERS:?}, captoken");
    }
}

/// The browser client misreads a string that contains `&` or `=`. It throws if such a string
/// also contains a `%` without two digits. Both happen with the tokens of twilio-node, too,
/// because no encoding avoids them.
#[test]
fn browser_client_reads_our_tokens() {
    let mut ours = ours();
    let cases = cases();
    assert_eq!(cases.len(), 57);
    for case in &cases {
        let (input, now) = Input::from_case(case);
        let token = input.mint(now);
        ours.push((input, token));
    }
    let tokens: Vec<String> = ours.iter().map(|(_, token)| token.clone()).collect();
    let mut unreadable = Vec::new();
    let mut queries = Vec::new();
    for ((input, token), read) in ours.iter().zip(browser_sees(&tokens)) {
        let what = &input.name;
        let Some(scopes) = seen(input) else {
            assert_eq!(read["throws"], "URIError: URI malformed", "{what}");
            unreadable.push((input, read));
            continue;
        };
        assert_eq!(read["scopes"], scopes, "{what}");
        assert_eq!(read["iss"], input.account, "{what}: {read}");
        let exp = &decode(token, &input.secret)["exp"];
        assert_eq!(&read["exp"], exp, "{what}: {read}");
        let scopes = input.scopes();
        let mut strings = scopes.iter().flat_map(|scope| &scope.query);
        if strings.any(|(_, string)| is_query(string)) {
            queries.push((input, read));
        }
    }

    let names = |inputs: &[(&Input, Value)]| -> Vec<String> {
        inputs.iter().map(|(input, _)| input.name.clone()).collect()
    };
    assert_eq!(
        names(&unreadable),
        [
            "a parameter of every character",
            "events with filters",
            "params_printable_ascii_value",
        ]
    );
    assert_eq!(
        names(&queries),
        [
            "a name that is a scope",
            "a name and an application that are queries",
            "the character '&'",
            "the character '='",
            "name_scope_injection",
            "app_sid_needs_escaping",
        ]
    );
    unreadable.extend(queries);
    let jobs: Vec<Value> = unreadable
        .iter()
        .map(|(input, _)| to_mint("twilio-node", input))
        .collect();
    let theirs = ask(&jobs);
    let theirs: Vec<String> = theirs
        .iter()
        .map(|answer| minted(answer, "twilio-node"))
        .collect();
    for ((input, ours), theirs) in unreadable.iter().zip(browser_sees(&theirs)) {
        for key in ["throws", "scopes"] {
            assert_eq!(ours[key], theirs[key], "{}", input.name);
        }
    }
}

/// Checks the emulation that `browser_client_reads_our_tokens` uses.
#[test]
fn browser_client_keeps_its_quirks() {
    let cases = cases();
    let case = |name: &str| {
        let case = cases.iter().find(|case| case["name"] == name);
        case.expect("a case")
    };
    let ours = |case: &Value| {
        let (input, now) = Input::from_case(case);
        input.mint(now)
    };
    let space = case("name_space");
    let beyond_ascii = case("sid_unicode");
    let signed = |claims: Value| sign(HEADER.as_bytes(), claims.to_string().as_bytes(), "secret");
    let scope = |scope: &str| signed(json!({"scope": scope}));
    let tokens = [
        official(space, "python-9.13.0").to_owned(),
        official(space, "node-6.2.0").to_owned(),
        ours(space),
        official(beyond_ascii, "ruby-3.16.1").to_owned(),
        official(beyond_ascii, "python-9.13.0").to_owned(),
        ours(beyond_ascii),
        scope("scope:client:incoming?clientName=a scope:client:incoming?clientName=b"),
        scope("scope:client:incoming?clientName=a  scope:client:outgoing?appSid=b"),
        scope("scope:client:incoming?clientName=a b"),
        scope("scope:client:outgoing?appSid=%E9"),
        signed(json!({"iss": "AC123"})),
    ];
    let read = browser_sees(&tokens);

    let name = |read: &Value| read["scopes"]["client:incoming"]["clientName"].clone();
    assert_eq!(name(&read[0]), "Alice+Smith");
    assert_eq!(name(&read[1]), "Alice Smith");
    assert_eq!(name(&read[2]), "Alice Smith");

    let account = beyond_ascii["account_sid"].as_str().expect("a string");
    let latin1: String = account.bytes().map(char::from).collect();
    assert_ne!(account, latin1);
    assert_eq!(read[3]["iss"], latin1);
    assert_eq!(read[4]["iss"], account);
    assert_eq!(read[5]["iss"], account);

    assert_eq!(name(&read[6]), "b");
    assert_eq!(read[7]["throws"], "Error: Bad scope URI");
    assert_eq!(read[8]["throws"], "Error: Bad scope URI");
    assert_eq!(read[9]["throws"], "URIError: URI malformed");
    let missing = read[10]["throws"].as_str().expect("it throws");
    assert!(missing.starts_with("TypeError"), "{missing}");
}

/// Tokens of the grid that stay valid during the test. The token that lives for a second is
/// minted ten minutes in the future.
fn ours() -> Vec<(Input, String)> {
    let now = clock();
    let mint = |input: Input| {
        let ahead = if input.ttl == 1 { 600 } else { 0 };
        let token = input.mint(now + ahead);
        (input, token)
    };
    grid(now).into_iter().map(mint).collect()
}

fn clock() -> i64 {
    let seconds = UNIX_EPOCH.elapsed().expect("a time after 1970").as_secs();
    seconds.try_into().expect("a time in this age")
}

/// Whether a library can express an input. None of these supports private claims.
fn can_say(minter: &str, input: &Input) -> bool {
    input.claims.is_empty() && (input.not_before.is_none() || minter == "twilio-python")
}

/// Whether the filters of events are in `appParams`, where parameters of calls belong.
fn has_filters_as_params(claims: &Value) -> bool {
    let scope = claims["scope"].as_str().expect("a string");
    scope.split(' ').any(|scope| {
        assert!(
            !scope.starts_with("scope:client:") || !scope.contains("&params="),
            "{scope}"
        );
        scope.starts_with("scope:stream:") && scope.contains("appParams=")
    })
}

/// Checks that a token verifies only with its secret, from `nbf` until it expires.
fn check_reading(token: &str, secret: &str, what: &str) {
    let claims = part(token, 1);
    let exp = claims["exp"].as_i64().expect("an integer");
    let read = |secret: &str, now| verify(token, secret, now).map(|payload| from_json(&payload));
    assert_eq!(
        read(&format!("{secret}x"), exp - 1),
        Err(Status::TokenSignature),
        "{what}"
    );
    assert_eq!(read(secret, exp), Err(Status::TokenExpired), "{what}");
    if let Some(nbf) = claims["nbf"].as_i64() {
        assert_eq!(
            read(secret, nbf - 1),
            Err(Status::TokenNotYetValid),
            "{what}"
        );
        assert_eq!(read(secret, nbf).as_ref(), Ok(&claims), "{what}");
    }
    assert_eq!(read(secret, exp - 1), Ok(claims), "{what}");
}

/// The header or the claims of a token, without verification.
fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).expect("a part");
    let part = BASE64URL_NOPAD.decode(part.as_bytes());
    serde_json::from_slice(&part.expect("base64url")).expect("JSON")
}

fn from_json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// A value with all numbers as floats, as in JavaScript.
fn floats(value: &Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().into(),
        Value::Array(items) => items.iter().map(floats).collect(),
        Value::Object(members) => {
            let members = members.iter();
            members
                .map(|(name, value)| (name.clone(), floats(value)))
                .collect()
        }
        _ => value.clone(),
    }
}
