//! mint --request: the same tokens as with options.

use crate::{Outcome, TestFile, assert_signed, captoken, mint, outcome, signing};

/// Mints from a request on standard input.
fn mint_request(arguments: &[&str], request: &str) -> Outcome {
    let mut command = captoken(&["mint", "--now=1000", "--request=-"]);
    command
        .args(arguments)
        .env("TWILIO_AUTH_TOKEN", "secret")
        .env("TWILIO_API_KEY_SECRET", "key secret")
        .env("TWILIO_ACCOUNT_SID", "ACother");
    outcome(&mut command, request)
}

#[test]
fn request_mints_the_same_token_as_options() {
    let request = r#"{"account_sid":"AC1","incoming":"Alice","claims":{"a":[1.0]},
        "outgoing":{"application_sid":"AP1","params":[["a","b"]]}}"#;
    let options = mint(&[
        "--now=1000",
        "--allow-incoming=Alice",
        "--claim=a=[1.0]",
        "--allow-outgoing=AP1",
        "--param=a=b",
    ]);
    let printed = mint_request(&[], request).printed();
    assert_eq!(printed, format!("{options}\n"));
    let json = mint_request(&["--json", "--ttl=60"], request).json();
    assert_eq!(json["expires_at"], 1060);
    let mut command = signing(&["mint", "--now=1000", "--request=-"]);
    command.env("TWILIO_ACCOUNT_SID", "");
    assert_eq!(outcome(&mut command, request).printed(), printed);

    let file = TestFile::new("request", request.as_bytes());
    let mut command = signing(&["mint", "--now=1000", "--request"]);
    assert_eq!(outcome(command.arg(&file.0), "").printed(), printed);

    let secret = TestFile::new("request's secret", b"key secret\n");
    let request = r#"{"account_sid":"AC1","api_key_sid":"SK1","grants":{"video":{}}}"#;
    let token = mint_request(&[], request).printed();
    assert_signed(token.trim_end(), "key secret");
    let mut command = captoken(&["mint", "--now=1000", "--request=-", "--api-key-secret-file"]);
    assert_eq!(outcome(command.arg(&secret.0), request).printed(), token);
}

#[test]
fn request_warns_like_options() {
    let request = r#"{"account_sid":"AC1","incoming":"ali ce","not_before":5000}"#;
    let outcome = mint_request(&[], request);
    assert_eq!(outcome.code, Some(0));
    let warnings: Vec<&str> = outcome.err.lines().collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].starts_with("captoken: warning: --request: incoming: "));
    assert!(warnings[1].contains("expires before it becomes valid"));
    let request = r#"{"account_sid":"AC1","api_key_sid":"SK1","incoming":"a","client_name":"b"}"#;
    let outcome = mint_request(&[], request);
    assert!(
        outcome.err.contains("an access token has one name"),
        "{}",
        outcome.err
    );
}

#[test]
fn wrong_requests_exit_with_their_status() {
    let invalid = "captoken: --request: the request is not a JSON object with the members \
                   that cap_mint documents";
    for (code, request, message) in [
        (21, "{}", format!("{invalid}\n")),
        (
            21,
            "[",
            format!("{invalid}: EOF while parsing a list at line 1 column 1\n"),
        ),
        (21, r#"{"account_sid":"AC1","x":1}"#, format!("{invalid}\n")),
        (
            11,
            r#"{"account_sid":"AC1","claims":{"iss":1}}"#,
            "captoken: --request: the library writes a claim or grant of this name itself\n"
                .to_owned(),
        ),
        (
            13,
            r#"{"account_sid":"AC1","region":"ie1"}"#,
            "captoken: --request: the call does not apply to this kind of token\n".to_owned(),
        ),
        // Only phones use a push credential.
        (
            13,
            r#"{"account_sid":"AC1","push_credential_sid":"CR1"}"#,
            "captoken: --request: the call does not apply to this kind of token: phones need an \
             access token; add api_key_sid\n"
                .to_owned(),
        ),
        (
            2,
            r#"{"account_sid":""}"#,
            "captoken: --request: a required string is empty\n".to_owned(),
        ),
    ] {
        let outcome = mint_request(&[], request);
        assert_eq!((outcome.code, outcome.err), (Some(code), message));
        assert_eq!(outcome.out, "");
        let json = mint_request(&["--json"], request).json();
        assert_eq!(json["status"], code);
    }
    let mut not_utf8 = signing(&["mint", "--request=-"]);
    assert_eq!(outcome(&mut not_utf8, b"\"\xff\"").code, Some(1));
    let mut missing = signing(&["mint", "--request=/nowhere"]);
    let outcome = outcome(&mut missing, "");
    assert_eq!(outcome.code, Some(1));
    assert!(
        outcome
            .err
            .starts_with("captoken: cannot read the file of --request: ")
    );
}

#[test]
fn request_refuses_replaced_options() {
    let request = r#"{"account_sid":"AC1"}"#;
    for option in [
        "--account=AC1",
        "--api-key=SK1",
        "--allow-incoming=Alice",
        "--allow-outgoing=AP1",
        "--event-stream",
        "--claim=a=1",
        "--not-before=1",
        "--auth-token-file=-",
    ] {
        let outcome = mint_request(&[option], request);
        assert_eq!(outcome.code, Some(2), "{option}");
        assert!(
            outcome.err.contains("cannot be"),
            "{option}: {}",
            outcome.err
        );
    }
    let file = TestFile::new("other secret", b"secret");
    let path = file.0.to_str().expect("UTF-8");
    let access = r#"{"account_sid":"AC1","api_key_sid":"SK1"}"#;
    for (option, request) in [
        ("--auth-token-file", access),
        ("--api-key-secret-file", request),
    ] {
        let outcome = mint_request(&[option, path], request);
        assert_eq!(outcome.code, Some(1));
        assert!(outcome.err.starts_with(&format!("captoken: {option}: ")));
    }
}
