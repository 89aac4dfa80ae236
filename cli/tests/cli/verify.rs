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

#[test]
fn leeway_extends_validity_in_both_directions() {
    let token = mint(&["--now=1000", "--ttl=600", "--not-before=1100"]);
    let code = |now: i64, leeway: i64| {
        let [now, leeway] = [("now", now), ("leeway", leeway)]
            .map(|(option, seconds)| format!("--{option}={seconds}"));
        outcome(
            &mut signing(&["verify", "--quiet", &now, &leeway, &token]),
            "",
        )
        .code
    };
    for leeway in [0, 1, 2, 60, 499] {
        let codes = [
            1100 - leeway - 1,
            1100 - leeway,
            1599 + leeway,
            1600 + leeway,
        ]
        .map(|now| code(now, leeway));
        assert_eq!(codes, [Some(20), Some(0), Some(0), Some(19)], "{leeway}");
    }
    // A time before 1970 counts as 1970. One that is too late changes nothing.
    assert_eq!(code(50, 86_400), Some(20));
    assert_eq!(code(80_000, 86_400), Some(19));
    let late = mint(&[
        "--now=9007199254740000",
        "--ttl=991",
        "--not-before=9007199254740990",
    ]);
    let mut command = signing(&["verify", "--now=9007199254740900", "--leeway=86400", &late]);
    assert_eq!(outcome(&mut command, "").code, Some(20));
    // The first reason counts if the token lives shorter than the leeway.
    let brief = mint(&["--now=1000", "--ttl=110", "--not-before=1100"]);
    for (now, expected) in [("1099", Some(20)), ("1110", Some(19))] {
        let mut command = signing(&["verify", "--leeway=60", "--now", now, &brief]);
        assert_eq!(outcome(&mut command, "").code, expected);
    }
    // Other reasons stay.
    let mut command = captoken(&["verify", "--leeway=60", "--now=1050", &token]);
    command.env("TWILIO_AUTH_TOKEN", "another");
    assert_eq!(outcome(&mut command, "").code, Some(18));
}

#[test]
fn verdict_names_the_needed_leeway() {
    let token = mint(&["--now=1000", "--allow-incoming=Al", "--not-before=1002"]);
    let verdict = |arguments: &[&str]| {
        let mut command = signing(&["verify", &token]);
        let said = outcome(command.args(arguments), "").printed();
        said.lines().next().map(str::to_owned)
    };
    let said = "VERIFIED: signed with the secret in TWILIO_AUTH_TOKEN, valid at 1970-01-01T00:16:4";
    assert_eq!(
        verdict(&["--now=1000", "--leeway=90"]),
        Some(format!("{said}0Z with a leeway of 1 minute 30 seconds"))
    );
    assert_eq!(
        verdict(&["--now=1002", "--leeway=90"]),
        Some(format!("{said}2Z"))
    );
    // With the clock, which the program reads once.
    let token = mint(&["--now=1000", "--ttl=60", "--allow-incoming=Al"]);
    let mut command = signing(&["verify", "--leeway=86400", &token]);
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
