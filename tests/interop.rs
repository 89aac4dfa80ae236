//! Twilio's own libraries read our tokens, we read theirs, and both refuse the same
//! ones; the client in the browser sees in our tokens what they were to say.

#![expect(unsafe_code, reason = "the functions are C's")]
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeSet;
use std::time::UNIX_EPOCH;

use captoken::ffi::Status;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

#[path = "interop/access.rs"]
mod access;
#[path = "interop/browser.rs"]
mod browser;
#[path = "interop/bugs.rs"]
mod bugs;
#[path = "support/cases.rs"]
mod cases;
#[path = "support/handle.rs"]
mod handle;
#[path = "interop/input.rs"]
mod input;
#[path = "interop/libraries.rs"]
mod libraries;
#[path = "support/scope.rs"]
mod scope;
#[path = "support/sdk.rs"]
mod sdk;
#[path = "support/token.rs"]
mod token;
#[path = "interop/verdicts.rs"]
mod verdicts;

use browser::{is_query, seen};
use bugs::BUGS;
use cases::{cases, official};
use handle::verify;
use input::{Input, grid};
use libraries::{
    MINTERS, READERS, ask, browser_sees, minted, minted_unless, to_mint, to_read, with_bugs,
};
use scope::scopes;
use token::{HEADER, decode, sign};
use verdicts::{Verdict, verdicts};

#[test]
fn twilio_s_libraries_read_in_our_tokens_what_we_read() {
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
        let claims = from_json(&verify(token, &input.secret, now).expect("a token of ours"));
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
fn we_read_in_their_tokens_what_twilio_s_libraries_were_told() {
    let before = clock();
    let grid = grid(before);
    let mut told = Vec::new();
    for minter in MINTERS {
        let inputs = grid.iter().filter(|input| can_say(minter, input));
        told.extend(inputs.map(|input| (minter, input)));
    }
    // Claims nobody, and a beginning only twilio-python.
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

        // What each adds to it, and the times.
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
            assert!(is_met, "no input for this one: {of}: {}", bug.why);
        }
    }
}

#[test]
fn forged_and_stale_tokens_are_refused_by_them_and_by_us() {
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
        assert_eq!(said, expected, "{what}: {READERS:?}, and we");
    }
}

/// The incoming name, the application and the name that calls come from are read as
/// they were given, unless they contain `&` or `=`. A token is read at all, unless a
/// text in it contains one of these and also a `%` that no digits follow. In both, it
/// is the same with the token that twilio-node writes: no token can help it.
#[test]
fn the_browser_client_reads_every_one_of_our_tokens_right() {
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
        let mut texts = scopes.iter().flat_map(|scope| &scope.query);
        if texts.any(|(_, text)| is_query(text)) {
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

/// So that the test above means something.
#[test]
fn the_browser_client_is_as_particular_here_as_it_was() {
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

/// The tokens of the grid that are valid now, and for as long as the programs take
/// that read them: the one of a second is made by a clock ten minutes ahead.
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

/// Whether a library has a way to say it. None here has one for custom claims.
fn can_say(minter: &str, input: &Input) -> bool {
    input.claims.is_empty() && (input.not_before.is_none() || minter == "twilio-python")
}

/// Parameters belong to calls, filters to events.
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

/// A token of theirs is read with its own secret alone, and from its beginning until it
/// expires.
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

/// The header of a token, or its claims, whoever signed it.
fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).expect("a part");
    let part = BASE64URL_NOPAD.decode(part.as_bytes());
    serde_json::from_slice(&part.expect("base64url")).expect("JSON")
}

fn from_json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// A value as a language has it that knows one kind of number.
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
