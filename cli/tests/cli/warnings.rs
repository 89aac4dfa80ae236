//! Warnings: mint, inspect and verify find the same mistakes, and change nothing else.

use serde_json::{Value, json};

use crate::access::mint_access;
use crate::support::token::{ACCESS_HEADER, HEADER, sign as sign_bytes};
use crate::{Outcome, captoken, mint, outcome, words};

const ACCOUNT: &str = "an account SID begins with AC";
const API_KEY: &str = "an API key SID begins with SK";
const APPLICATION: &str = "an application SID begins with AP";
const PUSH: &str = "a push credential SID begins with CR";
const NO_NAME: &str = "the access token has no name, which Twilio requires for calls";
const NO_GRANTS: &str =
    "a capability token has no grants; phones need an access token, which mint --api-key makes";
const NEVER: &str = "the token expires before it becomes valid";

fn signing_both(arguments: &[&str], input: &str) -> Outcome {
    let mut command = captoken(arguments);
    command
        .env("TWILIO_AUTH_TOKEN", "secret")
        .env("TWILIO_API_KEY_SECRET", "secret");
    outcome(&mut command, input)
}

/// The warnings of a run, which are also those of the same run with `--json`, and which
/// `--quiet` silences without another change.
fn warnings(arguments: &[&str], input: &str) -> Vec<String> {
    let plain = signing_both(arguments, input);
    assert_eq!(plain.code, Some(0), "{plain:?}");
    let warning = |line: &str| {
        let warning = line.strip_prefix("captoken: warning: ");
        warning.unwrap_or_else(|| panic!("{line}")).to_owned()
    };
    let warnings: Vec<String> = plain.err.lines().map(warning).collect();

    let quiet = signing_both(&[arguments, &["--quiet"]].concat(), input);
    assert_eq!((quiet.code, &*quiet.err), (Some(0), ""), "{arguments:?}");
    assert_eq!(quiet.out, plain.out);

    let with_json = signing_both(&[arguments, &["--json"]].concat(), input);
    assert_eq!((with_json.code, &with_json.err), (Some(0), &plain.err));
    assert_eq!(with_json.json()["warnings"], json!(warnings));
    let both = signing_both(&[arguments, &["--json", "--quiet"]].concat(), input);
    assert_eq!((both.code, &*both.err), (Some(0), ""));
    assert_eq!(both.out, with_json.out);
    warnings
}

/// Checks the warnings of mint, and those of inspect and verify about its token.
fn assert_warns(options: &str, of_mint: &[String], of_report: &[String]) {
    let mut mint = vec!["mint", "--now=1000"];
    mint.extend(words(options));
    assert_eq!(warnings(&mint, ""), of_mint, "{options}");
    let token = signing_both(&mint, "").out;
    for command in ["inspect", "verify"] {
        if command == "verify" && of_report.iter().any(|one| one.ends_with(NEVER)) {
            continue;
        }
        let said = warnings(&[command, "--now=1000", "-"], &token);
        assert_eq!(said, of_report, "{command}: {options}");
    }
}

#[test]
fn every_command_warns_about_twilio_refusals() {
    let swapped = "the SIDs are swapped; an account SID begins with AC, an API key SID with SK";
    let nothing = "the token allows nothing";
    let added = format!("{nothing}; add --allow-incoming or --allow-outgoing");
    let one = |label: &str, said: &str| vec![format!("{label}: {said}")];
    let access = "--account=AC1 --api-key=SK1";
    let calls = "--allow-incoming=Al";
    for (options, of_mint, of_report) in [
        (
            format!("{access} --allow-outgoing=AP1"),
            one("--client-name", NO_NAME),
            one("identity", NO_NAME),
        ),
        (
            format!("{access} --push-credential=CR1"),
            one("--client-name", NO_NAME),
            one("identity", NO_NAME),
        ),
        (
            format!("--account=SK1 --api-key=AC1 {calls}"),
            one("--account, --api-key", swapped),
            one("account, API key", swapped),
        ),
        (
            format!("--account=SK1 --api-key=SK1 {calls}"),
            one("--account", ACCOUNT),
            one("account", ACCOUNT),
        ),
        (
            format!("--account=AC1 --api-key=AC1 {calls}"),
            one("--api-key", API_KEY),
            one("API key", API_KEY),
        ),
        (
            format!("--account=ac1 {calls}"),
            one("--account", ACCOUNT),
            one("account", ACCOUNT),
        ),
        (
            format!("--account=AC1 {calls} --allow-outgoing=CN1"),
            one("--allow-outgoing", APPLICATION),
            one("outgoing", APPLICATION),
        ),
        (
            format!("{access} {calls} --allow-outgoing=PN1"),
            one("--allow-outgoing", APPLICATION),
            one("outgoing", APPLICATION),
        ),
        (
            format!("{access} {calls} --push-credential=AP1"),
            one("--push-credential", PUSH),
            one("push", PUSH),
        ),
        (
            "--account=AC1".to_owned(),
            vec![added.clone()],
            vec![nothing.to_owned()],
        ),
        (
            format!("{access} --client-name=Al"),
            vec![added],
            vec![nothing.to_owned()],
        ),
        (
            format!("--account=AC1 {calls} --claim=grants={{\"voice\":{{}}}}"),
            one("--claim", NO_GRANTS),
            one("grants", NO_GRANTS),
        ),
        (
            format!("{access} {calls} --ttl=60 --not-before=1060"),
            one("--not-before", NEVER),
            one("valid from", NEVER),
        ),
    ] {
        assert_warns(&options, &of_mint, &of_report);
    }
}

#[test]
fn correct_tokens_have_no_warnings() {
    for options in [
        "--account=AC123123 --allow-incoming=Alice --allow-outgoing=AP123123",
        "--account=AC1 --allow-outgoing=AP1",
        "--account=AC1 --event-stream",
        "--account=AC1 --allow-incoming=Alice --claim=grants={\"report\":1} --claim=sub=1",
        "--account=AC1 --api-key=SK1 --allow-incoming=Alice --push-credential=CR1",
        "--account=AC1 --api-key=SK1 --client-name=Alice --allow-outgoing=AP1",
        // Twilio requires a name only for some grants.
        "--account=AC1 --api-key=SK1 --grant=player={}",
        "--account=AC1 --api-key=SK1 --client-name=a@b.c --grant=video={\"room\":\"r\"}",
    ] {
        assert_warns(options, &[], &[]);
    }
    // Tokens of other issuers are not Twilio's.
    for payload in [r#"{"iss":"me","exp":2000}"#, r#"{"grants":[],"exp":2000}"#] {
        let token = sign_bytes(HEADER.as_bytes(), payload.as_bytes(), "secret");
        let none: [&str; 0] = [];
        assert_eq!(warnings(&["verify", "--now=1000", &token], ""), none);
    }
}

#[test]
fn every_mistake_has_one_line() {
    let options = "--account=SK1 --api-key=AC1 --allow-outgoing=AC1 --push-credential=SK1";
    let swapped = "the SIDs are swapped; an account SID begins with AC, an API key SID with SK";
    let lines = |labels: [&str; 4]| {
        let said = [swapped, APPLICATION, PUSH, NO_NAME];
        let pairs = labels.iter().zip(said);
        pairs
            .map(|(label, said)| format!("{label}: {said}"))
            .collect::<Vec<_>>()
    };
    assert_warns(
        options,
        &lines([
            "--account, --api-key",
            "--allow-outgoing",
            "--push-credential",
            "--client-name",
        ]),
        &lines(["account, API key", "outgoing", "push", "identity"]),
    );
}

#[test]
fn warnings_of_requests_name_members() {
    let request = r#"{"account_sid":"SK1","api_key_sid":"AC1","not_before":9000,
        "outgoing":{"application_sid":"AC1"},"push_credential_sid":"SK1"}"#;
    assert_eq!(
        warnings(&["mint", "--now=1000", "--request=-"], request),
        [
            "--request: account_sid, --request: api_key_sid: the SIDs are swapped; an account \
             SID begins with AC, an API key SID with SK"
                .to_owned(),
            format!("--request: application_sid: {APPLICATION}"),
            format!("--request: push_credential_sid: {PUSH}"),
            format!("--request: client_name: {NO_NAME}"),
            format!("--request: not_before: {NEVER}"),
        ]
    );
    let request = r#"{"account_sid":"AC1","claims":{"grants":{"identity":"Al"}}}"#;
    assert_eq!(
        warnings(&["mint", "--request=-"], request),
        [
            "the token allows nothing; add incoming or outgoing to the request".to_owned(),
            format!("--request: claims: {NO_GRANTS}"),
        ]
    );
}

/// Names that --quiet silences, and that inspect and verify find in the tokens of others.
#[test]
fn every_command_warns_about_unusual_names() {
    let refused = |label: &str| {
        format!(
            "{label}: the client name is not 1 to 256 ASCII letters, digits and underscores; \
             calls may fail with Twilio's error 31105"
        )
    };
    let capability = "--account=AC1 --allow-outgoing=AP1";
    let access = "--account=AC1 --api-key=SK1 --allow-outgoing=AP1";
    for (options, of_mint, of_report) in [
        (
            format!("{capability} --allow-incoming=a@b"),
            "--allow-incoming",
            "incoming",
        ),
        (
            format!("{capability} --client-name=a@b"),
            "--client-name",
            "outgoing",
        ),
        (
            format!("{capability} --allow-incoming=Al --client-name=a@b"),
            "--client-name",
            "outgoing",
        ),
        (
            format!("{access} --allow-incoming=a@b"),
            "--allow-incoming",
            "identity",
        ),
        (
            format!("{access} --client-name=a@b"),
            "--client-name",
            "identity",
        ),
    ] {
        assert_warns(&options, &[refused(of_mint)], &[refused(of_report)]);
    }
}

#[test]
fn missing_cty_warns_of_error_20102() {
    let payload =
        r#"{"iss":"SK1","sub":"AC1","exp":2000,"grants":{"video":{"room":"r"}}}"#.to_owned();
    let token = |header: &str| sign_bytes(header.as_bytes(), payload.as_bytes(), "secret");
    let verify = |token: &str| warnings(&["verify", "--now=1000", token], "");
    assert_eq!(
        verify(&token(HEADER)),
        ["the header has no cty of twilio-fpa; Twilio refuses the token with error 20102"]
    );
    assert_eq!(verify(&token(ACCESS_HEADER)), Vec::<String>::new());
}

/// Twilio's SDKs for phones refuse every capability token, but no token says that it is for a
/// phone. The report therefore says it for each one, and minting does not warn.
#[test]
fn reports_name_what_phones_need() {
    let kind = "\nkind        capability token, for browsers; phones need an access token\n";
    let capability = mint(&["--now=1000", "--allow-incoming=Al"]);
    let access = mint_access(&["--now=1000", "--allow-incoming=Al"]);
    for command in ["inspect", "verify"] {
        let said = signing_both(&[command, "--now=1000", &capability], "").printed();
        assert!(said.contains(kind), "{said}");
    }
    let said = signing_both(&["inspect", "--now=1000", &access], "").printed();
    assert!(said.contains("\nkind        access token\n"), "{said}");
}

#[test]
fn failures_have_no_warnings() {
    let token = mint(&["--now=1000", "--ttl=60"]);
    for arguments in [
        &["verify", "--json", "--now=5000", &token][..],
        &["mint", "--json", "--account=XX", "--ttl=0"],
    ] {
        let outcome = signing_both(arguments, "");
        assert!(!outcome.err.contains("warning"), "{outcome:?}");
        assert_eq!(outcome.json()["warnings"], Value::Null);
    }
}
