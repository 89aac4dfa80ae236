//! Access tokens: minted and verified with the secret of the API key.

use captoken::token::Token;
use serde_json::{Value, json};

use crate::support::token::{
    ACCESS_HEADER, HEADER as CAPABILITY_HEADER, parts, sign as sign_bytes,
};
use crate::{Outcome, TestFile, captoken, inspect_json, outcome, words};

const MINT_ACCESS: [&str; 5] = ["mint", "--account", "AC1", "--api-key", "SK1"];

/// Mints with the secret of the API key and further arguments.
fn minting(arguments: &[&str]) -> Outcome {
    let mut command = captoken(&[&MINT_ACCESS, arguments].concat());
    command.env("TWILIO_API_KEY_SECRET", "key secret");
    outcome(&mut command, "")
}

/// Mints like `minting`, and returns the token, without the warning if it allows nothing.
pub(crate) fn mint_access(arguments: &[&str]) -> String {
    minting(&[&["--quiet"], arguments].concat())
        .printed()
        .trim_end()
        .to_owned()
}

/// The payload of a token; checks its header and signature.
fn payload_of(token: &str) -> String {
    let [header, payload] = parts(token);
    assert_eq!(header, ACCESS_HEADER);
    assert_eq!(
        token,
        sign_bytes(header.as_bytes(), payload.as_bytes(), "key secret")
    );
    payload
}

#[test]
fn mint_prints_the_library_access_token() {
    let minted = mint_access(&[
        "--now=1400000000",
        "--ttl=60",
        "--region=ie1",
        "--allow-incoming=Alice",
        "--allow-outgoing=AP1",
        "--param=Foo=Bar",
        "--param=b=c=d",
        "--param=Foo=Baz",
        "--push-credential=CR1",
        "--grant=video={ \"room\": \"a=b\" }",
        "--grant=chat={\"service_sid\":\"IS1\"}",
        "--grant=video={\"room\":\"é\"}",
        "--claim=user={\"id\": 42}",
        "--not-before=1400000030",
    ]);
    let header = r#"{"typ":"JWT","alg":"HS256","cty":"twilio-fpa;v=1","twr":"ie1"}"#;
    let payload = r#"{"user":{"id":42},"jti":"SK1-1400000000","iss":"SK1","sub":"AC1","exp":1400000060,"nbf":1400000030,"grants":{"identity":"Alice","voice":{"incoming":{"allow":true},"outgoing":{"application_sid":"AP1","params":{"Foo":"Baz","b":"c=d"}},"push_credential_sid":"CR1"},"video":{"room":"\u00e9"},"chat":{"service_sid":"IS1"}}}"#;
    assert_eq!(parts(&minted), [header, payload]);
    assert_eq!(
        minted,
        sign_bytes(header.as_bytes(), payload.as_bytes(), "key secret")
    );

    let mut token = Token::default();
    token.set_account("AC1").expect("set");
    token.make_access("SK1").expect("set");
    token.key_mut().set("key secret");
    token.set_client_name("Bob Smith").expect("set");
    let expected = token.signed(1_400_000_000, 3600);
    let minted = mint_access(&["--now=1400000000", "--client-name=Bob Smith"]);
    assert_eq!(Ok(&minted), expected.as_ref());
    assert_eq!(
        payload_of(&minted),
        r#"{"jti":"SK1-1400000000","iss":"SK1","sub":"AC1","exp":1400003600,"grants":{"identity":"Bob Smith"}}"#
    );
}

#[test]
pub(crate) fn mint_access_json_has_token_and_expiry() {
    let arguments = ["--json", "--now=1000", "--ttl=60", "--allow-incoming=Al"];
    let json = minting(&arguments).json();
    let token = json["token"].as_str().expect("a string");
    assert!(payload_of(token).contains(r#""exp":1060"#));
    assert_eq!(
        json,
        json!({"token": token, "expires_at": 1060, "warnings": []})
    );
}

/// Twilio refuses an access token that the auth token signed.
#[test]
fn each_kind_needs_its_own_secret() {
    let of_both = |arguments: &[&str]| {
        let mut command = captoken(arguments);
        command
            .arg("--quiet")
            .env("TWILIO_AUTH_TOKEN", "auth token")
            .env("TWILIO_API_KEY_SECRET", "key secret");
        let token = outcome(&mut command, "").printed();
        let [header, payload] = parts(token.trim_end());
        let signed_with = |secret| sign_bytes(header.as_bytes(), payload.as_bytes(), secret);
        ["auth token", "key secret"].map(|secret| signed_with(secret) == token.trim_end())
    };
    assert_eq!(of_both(&MINT_ACCESS), [false, true]);
    assert_eq!(of_both(&MINT_ACCESS[..3]), [true, false]);

    let missing = |arguments: &[&str], other: &str, message: &str| {
        let mut command = captoken(arguments);
        let outcome = outcome(command.arg("--json").env(other, "another"), "");
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert_eq!(outcome.err, format!("captoken: {message}\n"));
        assert_eq!(outcome.json(), json!({"status": 1, "error": message}));
    };
    missing(
        &MINT_ACCESS,
        "TWILIO_AUTH_TOKEN",
        "no API key secret: set TWILIO_API_KEY_SECRET, or use --api-key-secret-file PATH",
    );
    missing(
        &MINT_ACCESS[..3],
        "TWILIO_API_KEY_SECRET",
        "no auth token: set TWILIO_AUTH_TOKEN, or use --auth-token-file PATH",
    );
}

#[test]
fn options_of_the_other_kind_are_refused() {
    let cases = "
        '--api-key <SID>' cannot be used with '--auth-token-file | --api-key=SK1 --auth-token-file=-
        '--api-key <SID>' cannot be used with '--event-stream'   | --api-key=SK1 --event-stream
        '--api-key <SID>' cannot be used with '--filter          | --api-key=SK1 --filter=a=b
        '--api-key <SID>' cannot be used with                    | --api-key=SK1 --event-stream --filter=a=b
        '--auth-token-file <PATH>' cannot be used with           | --auth-token-file=- --api-key-secret-file=-
        not provided: --api-key <SID>                            | --region=ie1
        not provided: --api-key <SID>                            | --push-credential=CR1
        not provided: --api-key <SID>                            | --grant=video={}
        not provided: <--api-key <SID>|--request <PATH>>         | --api-key-secret-file=-
        not provided: <--allow-outgoing <SID>|--api-key <SID>>   | --client-name=Alice
        not provided: --allow-outgoing <SID>                     | --api-key=SK1 --param=a=b";
    for line in cases.trim().lines() {
        let (said, arguments) = line.rsplit_once('|').expect("two columns");
        let mut command = captoken(&[&MINT_ACCESS[..3], &words(arguments)].concat());
        command
            .env("TWILIO_AUTH_TOKEN", "auth token")
            .env("TWILIO_API_KEY_SECRET", "key secret");
        let outcome = outcome(&mut command, "secret");
        assert_eq!((outcome.code, outcome.out.as_str()), (Some(2), ""));
        let (complaint, _) = outcome.err.split_once("Usage:").expect("usage");
        let complaint = words(complaint).join(" ");
        assert!(complaint.contains(said.trim()), "{line}: {complaint}");
    }
}

#[test]
fn grant_errors_name_the_grant() {
    let reserved = "the library writes a claim or grant of this name itself";
    let no_object = "the value is not JSON, or the grant is not a JSON object";
    for (argument, code, said) in [
        (
            "--grant=identity={}",
            11,
            format!("--grant \"identity\": {reserved}"),
        ),
        (
            "--grant=voice={}",
            11,
            format!("--grant \"voice\": {reserved}"),
        ),
        (
            "--grant=video=",
            12,
            format!("--grant \"video\": {no_object}"),
        ),
        (
            "--grant=video=[]",
            12,
            format!("--grant \"video\": {no_object}"),
        ),
        (
            "--grant=video={} {}",
            12,
            format!("--grant \"video\": {no_object}"),
        ),
        (
            "--grant=a\u{1b}=x",
            12,
            format!("--grant \"a\\u{{1b}}\": {no_object}"),
        ),
        ("--claim=jti=1", 11, format!("--claim \"jti\": {reserved}")),
        ("--claim=sub=1", 11, format!("--claim \"sub\": {reserved}")),
        (
            "--claim=grants={}",
            11,
            format!("--claim \"grants\": {reserved}"),
        ),
    ] {
        let outcome = minting(&[argument, "--json"]);
        assert_eq!(outcome.code, Some(code), "{outcome:?}");
        assert_eq!(outcome.err, format!("captoken: {said}\n"));
        assert_eq!(outcome.json(), json!({"status": code, "error": said}));
    }
}

/// An identity for rooms or chats is not a client name.
#[test]
fn access_names_warn_only_for_calls() {
    let refused = |option: &str| {
        format!(
            "captoken: warning: {option}: the client name is not 1 to 256 ASCII letters, digits \
             and underscores; calls may fail with Twilio's error 31105\n"
        )
    };
    let replaced = "captoken: warning: --client-name: an access token has one name; \
                    incoming calls reach this one, not that of --allow-incoming\n";
    let name = "--client-name=a@b.c";
    for (arguments, warnings, identity) in [
        (&["--allow-incoming=Alice"][..], String::new(), "Alice"),
        (
            &["--allow-incoming=a b"],
            refused("--allow-incoming"),
            "a b",
        ),
        (&[name, "--grant=video={}"], String::new(), "a@b.c"),
        (&[name, "--grant=chat={}"], String::new(), "a@b.c"),
        (
            &[name, "--allow-outgoing=AP1"],
            refused("--client-name"),
            "a@b.c",
        ),
        (
            &[name, "--push-credential=CR1"],
            refused("--client-name"),
            "a@b.c",
        ),
        (
            &[name, "--allow-incoming=a@b.c"],
            refused("--allow-incoming") + &refused("--client-name"),
            "a@b.c",
        ),
        (
            &["--allow-incoming=Al", "--client-name=Al"],
            String::new(),
            "Al",
        ),
        (
            &["--client-name=Bob", "--allow-incoming=Alice"],
            replaced.to_owned(),
            "Bob",
        ),
        // Only the name in the token can be wrong.
        (
            &[name, "--allow-incoming=a b"],
            replaced.to_owned() + &refused("--client-name"),
            "a@b.c",
        ),
    ] {
        let outcome = minting(arguments);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        assert_eq!(outcome.err, warnings, "{arguments:?}");
        let payload: Value =
            serde_json::from_str(&payload_of(outcome.out.trim_end())).expect("JSON");
        assert_eq!(payload["grants"]["identity"], identity);
    }
}

/// The outcome of verify with secrets in the environment, "" for none.
fn verifying(token: &str, auth_token: &str, key_secret: &str, arguments: &[&str]) -> Outcome {
    let mut command = captoken(&["verify", "--quiet", "--now=1020", token]);
    for (variable, secret) in [
        ("TWILIO_AUTH_TOKEN", auth_token),
        ("TWILIO_API_KEY_SECRET", key_secret),
    ] {
        if !secret.is_empty() {
            command.env(variable, secret);
        }
    }
    outcome(command.args(arguments), "")
}

#[test]
fn verify_uses_the_secret_of_the_kind() {
    let access = mint_access(&["--now=1000", "--ttl=60"]);
    let capability = sign_bytes(
        CAPABILITY_HEADER.as_bytes(),
        br#"{"scope":"","iss":"AC1","exp":1060}"#,
        "auth token",
    );
    // The header decides.
    let without_cty = sign_bytes(
        CAPABILITY_HEADER.as_bytes(),
        br#"{"iss":"SK1","exp":1060,"grants":{}}"#,
        "auth token",
    );
    let of_both = sign_bytes(
        ACCESS_HEADER.as_bytes(),
        br#"{"iss":"AC1","exp":1060,"scope":""}"#,
        "key secret",
    );
    let auth_file = TestFile::new("of verify: auth token", b"auth token\n");
    let key_file = TestFile::new("of verify: key secret", b"key secret\n");
    let option = |option: &str, file: &TestFile| format!("{option}={}", file.0.display());
    let auth_file = option("--auth-token-file", &auth_file);
    let key_file = option("--api-key-secret-file", &key_file);
    let key_as_auth_token = key_file.replace("--api-key-secret-file", "--auth-token-file");

    let variables = ["TWILIO_AUTH_TOKEN", "TWILIO_API_KEY_SECRET"];
    let files = [
        "the file of --auth-token-file",
        "the file of --api-key-secret-file",
    ];
    for (token, auth_token, key_secret, file, place) in [
        (&access, "auth token", "key secret", "", variables[1]),
        (&access, "", "key secret", "", variables[1]),
        (&access, "key secret", "", "", variables[0]),
        (&access, "x", "x", &key_file, files[1]),
        (&access, "x", "x", &key_as_auth_token, files[0]),
        (&of_both, "auth token", "key secret", "", variables[1]),
        (&capability, "auth token", "key secret", "", variables[0]),
        (&capability, "auth token", "", "", variables[0]),
        (&capability, "x", "x", &auth_file, files[0]),
        (&without_cty, "auth token", "key secret", "", variables[0]),
    ] {
        let file: Vec<&str> = [file].into_iter().filter(|file| !file.is_empty()).collect();
        let said = verifying(token, auth_token, key_secret, &file).printed();
        let expected =
            format!("VERIFIED: signed with the secret in {place}, valid at 1970-01-01T00:17:00Z\n");
        assert!(said.starts_with(&expected), "{said}");
        let json = verifying(
            token,
            auth_token,
            key_secret,
            &[&file[..], &["--json"]].concat(),
        );
        let mut inspected = inspect_json(token, "1020");
        inspected["verified"] = true.into();
        assert_eq!(json.json(), inspected);
    }

    let hint = "; an access token is signed with the secret of its API key";
    for (token, auth_token, key_secret, file, place, hint) in [
        (&access, "key secret", "x", "", variables[1], hint),
        (&access, "auth token", "", "", variables[0], hint),
        (
            &access,
            "key secret",
            "key secret",
            &auth_file,
            files[0],
            hint,
        ),
        (&capability, "x", "auth token", "", variables[0], ""),
        (
            &capability,
            "auth token",
            "auth token",
            &key_file,
            files[1],
            "",
        ),
        (
            &without_cty,
            "key secret",
            "auth token",
            "",
            variables[0],
            "",
        ),
        // The header selects the secret, which did not sign it.
        (&of_both, "key secret", "auth token", "", variables[1], hint),
    ] {
        let file: Vec<&str> = [file].into_iter().filter(|file| !file.is_empty()).collect();
        let outcome = verifying(
            token,
            auth_token,
            key_secret,
            &[&file[..], &["--json"]].concat(),
        );
        assert_eq!(outcome.code, Some(18), "{outcome:?}");
        let said = format!(
            "the token's signature does not match: the secret in {place} did not sign it{hint}"
        );
        assert_eq!(outcome.err, format!("captoken: {said}\n"));
        let expected = json!({"verified": false, "status": 18, "error": said});
        assert_eq!(outcome.json(), expected);
    }

    for (token, auth_token, key_secret, said) in [
        (
            &access,
            "",
            "",
            "no API key secret: set TWILIO_API_KEY_SECRET, or use --api-key-secret-file PATH",
        ),
        (
            &capability,
            "",
            "key secret",
            "no auth token: set TWILIO_AUTH_TOKEN, or use --auth-token-file PATH",
        ),
    ] {
        let outcome = verifying(token, auth_token, key_secret, &["--json"]);
        assert_eq!(outcome.code, Some(1), "{outcome:?}");
        assert_eq!(outcome.err, format!("captoken: {said}\n"));
        let expected = json!({"verified": false, "status": 1, "error": said});
        assert_eq!(outcome.json(), expected);
    }
    // An empty variable is a mistake, and not the same as none.
    let mut command = captoken(&["verify", "--now=1020", &access]);
    command
        .env("TWILIO_AUTH_TOKEN", "key secret")
        .env("TWILIO_API_KEY_SECRET", "");
    let outcome = outcome(&mut command, "");
    assert_eq!(outcome.code, Some(1));
    assert_eq!(outcome.err, "captoken: TWILIO_API_KEY_SECRET is empty\n");
}

#[test]
fn access_token_expires_like_capability_token() {
    let token = mint_access(&["--now=1000", "--ttl=60", "--not-before=1010"]);
    let codes = ["1009", "1010", "1059", "1060"].map(|now| {
        let mut command = captoken(&["verify", "--now", now, &token]);
        command.env("TWILIO_API_KEY_SECRET", "key secret");
        outcome(&mut command, "").code
    });
    assert_eq!(codes, [Some(20), Some(0), Some(0), Some(19)]);
}
