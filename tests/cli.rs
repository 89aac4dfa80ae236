//! The command line: every promise of its help, to people and to scripts.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::thread;
use std::time::UNIX_EPOCH;

use captoken::ffi::Status;
use captoken::token::Token;
use serde_json::{Value, json};

#[path = "cli/access.rs"]
mod access;
#[path = "support/vectors.rs"]
mod cases;
#[path = "support/document.rs"]
mod document;
#[path = "support/install.rs"]
mod native;
#[path = "support/scope.rs"]
mod scope;
#[path = "support/token.rs"]
mod token;

use cases::{cases, official, pairs, text};
use document::document;
use native::{make, root, run, stage};
use scope::scopes;
use token::decode;

/// A secret that stands out where it is shown.
const SECRET: &str = "5ecret-that-nobody-may-see";

const MINT: [&str; 3] = ["mint", "--account", "AC1"];

/// What the program did.
#[derive(Debug)]
struct Outcome {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Outcome {
    /// What it printed, and it was a success without a word beside it.
    fn printed(self) -> String {
        assert!(
            self.code == Some(0) && self.err.is_empty(),
            "{:?} {}{}",
            self.code,
            self.out,
            self.err
        );
        self.out
    }

    /// What it printed where it printed one line of JSON.
    fn json(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "{self:?}");
        assert!(self.out.ends_with('\n'), "{self:?}");
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

fn captoken<A: AsRef<OsStr>>(arguments: &[A]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_captoken"));
    command
        .args(arguments)
        .env_remove("CAPTOKEN_AUTH_TOKEN")
        .env_remove("CAPTOKEN_API_KEY_SECRET")
        .env_remove("CAPTOKEN_ACCOUNT_SID");
    command
}

/// The program with the secret that most tests use.
fn signing<A: AsRef<OsStr>>(arguments: &[A]) -> Command {
    let mut command = captoken(arguments);
    command.env("CAPTOKEN_AUTH_TOKEN", "secret");
    command
}

fn start(command: &mut Command) -> Child {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("started")
}

fn outcome(command: &mut Command, input: impl AsRef<[u8]>) -> Outcome {
    let mut child = start(command);
    // One that ends without reading closes the pipe.
    let _ = child
        .stdin
        .take()
        .expect("a pipe")
        .write_all(input.as_ref());
    let output = child.wait_with_output().expect("an end");
    Outcome {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Mints with further arguments, and returns the token.
fn mint(arguments: &[&str]) -> String {
    let out = outcome(&mut signing(&[&MINT, arguments].concat()), "").printed();
    out.strip_suffix('\n').expect("a line").to_owned()
}

/// A token of any header and payload.
fn sign(header: &str, payload: &str) -> String {
    token::sign(header.as_bytes(), payload.as_bytes(), "secret")
}

/// A token with this payload.
fn say(payload: &Value) -> String {
    sign(token::HEADER, &payload.to_string())
}

fn inspect(token: &str, now: &str) -> String {
    outcome(&mut captoken(&["inspect", "--now", now, token]), "").printed()
}

fn inspect_json(token: &str, now: &str) -> Value {
    let command = &mut captoken(&["inspect", "--json", "--now", now, token]);
    let outcome = outcome(command, "");
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    outcome.json()
}

fn verify(token: &str, now: &str) -> Outcome {
    outcome(&mut signing(&["verify", "--json", "--now", now, token]), "")
}

/// A file that is there as long as this is.
struct TestFile(PathBuf);

impl TestFile {
    fn new(name: &str, content: &[u8]) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let path = folder.join(format!("cli {name} {}", process::id()));
        fs::write(&path, content).expect("written");
        Self(path)
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

// Mint.

#[test]
fn mint_writes_the_library_s_token_byte_for_byte_for_every_case() {
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
                // Where a key contains a '=', it ends there.
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
        command.env("CAPTOKEN_AUTH_TOKEN", text(&case["auth_token"]));
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
fn mint_writes_the_token_of_twilio_s_own_libraries() {
    let cases = cases();
    let case = cases
        .iter()
        .find(|case| case["name"] == "seed_php_params_ttl_600");
    let arguments = "mint --allow-incoming Alice --allow-outgoing AP123123 --param Foo=Bar \
                     --ttl 600 --now 1400000000";
    let mut command = signing(&words(arguments));
    command.env("CAPTOKEN_ACCOUNT_SID", "AC123123");
    let expected = format!("{}\n", official(case.expect("the case"), "ruby-3.16.1"));
    assert_eq!(outcome(&mut command, "").printed(), expected);
    // The option wins over the variable.
    command.args(["--account", "AC2"]);
    let token = outcome(&mut command, "").printed();
    assert_eq!(decode(token.trim_end(), "secret")["iss"], "AC2");
}

#[test]
fn mint_takes_the_time_from_the_clock_and_an_hour_to_live() {
    let clock = || UNIX_EPOCH.elapsed().expect("a time after 1970").as_secs();
    let before = clock();
    let exp = decode(&mint(&[]), "secret")["exp"].as_u64();
    assert!((before + 3600..=clock() + 3600).contains(&exp.expect("a whole number")));
}

#[test]
fn a_pair_is_split_at_its_first_equals_sign_and_claims_are_json() {
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
fn outgoing_calls_come_from_the_client_name_that_is_meant_for_them() {
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
fn a_client_name_that_not_all_of_twilio_takes_is_minted_with_a_line_of_warning() {
    let long = "a".repeat(257);
    for (option, name, is_warned_of) in [
        ("--allow-incoming", "Alice_1", false),
        ("--allow-incoming", "Alice Smith\u{1b}[2J", true),
        ("--allow-incoming", &long, true),
        ("--client-name", "é", true),
    ] {
        let argument = format!("{option}={name}");
        let mut command = signing(&[&MINT[..], &["--allow-outgoing=AP1", &argument]].concat());
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
fn a_token_that_is_never_valid_is_minted_with_a_line_of_warning() {
    for (not_before, is_warned_of) in [("1059", false), ("1060", true), ("1061", true)] {
        let mut command = signing(&[&MINT[..], &["--now=1000", "--ttl=60"]].concat());
        let outcome = outcome(command.args(["--not-before", not_before]), "");
        assert_eq!(outcome.code, Some(0));
        let claims = decode(outcome.out.trim_end(), "secret");
        assert_eq!(claims["nbf"].to_string(), not_before);
        let warning = "captoken: warning: --not-before: the token expires before it begins to be \
                       valid\n";
        assert_eq!(outcome.err, if is_warned_of { warning } else { "" });
    }
}

/// Mints from a request, given by standard input.
fn mint_request(arguments: &[&str], request: &str) -> Outcome {
    let mut command = captoken(&["mint", "--now=1000", "--request=-"]);
    command
        .args(arguments)
        .env("CAPTOKEN_AUTH_TOKEN", "secret")
        .env("CAPTOKEN_API_KEY_SECRET", "key secret")
        .env("CAPTOKEN_ACCOUNT_SID", "ACother");
    outcome(&mut command, request)
}

#[test]
fn request_mints_the_token_of_cap_mint() {
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
    command.env("CAPTOKEN_ACCOUNT_SID", "");
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
fn request_warns_as_the_options_do() {
    let request = r#"{"account_sid":"AC1","incoming":"ali ce","not_before":5000}"#;
    let outcome = mint_request(&[], request);
    assert_eq!(outcome.code, Some(0));
    let warnings: Vec<&str> = outcome.err.lines().collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert!(warnings[0].starts_with("captoken: warning: --request: incoming: "));
    assert!(warnings[1].contains("expires before it begins"));
    let request = r#"{"account_sid":"AC1","api_key_sid":"SK1","incoming":"a","client_name":"b"}"#;
    let outcome = mint_request(&[], request);
    assert!(
        outcome.err.contains("an access token has one name"),
        "{}",
        outcome.err
    );
}

#[test]
fn wrong_requests_end_with_their_status() {
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
            .starts_with("captoken: cannot read the --request: ")
    );
}

#[test]
fn request_refuses_options_that_it_replaces() {
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

#[test]
fn mint_s_json_has_the_token_and_its_expiry() {
    let mut command = signing(&[&MINT[..], &["--json", "--now=1000", "--ttl=60"]].concat());
    let json = outcome(&mut command, "").json();
    let claims = decode(text(&json["token"]), "secret");
    assert_eq!(claims["exp"], 1060);
    assert_eq!(json, json!({"token": json["token"], "expires_at": 1060}));
}

// The secret.

/// The secrets of both kinds of token: name, variable, option for the secret itself, and
/// the further arguments of mint.
const SECRETS: [(&str, &str, &str, &[&str]); 2] = [
    ("auth token", "CAPTOKEN_AUTH_TOKEN", "--auth-token", &[]),
    (
        "API key secret",
        "CAPTOKEN_API_KEY_SECRET",
        "--api-key-secret",
        &["--api-key=SK1"],
    ),
];

fn assert_signed(token: &str, secret: &str) {
    let [header, payload] = token::parts(token);
    let expected = token::sign(header.as_bytes(), payload.as_bytes(), secret);
    assert_eq!(token, expected);
}

/// Mints with a secret from a file, and from standard input, and expects another.
fn assert_secret(content: &str, expected: &str) {
    let file = TestFile::new("secret", content.as_bytes());
    for (_, variable, option, more) in SECRETS {
        for (path, input) in [(file.0.as_os_str(), ""), (OsStr::new("-"), content)] {
            let mut command = captoken(&MINT);
            // The option wins.
            command
                .args(more)
                .env(variable, "another")
                .arg(format!("{option}-file"))
                .arg(path);
            let token = outcome(&mut command, input).printed();
            assert_signed(token.trim_end(), expected);
        }
    }
}

#[test]
fn of_a_file_one_line_break_at_the_end_is_no_part_of_the_secret_and_all_else_is() {
    assert_secret("secret", "secret");
    assert_secret("secret\n", "secret");
    assert_secret("secret\r\n", "secret");
    assert_secret("secret\n\n", "secret\n");
    assert_secret("secret\r\n\r\n", "secret\r\n");
    assert_secret("secret\r", "secret\r");
    assert_secret("secret\n\r", "secret\n\r");
    assert_secret(" secret \n", " secret ");
    assert_secret("\nsecret", "\nsecret");
    assert_secret("\u{feff}é\0x\n", "\u{feff}é\0x");
    let longest = "x".repeat(65_536);
    assert_secret(&longest, &longest);
}

#[test]
fn the_secret_of_the_environment_is_taken_as_it_is() {
    for secret in ["secret", " secret\n", "é"] {
        for (_, variable, _, more) in SECRETS {
            let mut command = captoken(&MINT);
            command.args(more).env(variable, secret);
            assert_signed(outcome(&mut command, "").printed().trim_end(), secret);
        }
    }
}

#[test]
fn without_a_secret_that_can_be_used_the_program_fails_with_1_and_says_why() {
    let empty = TestFile::new("empty", b"");
    let line_break = TestFile::new("line break", b"\n");
    let latin = TestFile::new("latin", b"secr\xe9t\n");
    let long = TestFile::new("long", &[b'x'; 65_537]);
    let folder = env!("CARGO_TARGET_TMPDIR").into();
    let file = |path: &TestFile| Some(path.0.clone().into_os_string());
    let latin_text = OsString::from_vec(b"secr\xe9t".to_vec());
    // The variable, the file, and the message, in which words stand for those of a kind.
    let cases = [
        (None, None, "no NAME: set VARIABLE, or use OPTION-file PATH"),
        (Some("".into()), None, "VARIABLE is empty"),
        (Some(latin_text), None, "VARIABLE is not UTF-8"),
        (None, file(&empty), "the OPTION-file is empty"),
        (None, file(&line_break), "the OPTION-file is empty"),
        (None, file(&latin), "the OPTION-file is not UTF-8"),
        (
            None,
            file(&long),
            "cannot read the OPTION-file: it is longer",
        ),
        (None, Some(folder), "cannot read the OPTION-file: Is a dir"),
        (
            None,
            Some("no such file".into()),
            "cannot read the OPTION-file: No such",
        ),
        (None, Some("-".into()), "the OPTION-file is empty"),
    ];
    for (name, variable, option, more) in SECRETS {
        let mint = [&MINT, more].concat();
        let mut minting = captoken(&mint);
        let token = outcome(minting.env(variable, "secret"), "").printed();
        for (value, file, message) in &cases {
            let message = message.replace("NAME", name);
            let message = message.replace("VARIABLE", variable);
            let message = message.replace("OPTION", option);
            for arguments in [&mint[..], &["verify", token.trim_end()]] {
                let mut command = captoken(arguments);
                command.arg("--json");
                if let Some(value) = value {
                    command.env(variable, value);
                }
                if let Some(file) = file {
                    command.arg(format!("{option}-file")).arg(file);
                }
                let outcome = outcome(&mut command, "");
                assert_eq!(outcome.code, Some(1), "{outcome:?}");
                let line = outcome.err.strip_prefix("captoken: ").expect("a message");
                assert!(line.starts_with(&message), "{message} {outcome:?}");
                assert_eq!(line.lines().count(), 1, "{outcome:?}");
                assert_eq!(outcome.json()["status"], 1);
            }
        }
    }
}

/// Also where somebody puts it where it does not belong.
#[test]
fn the_secret_is_never_shown_and_never_taken_from_the_command_line() {
    for (name, variable, option, more) in SECRETS {
        let mut minting = captoken(&MINT);
        let token = outcome(minting.args(more).env(variable, "secret"), "").printed();
        let token = token.trim_end();
        let mint = [&["mint", "--account=AC1"], more].concat().join(" ");
        let refused = |outcome: &Outcome| {
            assert_eq!(outcome.code, Some(2), "{outcome:?}");
            let said = format!(
                "error: the {name} is not taken from the command line, which other users of this\n\
                 machine can read. Set {variable}, or use {option}-file PATH.\n"
            );
            assert!(outcome.err.starts_with(&said), "{outcome:?}");
        };
        let cases = format!(
            "refused {mint} {option} {SECRET}
             refused {mint} {option}={SECRET}
             refused mint {option} {SECRET}
             refused {option} {SECRET} mint
             refused {option}={SECRET} verify {token}
             refused verify {token} {option}={SECRET}
             refused verify {option} {SECRET}
             refused inspect {token} {option} {SECRET}
             refused mint --frobnicate {option}
             refused {mint} {option}{SECRET}
             refused {mint} {option}:{SECRET}
             refused {mint} {option}s={SECRET}
             unseen {mint} --secret {SECRET}
             unseen {mint} {option}-file {SECRET}
             unseen {mint} {option}-fil={SECRET}
             unseen verify {token} {option}-file {SECRET}
             unseen verify {SECRET}
             unseen inspect {SECRET}
             unseen verify {token}
             unseen {mint} --ttl=0
             unseen {mint} --json
             unseen mint --help"
        );
        for line in cases.lines() {
            let mut arguments = words(line);
            let is_refused = arguments.remove(0) == "refused";
            let mut command = captoken(&arguments);
            command.env(variable, SECRET);
            let outcome = outcome(&mut command, "");
            assert!(!outcome.out.contains(SECRET), "{outcome:?}");
            assert!(!outcome.err.contains(SECRET), "{outcome:?}");
            if is_refused {
                refused(&outcome);
            }
        }
    }
}

// Exit codes.

#[test]
fn wrong_usage_ends_with_2() {
    let token = mint(&[]);
    let usage = [
        "",
        "frobnicate",
        "mint",
        "mint --account=",
        "mint --account=AC1 extra",
        "mint --account=AC1 --ttl=ten",
        "mint --account=AC1 --ttl=9223372036854775808",
        "mint --account=AC1 --now=",
        "mint --account=AC1 --allow-incoming=",
        "mint --account=AC1 --allow-incoming=a --allow-incoming=b",
        "mint --account=AC1 --allow-outgoing=",
        "mint --account=AC1 --allow-outgoing=AP1 --param=a",
        "mint --account=AC1 --allow-outgoing=AP1 --client-name=",
        "mint --account=AC1 --param=a=b",
        "mint --account=AC1 --client-name=Alice",
        "mint --account=AC1 --filter=a=b",
        "mint --account=AC1 --event-stream --filter=a",
        "mint --account=AC1 --claim=a",
        "mint --account=AC1 --claim==1",
        "inspect",
        "verify",
        "mint --account=AC1 --api-key=",
        "mint --account=AC1 --api-key=SK1 --region=",
        "mint --account=AC1 --api-key=SK1 --push-credential=",
        "mint --account=AC1 --api-key=SK1 --client-name=",
        "mint --account=AC1 --api-key=SK1 --grant=a",
        "mint --account=AC1 --api-key=SK1 --grant={}",
        "mint --account=AC1 --api-key=SK1 --grant=={}",
        "verify - --auth-token-file=-",
        "verify - --api-key-secret-file=-",
        "verify a.b.c --auth-token-file=/dev/null --api-key-secret-file=/dev/null",
    ];
    for line in usage {
        let outcome = outcome(&mut signing(&words(line)), &token);
        assert_eq!(outcome.code, Some(2), "{line} {outcome:?}");
        assert_eq!(outcome.out, "", "{line}");
        assert_ne!(outcome.err, "", "{line}");
    }
}

/// A secret in the wrong place stays unseen, and no argument controls the terminal.
#[test]
fn wrong_usage_is_told_without_words_that_may_be_secrets_and_without_control_characters() {
    let cases = format!(
        "unexpected argument      | mint --account AC1 {SECRET}
         unexpected argument      | verify TOKEN {SECRET}
         unexpected argument      | inspect TOKEN {SECRET} --json
         unrecognized subcommand  | {SECRET}
         unrecognized subcommand  | help {SECRET}
         unexpected value         | mint --account AC1 --json={SECRET}
         '--param <KEY=VALUE>'    | mint --param {SECRET}
         '--filter <KEY=VALUE>'   | mint --filter {SECRET}
         '--claim <NAME=JSON>'    | mint --claim {SECRET}
         the name is empty        | mint --claim =\"{SECRET}\"
         '--grant <NAME=JSON>'    | mint --grant {SECRET}
         the name is empty        | mint --grant =\"{SECRET}\"
         '--secret' found         | mint --secret={SECRET}
         '--secret_file' found    | mint --secret_file={SECRET}
         '-s' found               | mint -s{SECRET}
         '...' found              | mint --{SECRET}
         '...' found              | mint --secret{SECRET}
         '...' found              | mint --secret:{SECRET}
         exists: '--account'      | mint --acount={SECRET}
         invalid value 'ten' for  | mint --ttl ten
         invalid value '10m' for  | mint --ttl 10m
         invalid value '...' for  | mint --ttl {SECRET}
         subcommand exists: 'mint'| mnit"
    );
    for line in cases.lines() {
        let (said, arguments) = line.split_once('|').expect("two columns");
        let outcome = outcome(&mut signing(&words(arguments)), "");
        assert_eq!(
            (outcome.code, outcome.out.as_str()),
            (Some(2), ""),
            "{line}"
        );
        assert!(outcome.err.contains(said.trim()), "{line} {outcome:?}");
        assert!(!outcome.err.contains(SECRET), "{outcome:?}");
    }
    let bad = "\u{1b}[2J\u{7}\r\nVERIFIED: \u{9b}31m\u{202e}\u{2028}\u{e0041}x";
    let option = format!("--{bad}");
    let same = format!("--ttl={bad}");
    let cases: [&[&str]; 8] = [
        &[bad],
        &[&option],
        &["verify", &option],
        &["verify", bad, bad],
        &["mint", &option],
        &["mint", "--ttl", bad],
        &["mint", "--account=AC1", &same, &same],
        &["mint", "--account=AC1", "--event-stream", "--filter", bad],
    ];
    for arguments in cases {
        // Usage repeats the program's own name.
        let mut command = signing(arguments);
        let outcome = outcome(command.arg0("\u{1b}[2J"), "");
        assert_eq!((outcome.code, outcome.out.as_str()), (Some(2), ""));
        let is_shown = |character| matches!(character, ' '..='~' | '\n');
        assert!(outcome.err.chars().all(is_shown), "{outcome:?}");
        assert!(outcome.err.contains("\nFor more information, try"));
        let is_forged = |line: &str| line.starts_with("VERIFIED");
        assert!(!outcome.err.lines().any(is_forged), "{outcome:?}");
    }
}

#[test]
fn an_account_sid_that_is_empty_is_told_with_the_variable_it_may_come_from() {
    let mut command = signing(&["mint"]);
    let in_variable = outcome(command.env("CAPTOKEN_ACCOUNT_SID", ""), "");
    let in_option = outcome(&mut signing(&["mint", "--account="]), "");
    for outcome in [in_variable, in_option] {
        assert_eq!(outcome.code, Some(2));
        let said = "the option, or else CAPTOKEN_ACCOUNT_SID, is empty";
        assert!(outcome.err.contains(said), "{outcome:?}");
    }
}

#[test]
fn what_the_library_refuses_ends_with_the_number_of_its_status() {
    let token = mint(&["--now=1000", "--ttl=60", "--not-before=1010"]);
    let (signing_input, _) = token.rsplit_once('.').expect("a signature");
    let other = sign(r#"{"alg":"HS512"}"#, r#"{"exp":1}"#);
    let none = sign(r#"{"alg":"none"}"#, r#"{"exp":1}"#);
    let no_expiry = say(&json!({"iss": "AC1"}));
    let wrong = format!("{signing_input}.AAAA");
    let cases = format!(
        "4  mint --account=AC1 --ttl 0
         4  mint --account=AC1 --ttl -1
         4  mint --account=AC1 --ttl=86401
         5  mint --account=AC1 --now -1
         5  mint --account=AC1 --now=9007199254740991
         5  mint --account=AC1 --not-before -1
         5  verify --now -1 {token}
         5  inspect --now=9007199254740992 {token}
         11 mint --account=AC1 --claim=iss=1
         12 mint --account=AC1 --claim=a=
         12 mint --account=AC1 --claim=a=text
         16 verify a
         16 verify --now=1020 {signing_input}
         16 verify --now=1020 {no_expiry}
         16 inspect a
         16 inspect a.b
         16 inspect a.b.c
         16 inspect W10.e30.
         16 inspect e30.MQ.
         16 inspect e30=.e30.
         16 inspect e30._w.
         17 verify --now=0 {none}
         17 verify --now=0 {other}
         18 verify --now=1020 {wrong}
         19 verify --now=1060 {token}
         20 verify --now=1009 {token}"
    );
    let statuses = [
        Status::InvalidTtl,
        Status::InvalidTime,
        Status::ReservedName,
        Status::InvalidJson,
        Status::TokenMalformed,
        Status::TokenAlgorithm,
        Status::TokenSignature,
        Status::TokenExpired,
        Status::TokenNotYetValid,
    ];
    for line in cases.lines() {
        let mut arguments = words(line);
        let code: i32 = arguments.remove(0).parse().expect("a number");
        let status = statuses.iter().find(|status| **status as i32 == code);
        let without = outcome(&mut signing(&arguments), "");
        let with = outcome(signing(&arguments).arg("--json"), "");
        assert_eq!(without.code, Some(code), "{arguments:?} {without:?}");
        assert_eq!(with.code, without.code);
        assert_eq!(with.err, without.err);
        assert_eq!(without.out, "", "{arguments:?}");
        let message = without.err.strip_prefix("captoken: ").expect("a message");
        let message = message.strip_suffix('\n').expect("a line");
        let said = status.expect("known").message().to_str().expect("ASCII");
        assert!(message.contains(said), "{arguments:?} {message}");
        let mut expected = json!({"status": code, "error": message});
        if arguments[0] != "mint" {
            expected["verified"] = false.into();
        }
        assert_eq!(with.json(), expected);
    }
}

// Verify.

#[test]
fn a_token_is_valid_from_nbf_until_the_second_before_exp() {
    let token = mint(&["--now=1000", "--ttl=60", "--not-before=1010"]);
    let codes = ["1009", "1010", "1059", "1060"].map(|now| verify(&token, now).code);
    assert_eq!(codes, [Some(20), Some(0), Some(0), Some(19)]);
    let mut command = captoken(&["verify", "--now=1020", &token]);
    command.env("CAPTOKEN_AUTH_TOKEN", "Secret");
    assert_eq!(outcome(&mut command, "").code, Some(18));
    // And by the clock.
    let mut command = signing(&["verify", &mint(&["--ttl=60"])]);
    assert_eq!(outcome(&mut command, "").code, Some(0));
    let mut command = signing(&["verify", &token]);
    assert_eq!(outcome(&mut command, "").code, Some(19));
}

/// What stands where a script puts a token may have been written by anybody.
#[test]
fn verify_succeeds_with_no_single_argument_but_a_valid_token() {
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
    // Nor does help among others.
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
fn verify_shows_what_inspect_shows_and_says_that_it_verified() {
    let token = mint(&["--now=1000", "--allow-incoming=Alice"]);
    let mut command = signing(&["verify", "--now=1020", &token]);
    let verified = outcome(&mut command, "").printed();
    let inspected = inspect(&token, "1020");
    let (first, rest) = verified.split_once('\n').expect("lines");
    assert!(first.starts_with("VERIFIED: "), "{first}");
    assert!(first.contains("1970-01-01T00:17:00Z"), "{first}");
    let (first, others) = inspected.split_once('\n').expect("lines");
    assert_eq!(first, "NOT VERIFIED: anybody can have written this.");
    assert_eq!(rest, others);

    let verified = verify(&token, "1020").json();
    let mut inspected = inspect_json(&token, "1020");
    assert_eq!(inspected["verified"], false);
    inspected["verified"] = true.into();
    assert_eq!(verified, inspected);
}

/// Whatever inspect would make of it.
#[test]
fn verify_takes_every_official_token_of_the_cases() {
    let mut verified = 0;
    for case in &cases() {
        for token in case["tokens"].as_array().expect("a list") {
            let mut command = captoken(&["verify", "-"]);
            command
                .arg(format!("--now={}", case["now"]))
                .env("CAPTOKEN_AUTH_TOKEN", text(&case["auth_token"]));
            let outcome = outcome(&mut command, text(&token["token"]));
            assert_eq!(outcome.code, Some(0), "{}: {outcome:?}", case["name"]);
            verified += 1;
        }
    }
    assert_eq!(verified, 502);
}

// Malformed tokens.

/// The same is said by both commands, whether inspect can show the rest or not.
fn assert_malformed(token: &str, why: &str) {
    let said = format!("the token is malformed: {why}");
    let line = format!("captoken: {said}\n");
    let verified = outcome(&mut signing(&["verify", "--now=0", "-"]), token);
    assert_eq!((verified.code, &verified.err), (Some(16), &line));
    assert_eq!(verified.out, "");
    let inspected = outcome(&mut captoken(&["inspect", "--json", "--now=0", "-"]), token);
    if inspected.code == Some(16) {
        assert_eq!(inspected.err, line);
        assert_eq!(inspected.json()["error"], said);
    } else {
        assert_eq!(inspected.code, Some(0), "{inspected:?}");
        assert_eq!(inspected.json()["problem"], said);
    }
}

#[test]
fn of_a_malformed_token_both_commands_say_what_is_wrong() {
    let token = mint(&["--now=0"]);
    let parts: Vec<&str> = token.split('.').collect();
    let &[header, payload, signature] = parts.as_slice() else {
        panic!("3 parts: {token}");
    };
    let three = |count| format!("it is not 3 parts with dots between them, but {count}");
    assert_malformed("", "it is empty");
    for bearer in ["Bearer ", "bearer  "] {
        let why = "'Bearer ' stands before it: leave that out";
        assert_malformed(&format!("{bearer}{token}"), why);
    }
    assert_malformed("Bearer", &three(1));
    assert_malformed(&format!("{header}.{payload}"), &three(2));
    assert_malformed(&format!("{token}."), &three(4));
    assert_malformed(&format!("{token}.{token}"), &three(6));

    let whole = [header, payload, signature];
    for (index, name) in ["header", "payload", "signature"].into_iter().enumerate() {
        for (end, why) in [
            ("=", "it has padding, '='"),
            ("+=", "it has '+'"),
            ("/", "it has '/'"),
            ("a\nb", "it has '\\n'"),
            ("\u{1b}[2J", "it has '\\u{1b}'"),
            ("\u{202e}", "it has '\\u{202e}'"),
            ("é", "it has 'é'"),
        ] {
            let part = format!("{}{end}", whole[index]);
            let mut changed = whole;
            changed[index] = &part;
            let why = format!("its {name} is not base64url: {why}");
            assert_malformed(&changed.join("."), &why);
        }
        // A length that no bytes have, and a last character with bits of a further byte.
        for cut in ["AAAAA", "AB"] {
            let mut changed = whole;
            changed[index] = cut;
            let why = "is not base64url: it does not end where a byte does, as if it were cut";
            assert_malformed(&changed.join("."), &format!("its {name} {why}"));
        }
    }

    let right = r#"{"exp":1}"#;
    for (json, what) in [
        (&b""[..], "a JSON object"),
        (b"[]", "a JSON object"),
        (b"null", "a JSON object"),
        (b"{\"exp\":1,}", "a JSON object"),
        (b"{} {}", "a JSON object"),
        (b"{\"exp\":1,\"a\":\"\xff\"}", "UTF-8"),
    ] {
        let token = token::sign(json, right.as_bytes(), "secret");
        assert_malformed(&token, &format!("its header is not {what}"));
        let token = token::sign(token::HEADER.as_bytes(), json, "secret");
        assert_malformed(&token, &format!("its payload is not {what}"));
    }
    // Which other readers of JSON may take.
    for text in [r"\ud800", r"\udc00\ud800", r"\\\udFFF\\u0020", r"a\ud800b"] {
        for json in [
            format!(r#"{{"exp":1,"alg":"HS256","a":[{{"b":"{text}"}}]}}"#),
            format!(r#"{{"{text}":1,"alg":"HS256","exp":1}}"#),
        ] {
            let why = "has an escape for half a character";
            assert_malformed(&sign(&json, right), &format!("its header {why}"));
            let token = sign(token::HEADER, &json);
            assert_malformed(&token, &format!("its payload {why}"));
        }
    }
    let crit = "its header has crit: it asks for extensions, and none is known";
    for (header, why) in [
        (r#"{"alg":"HS256","crit":["exp"]}"#, crit),
        (r#"{"alg":"HS256","crit":null}"#, crit),
        (r#"{"alg":"HS256","typ":"JWE"}"#, "its typ is not JWT"),
        (r#"{"alg":"HS256","typ":null}"#, "its typ is not JWT"),
        (
            r#"{"alg":"HS256","\u0061lg":"HS256"}"#,
            "it has alg more than once",
        ),
        (
            r#"{"typ":"JWT","alg":"HS256","typ":"JWT"}"#,
            "it has typ more than once",
        ),
    ] {
        assert_malformed(&sign(header, right), why);
    }
    let exp = "its exp is not a time that can be read";
    let nbf = "its nbf is not a time that can be read";
    for (payload, why) in [
        ("{}", "it has no exp"),
        (r#"{"exp":null}"#, exp),
        (r#"{"exp":"soon"}"#, exp),
        (r#"{"exp":"1.5"}"#, exp),
        (r#"{"exp":[1]}"#, exp),
        (r#"{"exp":1,"nbf":null}"#, nbf),
        (r#"{"exp":1,"nbf":"+1"}"#, nbf),
        (r#"{"exp":1,"exp":1}"#, "it has exp more than once"),
        (
            r#"{"exp":1,"nbf":1,"nbf":1,"nbf":1}"#,
            "it has nbf more than once",
        ),
    ] {
        assert_malformed(&sign(token::HEADER, payload), why);
    }

    // What is read before all of this.
    for arguments in [&["inspect", "-"], &["verify", "-"]] {
        let outcome = outcome(&mut signing(arguments), b"a.\xff.b");
        let line = "captoken: the token is malformed: it is not UTF-8\n";
        assert_eq!((outcome.code, outcome.err.as_str()), (Some(16), line));
    }
}

/// What nests deeper could not be read by those who read the report either.
#[test]
fn inspect_reads_as_deep_as_verify_and_refuses_what_nests_deeper() {
    let quotes = r#""\"[[[{{{\\""#;
    for (open, close) in [("[", "]"), ("{\"[\":", "}")] {
        for (depth, is_read) in [(128, true), (129, false), (90_000, false)] {
            let deep = format!("{}{quotes}{}", open.repeat(depth), close.repeat(depth));
            let token = sign(
                token::HEADER,
                &format!("{{\"a\":{deep},\"b\":[{{}}],\"exp\":1}}"),
            );
            let header = format!("{{\"alg\":\"HS256\",\"a\":{deep}}}");
            let other = sign(&header, r#"{"exp":1}"#);
            for (token, part) in [(token, "payload"), (other, "header")] {
                if is_read {
                    for command in ["verify", "inspect"] {
                        let arguments = [command, "--json", "--now=0", "-"];
                        let said = outcome(&mut signing(&arguments), &token).printed();
                        assert!(said.contains(&deep), "{said}");
                        assert!(said.contains("\"problem\":null"), "{said}");
                    }
                } else {
                    let why = format!("its {part} nests deeper than 129 levels");
                    assert_malformed(&token, &why);
                }
            }
        }
    }
}

// Inspect.

#[test]
fn inspect_says_in_words_what_a_token_allows_and_for_how_long() {
    let token = mint(&[
        "--now=1400000000",
        "--allow-incoming=Alice",
        "--allow-outgoing=AP1",
        "--client-name=Bob",
        "--param=Foo=Bar",
        "--param=a b=c, d=\u{1f600}",
        "--event-stream",
        "--filter=type=call",
        "--not-before=1400000030",
    ]);
    let expected = "\
NOT VERIFIED: anybody can have written this.
header      {\"typ\":\"JWT\",\"alg\":\"HS256\"}
payload     {\"scope\":\"scope:client:incoming?clientName=Alice \
        scope:client:outgoing?appSid=AP1&appParams=\
        Foo%3DBar%26a%2520b%3Dc%252C%2520d%253D%25F0%259F%2598%2580\
        &clientName=Bob \
        scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params=type%3Dcall\",\
        \"iss\":\"AC1\",\"exp\":1400003600,\"nbf\":1400000030}
kind        capability token
issuer      AC1
incoming    as client \"Alice\"
outgoing    to application AP1 as client \"Bob\", parameters: Foo=Bar, \"a b\"=\"c, d=\u{1f600}\"
events      /2010-04-01/Events, filters: type=call
expires     2014-05-13T17:53:20Z, in 59m 30s
valid since 2014-05-13T16:53:50Z, 0s ago
";
    assert_eq!(inspect(&token, "1400000030"), expected);
}

#[test]
fn inspect_tells_the_times_as_they_look_now() {
    let token = say(&json!({"exp": 1_400_003_600, "nbf": 1_400_000_000, "iat": 1_400_000_000}));
    let lines = |now| {
        inspect(&token, now)
            .lines()
            .skip(6)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        lines("1399999999"),
        [
            "expires     2014-05-13T17:53:20Z, in 1h 1s",
            "valid from  2014-05-13T16:53:20Z, in 1s",
            "issued      2014-05-13T16:53:20Z, in 1s",
        ]
    );
    assert_eq!(
        lines("1400003600")[0],
        "expired     2014-05-13T17:53:20Z, 0s ago"
    );
    assert_eq!(
        lines("1400273599"),
        [
            "expired     2014-05-13T17:53:20Z, 3days 2h ago",
            "valid since 2014-05-13T16:53:20Z, 3days 3h ago",
            "issued      2014-05-13T16:53:20Z, 3days 3h ago",
        ]
    );
}

#[test]
fn inspect_reads_tokens_that_verify_would_refuse_and_says_so() {
    let last = |token: &str| {
        inspect(token, "1000")
            .lines()
            .last()
            .expect("a line")
            .to_owned()
    };
    let problem = |what| format!("problem     no secret verifies this: the token is {what}");
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"RS256","kid":"x"}"#, "{}"] {
        let token = sign(header, r#"{"exp":1}"#);
        assert_eq!(last(&token), problem("not signed with HS256"));
        assert_eq!(
            inspect_json(&token, "1")["problem"],
            "the token is not signed with HS256"
        );
    }
    let token = mint(&[]);
    let (signing_input, _) = token.rsplit_once('.').expect("a signature");
    assert!(inspect(&format!("{signing_input}."), "1").contains("issuer      AC1"));

    for payload in [
        "{}",
        r#"{"exp":null}"#,
        r#"{"exp":"soon"}"#,
        r#"{"exp":"+5"}"#,
        r#"{"exp":1,"exp":2}"#,
        r#"{"exp":[[[]]]}"#,
        r#"{"exp":1e400}"#,
        r#"{"exp":{"$serde_json::private::RawValue":"5"}}"#,
    ] {
        let token = sign(token::HEADER, payload);
        assert!(last(&token).starts_with(&problem("malformed")), "{payload}");
        let said = inspect(&token, "0");
        assert!(said.contains("\nexpires     unknown"), "{said}");
        let code = verify(&token, "0").code;
        assert_eq!(code, Some(16), "{payload}");
    }
    let said = inspect(&say(&json!({"iss": 5, "scope": []})), "1000");
    for line in [
        "issuer      unknown: it has no iss that is a text",
        "scopes      none",
        "expires     unknown: it has no exp that can be read",
    ] {
        assert!(said.lines().any(|other| other == line), "{said}");
    }
}

/// As the library reads them, so that both say the same of every token.
#[test]
fn inspect_reads_the_times_that_verify_reads() {
    for (exp, expires_at, words) in [
        (
            r#""1400000600""#,
            "1400000600",
            "2014-05-13T17:03:20Z, in 10m",
        ),
        (
            "1400000000.5",
            "1400000000.5",
            "2014-05-13T16:53:20Z, in 0s",
        ),
        ("1e300", "1e300", "1e300 seconds after 1970"),
        (
            "253402300799",
            "253402300799",
            "9999-12-31T23:59:59Z, in 7985years 5months",
        ),
        (
            "253402300800",
            "253402300800",
            "2.534023008e11 seconds after 1970",
        ),
        (
            r#""99999999999999999999""#,
            "1e20",
            "1e20 seconds after 1970",
        ),
        (
            "9007199254740992.0",
            "9007199254740992",
            "9.007199254740992e15 seconds after 1970",
        ),
        (
            "9007199254740994",
            "9007199254740994.0",
            "9.007199254740994e15 seconds after 1970",
        ),
        ("14000006e2", "1400000600", "2014-05-13T17:03:20Z, in 10m"),
    ] {
        let token = sign(token::HEADER, &format!("{{\"exp\":{exp}}}"));
        let json = inspect_json(&token, "1400000000");
        let expires_at: Value = serde_json::from_str(expires_at).expect("JSON");
        assert_eq!(json["expires_at"], expires_at);
        assert_eq!(json["expired"], false);
        assert_eq!(json["problem"], Value::Null);
        assert_eq!(verify(&token, "1400000000").code, Some(0), "{exp}");
        let said = inspect(&token, "1400000000");
        assert_eq!(
            said.lines().last(),
            Some(format!("expires     {words}").as_str())
        );
    }
    for (time, read) in [
        (r#""99999999999999999999""#, json!(1e20)),
        ("60.0", json!(60)),
        ("-1.5", json!(-1.5)),
        (r#""+60""#, Value::Null),
        (r#""60.0""#, Value::Null),
        (r#""""#, Value::Null),
        (r#""1e400""#, Value::Null),
        ("null", Value::Null),
    ] {
        let payload = format!("{{\"exp\":{time},\"nbf\":{time},\"iat\":{time}}}");
        let json = inspect_json(&sign(token::HEADER, &payload), "0");
        for member in ["expires_at", "not_before", "issued_at"] {
            assert_eq!(json[member], read, "{member} {time}");
        }
    }
    let json = inspect_json(&say(&json!({"exp": -1})), "0");
    assert_eq!(
        (&json["expires_at"], &json["expired"]),
        (&json!(-1), &json!(true))
    );
}

#[test]
fn a_scope_of_another_form_is_shown_as_it_stands() {
    let others = [
        "scope:client:incoming",
        "scope:client:incoming?clientname=Alice",
        "scope:client:incoming?clientName=Alice&clientName=Bob",
        "scope:client:outgoing?appSid=AP1&more=1",
        "scope:stream:publish?path=x",
        "all",
        // Not UTF-8: in a value, in a key, in a pair, beside what stands for it.
        "scope:client:incoming?clientName=%FF",
        "scope:client:incoming?clientName=Alice&%C3=",
        "scope:client:outgoing?appSid=AP1&appParams=a%3D%25e2%2582",
        "scope:stream:subscribe?path=%F0%EF%BF%BD",
    ];
    let json = inspect_json(&say(&json!({"scope": others.join(" ")})), "0");
    let expected: Vec<_> = others
        .iter()
        .map(|scope| json!({"kind": "other", "scope": scope}))
        .collect();
    assert_eq!(json["scopes"], json!(expected));
    let said = inspect(&say(&json!({"scope": others.join(" ")})), "0");
    assert!(
        said.contains("other       \"scope:client:incoming?clientname=Alice\"\n"),
        "{said}"
    );
    assert!(said.contains("other       all\n"), "{said}");

    // The character that stands for what is not UTF-8 can be meant.
    let scope = "scope:client:incoming?clientName=%ef%bf%BD\u{fffd}%C3%A9";
    let json = inspect_json(&say(&json!({"scope": scope})), "0");
    assert_eq!(json["scopes"][0]["client_name"], "\u{fffd}\u{fffd}é");
}

#[test]
fn the_scopes_for_scripts_are_those_of_the_token() {
    for case in &cases() {
        let token = official(case, text(&case["tokens"][0]["sdks"][0]));
        let json = inspect_json(token, "0");
        let claims = &json["payload"];
        let mut expected = scopes(claims);
        let mut read: Vec<_> = json["scopes"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|scope| {
                let mut query = Vec::new();
                for (key, member) in [
                    ("appSid", "application_sid"),
                    ("clientName", "client_name"),
                    ("path", "path"),
                ] {
                    if let Some(value) = scope[member].as_str() {
                        query.push((key.to_owned(), value.to_owned()));
                    }
                }
                let (name, params) = match text(&scope["kind"]) {
                    "incoming" => ("scope:client:incoming", &json!([])),
                    "outgoing" => ("scope:client:outgoing", &scope["params"]),
                    "events" => ("scope:stream:subscribe", &scope["filters"]),
                    other => panic!("{}: {other}", case["name"]),
                };
                scope::Scope {
                    name: name.to_owned(),
                    query,
                    params: pairs(params),
                }
            })
            .collect();
        expected.sort();
        read.sort();
        assert_eq!(read, expected, "{}", case["name"]);
    }
}

#[test]
fn the_json_of_inspect_has_what_scripts_may_rely_on() {
    let header = r#"{ "typ":"JWT", "alg":"HS256","x":1.50 }"#;
    let payload = "{\"iss\":\"AC1\",\n\"scope\":\"scope:client:incoming?clientName=Alice\",\"exp\":60,\
                   \"nbf\":30,\"iat\":10,\"a\":1,\"a\":1e2}";
    let token = sign(header, payload);
    let outcome = outcome(
        &mut captoken(&["inspect", "--json", "--now=60", &token]),
        "",
    );
    // Spelled as in the token, but for line breaks.
    assert_eq!(
        outcome.out,
        format!(
            "{{\"verified\":false,\"kind\":\"capability\",\"header\":{header},\"payload\":{},\"issuer\":\"AC1\",\
             \"scopes\":[{{\"kind\":\"incoming\",\"client_name\":\"Alice\"}}],\
             \"account\":\"AC1\",\"api_key\":null,\"region\":null,\"identity\":null,\"grants\":[],\
             \"expires_at\":60,\"expired\":true,\"not_before\":30,\"issued_at\":10,\"problem\":null}}\n",
            payload.replace('\n', " ")
        )
    );
    outcome.json();
}

/// What is in a token may have been written by anybody, to make a terminal hide it,
/// or show something else.
#[test]
fn nothing_in_a_token_reaches_the_terminal_as_a_control_character() {
    let bad = "\u{1b}[2J\u{7}\u{8}\r\n\u{7f}\u{85}\u{9b}31m\u{9d}\u{202e}\u{2066}\u{200f}\u{2028}\u{feff}\u{e0041}x";
    let encoded: String = bad.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let twice = encoded.replace('%', "%25");
    let scope = format!(
        "scope:client:incoming?clientName={encoded} \
         scope:client:outgoing?appSid={encoded}&appParams={twice}%3D{twice}&clientName={encoded} \
         scope:stream:subscribe?path={encoded}&params={twice}%3D{twice} {bad}"
    );
    // Once escaped as JSON must, and once with all that JSON takes as it is.
    let payload = json!({"iss": bad, "scope": scope, bad: [bad], "exp": bad}).to_string();
    let header = format!("{{\r\n\t\"alg\":\"HS256\",\"kid\":{}}}", json!(bad));
    let token = sign(&header, &payload);
    for arguments in [&["inspect", &token][..], &["inspect", "--json", &token]] {
        let said = outcome(&mut captoken(arguments), "").printed();
        for character in said.chars() {
            let is_harmless = character == '\n'
                || character.escape_debug().len() == 1
                || matches!(character, '"' | '\\');
            assert!(is_harmless, "{character:?}: {said}");
        }
        if arguments.len() == 2 {
            assert_eq!(said.lines().count(), 11, "{said}");
            assert!(
                said.contains(r#"incoming    as client "\u{1b}[2J\u{7}"#),
                "{said}"
            );
        } else {
            let json: Value = serde_json::from_str(&said).expect("JSON");
            assert_eq!(json["issuer"], bad);
            assert_eq!(json["payload"][bad], json!([bad]));
            assert_eq!(json["scopes"][0]["client_name"], bad);
        }
    }
    // Nor what it says in an error.
    let outcome = outcome(&mut captoken(&["inspect", "\u{1b}[2J.\u{9b}.\u{202e}"]), "");
    assert_eq!(outcome.code, Some(16));
    assert!(
        outcome
            .err
            .trim_end()
            .bytes()
            .all(|byte| (b' '..=b'~').contains(&byte)),
        "{outcome:?}"
    );
}

// Streams.

#[test]
fn a_token_comes_from_standard_input_too_and_white_space_around_it_goes() {
    let token = mint(&["--now=1000"]);
    let padded = format!("\r\n \t{token} \n\n");
    for arguments in [&["inspect", "--now=1020"][..], &["verify", "--now=1020"]] {
        let given = outcome(signing(arguments).arg(&token), "").printed();
        assert_eq!(
            outcome(signing(arguments).arg("-"), &token).printed(),
            given
        );
        assert_eq!(
            outcome(signing(arguments).arg("-"), &padded).printed(),
            given
        );
        let in_two = token.replace('.', ".\n");
        for wrong in [b"".as_slice(), b" \n", in_two.as_bytes(), b"a.\xff.b"] {
            let outcome = outcome(signing(arguments).arg("-"), wrong);
            assert_eq!(outcome.code, Some(16), "{outcome:?}");
        }
    }
    // The library refuses Unicode white space, so the program does not drop it.
    for space in ["\u{a0}", "\u{85}", "\u{2028}", "\u{3000}"] {
        for padded in [format!("{token}{space}"), format!("{space}{token}")] {
            let outcome = outcome(&mut signing(&["verify", "--now=1020", "-"]), padded);
            assert_eq!(outcome.code, Some(16), "{outcome:?}");
        }
    }
    let file = TestFile::new("beside a token", b"secret\n");
    let mut command = captoken(&["verify", "--now=1020", "-", "--auth-token-file"]);
    outcome(command.arg(&file.0), &token).printed();
}

/// A pipe whose reader has gone. Whatever else starts at the same time may hold it open
/// for a moment longer, so it is tried.
fn closed_pipe() -> Stdio {
    let mut reader = Command::new("true")
        .stdin(Stdio::piped())
        .spawn()
        .expect("started");
    let mut pipe = reader.stdin.take().expect("a pipe");
    reader.wait().expect("an end");
    while pipe.write(b"x").is_ok() {
        thread::yield_now();
    }
    pipe.into()
}

#[test]
fn a_reader_that_has_gone_ends_the_program_without_a_word() {
    let token = mint(&[]);
    let all: [&[&str]; 7] = [
        &MINT,
        &["inspect", &token],
        &["inspect", "--json", &token],
        &["verify", &token],
        &["verify", "--json", "--now=0", "a.b.c"],
        &["--help"],
        &["--version"],
    ];
    for arguments in all {
        let mut command = signing(arguments);
        let output = command
            .stdout(closed_pipe())
            .stderr(Stdio::piped())
            .output();
        let output = output.expect("an end");
        let err = String::from_utf8(output.stderr).expect("UTF-8");
        if arguments.contains(&"a.b.c") {
            assert_eq!(output.status.code(), Some(16));
            assert!(err.starts_with("captoken: the token is malformed: "));
        } else {
            assert_eq!(output.status.code(), Some(1), "{arguments:?}");
            assert_eq!(err, "", "{arguments:?}");
        }
        // Nobody reads its errors either.
        let mut command = signing(&["verify", "a.b.c"]);
        let status = command.stdout(closed_pipe()).stderr(closed_pipe()).status();
        assert_eq!(status.expect("an end").code(), Some(16));
    }
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let full = File::options()
        .write(true)
        .open("/dev/full")
        .expect("a device");
    let mut command = signing(&MINT);
    let output = command
        .stdout(full)
        .stderr(Stdio::piped())
        .output()
        .expect("an end");
    assert_eq!(output.status.code(), Some(1));
    let err = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(
        err.starts_with("captoken: cannot write to standard output: No space"),
        "{err}"
    );
}

// Help and documents.

#[test]
fn help_has_examples_of_every_command_and_the_exit_codes_of_the_library() {
    let help = |arguments: &[&str]| outcome(&mut captoken(arguments), "").printed();
    let main = help(&["--help"]);
    assert_eq!(main, help(&["-h"]));
    for command in ["mint", "inspect", "verify"] {
        assert!(main.contains(&format!("\n  captoken {command} ")), "{main}");
        let help = help(&["help", command]);
        let (_, examples) = help.split_once("\nExamples:\n").expect("examples");
        assert!(examples.contains(&format!("captoken {command} ")), "{help}");
        assert!(
            examples.contains("`captoken --help` lists the exit codes"),
            "{help}"
        );
    }
    let (_, table) = main.split_once("\nExit codes:\n").expect("a table");
    let rows: Vec<(i32, &str)> = table
        .lines()
        .filter_map(|line| line.trim_start().split_once("  "))
        .map(|(code, text)| (code.parse().expect("a number"), text))
        .collect();
    let codes: Vec<i32> = rows.iter().map(|(code, _)| *code).collect();
    assert_eq!(
        codes,
        [0, 1, 2, 4, 5, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21]
    );
    assert!(rows.contains(&(19, "the token has expired")), "{table}");
    let guide = document("docs/cli.md");
    let [documented] = guide
        .tables_below("Exit codes")
        .try_into()
        .expect("a table");
    let documented: Vec<i32> = documented[1..]
        .iter()
        .map(|row| row[0].parse().expect("a number"))
        .collect();
    assert_eq!(documented, codes);
    assert!(main.lines().all(|line| line.len() <= 90), "{main}");
    // What scripts must know.
    assert!(
        rows[0]
            .1
            .contains("of verify, a valid token and nothing else")
    );
    assert!(rows[2].1.contains("--json prints nothing"), "{table}");
    let verify = help(&["help", "verify"]);
    assert!(verify.contains("Ends with 0 for a valid token, and for nothing else"));
}

/// Those of one line, with a token in the place of the dots.
#[test]
fn the_examples_of_the_help_work() {
    let token = mint(&["--allow-incoming=Alice"]);
    let folder = Path::new(env!("CARGO_BIN_EXE_captoken"))
        .parent()
        .expect("a folder");
    let path = std::env::join_paths([folder.to_owned()].into_iter().chain(std::env::split_paths(
        &std::env::var_os("PATH").expect("a path"),
    )));
    let help = outcome(&mut captoken(&["mint", "--help"]), "").printed()
        + &outcome(&mut captoken(&["inspect", "--help"]), "").printed()
        + &outcome(&mut captoken(&["help", "verify"]), "").printed()
        + &outcome(&mut captoken(&["--help"]), "").printed();
    let help = help.replace("\\\n", " ").replace("eyJ0eXAi...", &token);
    let mut run = 0;
    for line in help.lines().map(str::trim_start) {
        let is_command = line.starts_with("captoken ") && !line.contains(['<', '['])
            || line.starts_with("printf ");
        if is_command {
            let mut shell = Command::new("sh");
            shell
                .args(["-euc", line])
                .env("CAPTOKEN_AUTH_TOKEN", "secret")
                .env("CAPTOKEN_API_KEY_SECRET", "key secret")
                .env("token", &token)
                .env("PATH", path.as_ref().expect("a path"));
            outcome(&mut shell, "").printed();
            run += 1;
        }
    }
    assert_eq!(run, 12);
    // Without a terminal, stty only complains.
    let help = outcome(&mut captoken(&["--help"]), "").printed();
    let reads = help.lines().find(|line| line.contains("stty"));
    let script = format!("{}; printenv CAPTOKEN_AUTH_TOKEN", reads.expect("a line"));
    let outcome = outcome(Command::new("sh").args(["-c", &script]), "se\\cret\n");
    assert_eq!(
        (outcome.code, outcome.out.as_str()),
        (Some(0), "se\\cret\n")
    );
}

#[test]
fn the_version_is_the_library_s() {
    let expected = format!("captoken {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        outcome(&mut captoken(&["--version"]), "").printed(),
        expected
    );
}

/// As they stand, in a folder of their own, in which they leave a token: that, and what
/// they print.
fn run_documented(name: &str, start: &str, file: &str) -> (String, String) {
    let folder = format!("{}-{}-{file}", name.replace('/', "-"), process::id());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    fs::create_dir(&folder).expect("a folder");
    let programs = Path::new(env!("CARGO_BIN_EXE_captoken")).parent();
    let path = format!(
        "{}:{}",
        programs.expect("a folder").display(),
        env::var("PATH").expect("PATH")
    );
    let mut shell = Command::new("sh");
    shell
        .args(["-euc", &document(name).block("sh", start)])
        .current_dir(&folder)
        .env_remove("CAPTOKEN_AUTH_TOKEN")
        .env_remove("CAPTOKEN_API_KEY_SECRET")
        .env("PATH", path);
    let out = run(&mut shell);
    let token = fs::read_to_string(folder.join(file)).expect("a token");
    fs::remove_dir_all(folder).expect("removed");
    (token.trim_end().to_owned(), out)
}

fn assert_shown_and_verified(out: &str) {
    let lines: Vec<&str> = out
        .lines()
        .filter(|line| line.contains("VERIFIED:"))
        .collect();
    assert!(lines[0].starts_with("NOT VERIFIED: ") && lines[1].starts_with("VERIFIED: "));
}

#[test]
fn the_documented_commands_mint_show_and_verify() {
    let start = "export CAPTOKEN_AUTH_TOKEN=secret\ncaptoken mint";
    let (token, out) = run_documented("README.md", start, "token.jwt");
    let incoming = &scopes(&decode(&token, "secret"))[0].query;
    assert_eq!(*incoming, [("clientName".to_owned(), "Alice".to_owned())]);
    assert_shown_and_verified(&out);

    let (token, out) = run_documented("docs/cli.md", start, "token.jwt");
    let params = &scopes(&decode(&token, "secret"))[1].params;
    assert_eq!(*params, [("Foo".to_owned(), "Bar".to_owned())]);
    assert_shown_and_verified(&out);
}

#[test]
fn the_documented_request_mints_the_same_permissions() {
    let start = "export CAPTOKEN_AUTH_TOKEN=secret\ncat ";
    let (token, out) = run_documented("docs/cli.md", start, "requested.jwt");
    let [incoming, outgoing] = scopes(&decode(&token, "secret"))
        .try_into()
        .expect("two scopes");
    assert_eq!(incoming.query, scope::pairs(&[("clientName", "Alice")]));
    assert_eq!(outgoing.params, scope::pairs(&[("Foo", "Bar")]));
    assert!(out.starts_with("VERIFIED: "), "{out}");
}

/// The token of README's C program, at the time that README's output is of.
#[test]
fn readme_shows_what_inspect_prints() {
    let now = "1400000000";
    let mut command = signing(&["mint", "--account=AC123123", "--allow-incoming=Alice"]);
    command.args(["--allow-outgoing=AP123123", "--param=Foo=Bar", "--ttl=600"]);
    let token = outcome(command.args(["--now", now]), "").printed();
    let shown = document("README.md").block("text", "NOT VERIFIED");
    assert_eq!(inspect(token.trim_end(), now), shown);
}

#[test]
fn the_documented_commands_mint_and_verify_access_tokens() {
    let start = "export CAPTOKEN_API_KEY_SECRET";
    let (token, out) = run_documented("docs/cli.md", start, "access.jwt");
    assert_signed(&token, "secret");
    assert!(out.starts_with("VERIFIED: "), "{out}");
    for line in [
        "kind        access token",
        "outgoing    to application AP123123, parameters: Foo=Bar",
        "video       in room \"standup\"",
    ] {
        assert!(out.lines().any(|other| other == line), "{out}");
    }
}

// The build.

#[test]
fn the_library_needs_nothing_of_the_command_line() {
    let tree = |arguments: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo
            .args([
                "tree",
                "--locked",
                "--offline",
                "--edges=normal",
                "--prefix=none",
            ])
            .args(arguments)
            .current_dir(root());
        run(&mut cargo)
    };
    for name in ["clap ", "humantime ", "form_urlencoded ", "serde "] {
        assert!(tree(&["--features=cli"]).contains(name), "{name}");
        assert!(
            !tree(&[]).lines().any(|line| line.starts_with(name)),
            "{name}"
        );
    }
}

/// As root, who has no cargo; and the library is left as it was.
#[test]
fn make_install_cli_installs_what_make_cli_has_built_and_uninstall_cli_leaves_nothing() {
    let target = stage().ancestors().nth(2).expect("the target folder");
    let library = target.join("release/libcaptoken.so");
    let library = || {
        fs::metadata(&library)
            .and_then(|file| file.modified())
            .expect("a time")
    };
    let before = library();
    run(&mut make("cli"));
    run(&mut make("all"));
    assert!(library() == before, "it was built anew");

    let destination = Path::new(env!("CARGO_TARGET_TMPDIR")).join("a destination of cli");
    // Of a run that failed.
    let _ = fs::remove_dir_all(&destination);
    let with_prefix = |target, prefix| {
        let mut command = make(target);
        command.arg(format!("DESTDIR={}", destination.display()));
        command.args([prefix, "CARGO=no-cargo-here"]);
        command
    };
    let (code, _, err) = native::outcome(&mut with_prefix("install-cli", "PREFIX=/with space"));
    assert_eq!(code, Some(2));
    assert!(err.contains("PREFIX must"), "{err}");
    run(&mut with_prefix("uninstall-cli", "PREFIX=/opt"));
    assert!(!destination.exists());

    run(&mut with_prefix("install-cli", "PREFIX=/opt"));
    let program = destination.join("opt/bin/captoken");
    let version = run(Command::new(&program).arg("--version"));
    assert_eq!(version, format!("captoken {}\n", env!("CARGO_PKG_VERSION")));
    run(&mut with_prefix("uninstall-cli", "PREFIX=/opt"));
    assert!(!program.exists());
    fs::remove_dir_all(&destination).expect("removed");
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}
