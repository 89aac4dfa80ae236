//! mint: tokens equal those of the library, with warnings for those that may not work.

use std::time::UNIX_EPOCH;

use captoken::token::Token;
use serde_json::{Value, json};

use crate::support::scope::scopes;
use crate::support::token::decode;
use crate::support::vectors::{cases, official, pairs, text};
use crate::{MINT, captoken, mint, outcome, signing, words};

#[test]
fn mint_prints_the_library_token() {
    let mut minted = 0;
    for case in &cases() {
        let name = text(&case["name"]);
        let mut arguments = vec!["mint".to_owned()];
        let mut option = |name: &str, value: &str| arguments.push(format!("--{name}={value}"));
        let mut token = Token::default();
        let (account_sid, auth_token) = (text(&case["account_sid"]), text(&case["auth_token"]));
        token.set_account(account_sid).expect("set");
        token.key_mut().set(auth_token);

        option("account", text(&case["account_sid"]));
        option("now", &case["now"].to_string());
        if case["ttl"].is_i64() {
            option("ttl", &case["ttl"].to_string());
        }
        if let Some(client_name) = case["incoming"].as_str() {
            option("allow-incoming", client_name);
            token.allow_incoming(client_name).expect("allowed");
        }
        let outgoing = &case["outgoing"];
        if outgoing.is_object() {
            let application_sid = text(&outgoing["application_sid"]);
            option("allow-outgoing", application_sid);
            token.allow_outgoing(application_sid).expect("allowed");
            for (key, value) in pairs(&outgoing["params"]) {
                option("param", &format!("{key}={value}"));
                // A key cannot contain '='.
                let pair = format!("{key}={value}");
                let (key, value) = pair.split_once('=').expect("a pair");
                token.add_outgoing_param(key, value).expect("added");
            }
        }
        if case["event_stream"].is_object() {
            arguments.push("--event-stream".to_owned());
            token.allow_event_stream().expect("allowed");
            for (key, value) in pairs(&case["event_stream"]["filters"]) {
                arguments.push(format!("--filter={key}={value}"));
                token.add_event_filter(&key, &value).expect("added");
            }
        }
        for (claim, value) in pairs(&case["claims"]) {
            let json = Value::from(value).to_string();
            arguments.push(format!("--claim={claim}={json}"));
            token.add_claim(&claim, &json).expect("added");
        }

        let mut command = captoken(&arguments);
        command.env("TWILIO_AUTH_TOKEN", text(&case["auth_token"]));
        let outcome = outcome(&mut command, "");
        assert_eq!(outcome.code, Some(0), "{name}: {}", outcome.err);
        let now = case["now"].as_i64().expect("a time");
        let ttl = case["ttl"].as_i64().unwrap_or(3600);
        let expected = token.signed(now, ttl).expect("a token");
        assert_eq!(outcome.out, format!("{expected}\n"), "{name}");
        minted += 1;
    }
    assert_eq!(minted, 57);
}

#[test]
fn mint_matches_twilio_ruby() {
    let cases = cases();
    let case = cases
        .iter()
        .find(|case| case["name"] == "seed_php_params_ttl_600");
    let arguments = "mint --allow-incoming Alice --allow-outgoing AP123123 --param Foo=Bar \
                     --ttl 600 --now 1400000000";
    let mut command = signing(&words(arguments));
    command.env("TWILIO_ACCOUNT_SID", "AC123123");
    let expected = format!("{}\n", official(case.expect("the case"), "ruby-3.16.1"));
    assert_eq!(outcome(&mut command, "").printed(), expected);
    // The option wins over the variable.
    command.args(["--account", "AC2"]);
    let token = outcome(&mut command, "").printed();
    assert_eq!(decode(token.trim_end(), "secret")["iss"], "AC2");
}

#[test]
fn mint_defaults_to_one_hour_from_now() {
    let clock = || UNIX_EPOCH.elapsed().expect("a time after 1970").as_secs();
    let before = clock();
    let exp = decode(&mint(&[]), "secret")["exp"].as_u64();
    assert!((before + 3600..=clock() + 3600).contains(&exp.expect("a whole number")));
}

#[test]
fn pairs_split_at_the_first_equals_sign() {
    let token = mint(&[
        "--allow-outgoing=AP1",
        "--param=a=b=c",
        "--param==",
        "--param=x=",
        "--param= y = z",
        "--event-stream",
        "--filter=k==v",
        "--claim=n={\"a\": \"=\"}",
        "--claim=m=1.50",
    ]);
    let claims = decode(&token, "secret");
    let owned = |pairs: &[(&str, &str)]| -> Vec<_> {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    };
    let expected = owned(&[("a", "b=c"), ("", ""), ("x", ""), (" y ", " z")]);
    assert_eq!(scopes(&claims)[0].params, expected);
    assert_eq!(scopes(&claims)[1].params, owned(&[("k", "=v")]));
    assert_eq!(claims["n"], json!({"a": "="}));
    assert_eq!(claims["m"], json!(1.5));
}

#[test]
fn client_name_replaces_the_outgoing_name() {
    let token = mint(&[
        "--client-name=Bob",
        "--allow-outgoing=AP1",
        "--allow-incoming=Alice",
        "--not-before=1400000000",
    ]);
    let claims = decode(&token, "secret");
    assert_eq!(
        claims["scope"],
        "scope:client:incoming?clientName=Alice \
         scope:client:outgoing?appSid=AP1&clientName=Bob"
    );
    assert_eq!(claims["nbf"], 1_400_000_000);
}

#[test]
fn mint_warns_about_unusual_client_names() {
    let long = "a".repeat(257);
    for (option, name, is_warned_of) in [
        ("--allow-incoming", "Alice_1", false),
        ("--allow-incoming", "Alice Smith\u{1b}[2J", true),
        ("--allow-incoming", &long, true),
        ("--client-name", "é", true),
    ] {
        let argument = format!("{option}={name}");
        let mut command = signing(&[&MINT[..3], &["--allow-outgoing=AP1", &argument]].concat());
        let outcome = outcome(&mut command, "");
        assert_eq!(outcome.code, Some(0));
        decode(outcome.out.trim_end(), "secret");
        let lines: Vec<&str> = outcome.err.lines().collect();
        assert_eq!(lines.len(), usize::from(is_warned_of), "{outcome:?}");
        for line in lines {
            assert!(line.starts_with(&format!("captoken: warning: {option}: ")));
            assert!(line.contains("31105"), "{line}");
            assert!(!line.contains('\u{1b}'), "{line}");
        }
    }
}

#[test]
fn mint_warns_about_never_valid_tokens() {
    for (not_before, is_warned_of) in [("1059", false), ("1060", true), ("1061", true)] {
        let mut command = signing(&[&MINT[..3], &["--now=1000", "--ttl=60"]].concat());
        command.arg("--allow-incoming=Alice");
        let outcome = outcome(command.args(["--not-before", not_before]), "");
        assert_eq!(outcome.code, Some(0));
        let claims = decode(outcome.out.trim_end(), "secret");
        assert_eq!(claims["nbf"].to_string(), not_before);
        let warning = "captoken: warning: --not-before: the token expires before it becomes \
                       valid\n";
        assert_eq!(outcome.err, if is_warned_of { warning } else { "" });
    }
}

#[test]
fn mint_json_has_token_and_expiry() {
    let mut command = signing(&[&MINT[..3], &["--json", "--now=1000", "--ttl=60"]].concat());
    command.arg("--allow-incoming=Alice");
    let json = outcome(&mut command, "").json();
    let claims = decode(text(&json["token"]), "secret");
    assert_eq!(claims["exp"], 1060);
    assert_eq!(
        json,
        json!({"token": json["token"], "expires_at": 1060, "warnings": []})
    );
}
