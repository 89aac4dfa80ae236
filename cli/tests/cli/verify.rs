//! verify: exits with 0 only for a valid token.

use crate::support::vectors::{cases, text};
use crate::{captoken, inspect, inspect_json, mint, outcome, signing, verify, words};

#[test]
fn token_is_valid_from_nbf_until_exp() {
    let token = mint(&["--now=1000", "--ttl=60", "--not-before=1010"]);
    let codes = ["1009", "1010", "1059", "1060"].map(|now| verify(&token, now).code);
    assert_eq!(codes, [Some(20), Some(0), Some(0), Some(19)]);
    let mut command = captoken(&["verify", "--now=1020", &token]);
    command.env("TWILIO_AUTH_TOKEN", "Secret");
    assert_eq!(outcome(&mut command, "").code, Some(18));
    // The same with the clock.
    let mut command = signing(&["verify", &mint(&["--ttl=60"])]);
    assert_eq!(outcome(&mut command, "").code, Some(0));
    let mut command = signing(&["verify", &token]);
    assert_eq!(outcome(&mut command, "").code, Some(19));
}

/// A script may pass an attacker's string instead of a token.
#[test]
fn verify_exits_0_only_for_valid_tokens() {
    let arguments = "--help -h --version -V help version mint inspect verify -- - --json --now \
                     --now=0 --ttl=1 --auth-token-file --auth-token-file=- --auth-token-file=/ \
                     --hel --help=1 -hh -hV -- a . .. ... --claim=a=1 -1 @ * --account=AC1";
    let mut arguments = words(arguments);
    arguments.extend(["", " ", "\n", "--help ", "-- --help"]);
    for argument in arguments {
        let outcome = outcome(&mut signing(&["verify", argument]), "");
        assert!(
            matches!(outcome.code, Some(2 | 16)),
            "{argument} {outcome:?}"
        );
    }
    // Help is no success among other arguments either.
    let token = mint(&[]);
    let help = outcome(&mut captoken(&["help", "verify"]), "").printed();
    for arguments in [
        &["--help"][..],
        &["-h"],
        &["--help", &token],
        &[&token, "-h"],
        &["--json", &token, "--help"],
        &["--now", "0", "--help", "--frobnicate"],
    ] {
        let outcome = outcome(&mut signing(&[&["verify"], arguments].concat()), "");
        assert_eq!(outcome.code, Some(2), "{outcome:?}");
        assert_eq!((outcome.out, outcome.err), (help.clone(), String::new()));
    }
    assert_eq!(outcome(&mut signing(&["verify", &token]), "").code, Some(0));
}

#[test]
fn verify_prints_verdict_and_inspect_report() {
    let token = mint(&["--now=1000", "--allow-incoming=Alice"]);
    let mut command = signing(&["verify", "--now=1020", &token]);
    let verified = outcome(&mut command, "").printed();
    let inspected = inspect(&token, "1020");
    let (first, rest) = verified.split_once('\n').expect("lines");
    assert!(first.starts_with("VERIFIED: "), "{first}");
    assert!(first.contains("1970-01-01T00:17:00Z"), "{first}");
    let (first, others) = inspected.split_once('\n').expect("lines");
    assert_eq!(first, "NOT VERIFIED: the signature was not checked");
    assert_eq!(rest, others);

    let verified = verify(&token, "1020").json();
    let mut inspected = inspect_json(&token, "1020");
    assert_eq!(inspected["verified"], false);
    inspected["verified"] = true.into();
    assert_eq!(verified, inspected);
}

#[test]
fn verify_accepts_every_recorded_token() {
    let mut verified = 0;
    for case in &cases() {
        for token in case["tokens"].as_array().expect("a list") {
            let mut command = captoken(&["verify", "-"]);
            command
                .arg(format!("--now={}", case["now"]))
                .env("TWILIO_AUTH_TOKEN", text(&case["auth_token"]));
            let outcome = outcome(&mut command, text(&token["token"]));
            assert_eq!(outcome.code, Some(0), "{}: {outcome:?}", case["name"]);
            verified += 1;
        }
    }
    assert_eq!(verified, 502);
}
