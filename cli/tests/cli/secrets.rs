//! Secrets come from files and the environment, and are never shown.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStringExt;

use crate::{MINT, Outcome, SECRET, TestFile, assert_signed, captoken, outcome, words};

/// The secrets of both kinds of token: name, variable, option for the secret itself, and
/// the further arguments of mint.
const SECRETS: [(&str, &str, &str, &[&str]); 2] = [
    ("auth token", "TWILIO_AUTH_TOKEN", "--auth-token", &[]),
    (
        "API key secret",
        "TWILIO_API_KEY_SECRET",
        "--api-key-secret",
        &["--api-key=SK1"],
    ),
];

/// Mints with a secret from a file and from standard input. `expected` must have signed.
fn assert_secret(content: &str, expected: &str) {
    let file = TestFile::new("secret", content.as_bytes());
    for (_, variable, option, more) in SECRETS {
        for (path, input) in [(file.0.as_os_str(), ""), (OsStr::new("-"), content)] {
            let mut command = captoken(&MINT);
            // The option has precedence.
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
fn secret_file_loses_one_trailing_newline() {
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
fn environment_secret_is_unchanged() {
    for secret in ["secret", " secret\n", "é"] {
        for (_, variable, _, more) in SECRETS {
            let mut command = captoken(&MINT);
            command.args(more).env(variable, secret);
            assert_signed(outcome(&mut command, "").printed().trim_end(), secret);
        }
    }
}

#[test]
fn captoken_variables_replace_twilio_ones() {
    for (_, variable, _, more) in SECRETS {
        let own = variable.replace("TWILIO", "CAPTOKEN");
        let with_both = |arguments: &[&str]| {
            let mut command = captoken(arguments);
            command.env(variable, "another").env(&own, "secret");
            command
        };
        let mut alone = captoken(&MINT);
        let token = outcome(alone.args(more).env(&own, "secret"), "").printed();
        assert_signed(token.trim_end(), "secret");
        let mut minting = with_both(&["mint", "--quiet"]);
        minting.args(more).env("TWILIO_ACCOUNT_SID", "AC1");
        minting.env("CAPTOKEN_ACCOUNT_SID", "AC2");
        let token = outcome(&mut minting, "").printed();
        assert_signed(token.trim_end(), "secret");
        let verified =
            outcome(&mut with_both(&["verify", "--quiet", token.trim_end()]), "").printed();
        assert!(verified.contains(&format!("signed with the secret in {own}, valid")));
        assert!(verified.contains("\naccount     AC2\n"), "{verified}");
        let mut emptied = with_both(&["verify", token.trim_end()]);
        let outcome = outcome(emptied.env(&own, ""), "");
        assert_eq!(outcome.code, Some(1));
        assert_eq!(outcome.err, format!("captoken: {own} is empty\n"));
    }
}

/// The secret is not UTF-8, which must not show the rest of it.
#[test]
fn refused_secret_is_unseen() {
    let bytes = [SECRET.as_bytes(), b"\xe9"].concat();
    let file = TestFile::new("refused", &bytes);
    for (_, variable, option, more) in SECRETS {
        let mint = |more_still: &[&OsStr]| {
            let mut command = captoken(&MINT);
            command.args(more).args(more_still);
            command
        };
        let option = format!("{option}-file");
        let option = OsStr::new(&option);
        let mut in_variable = mint(&[]);
        in_variable.env(variable, OsString::from_vec(bytes.clone()));
        for (mut command, input) in [
            (in_variable, &b""[..]),
            (mint(&[option, file.0.as_os_str()]), b""),
            (mint(&[option, OsStr::new("-")]), &bytes),
        ] {
            command.env("RUST_BACKTRACE", "full");
            let outcome = outcome(&mut command, input);
            assert_eq!(outcome.code, Some(1), "{outcome:?}");
            assert!(outcome.err.contains("not UTF-8"), "{outcome:?}");
            assert!(!outcome.err.contains(SECRET), "{outcome:?}");
            assert_eq!(outcome.out, "");
        }
    }
}

#[test]
fn unusable_secret_exits_1_with_reason() {
    let empty = TestFile::new("empty", b"");
    let line_break = TestFile::new("line break", b"\n");
    let latin = TestFile::new("latin", b"secr\xe9t\n");
    let long = TestFile::new("long", &[b'x'; 65_537]);
    let folder = env!("CARGO_TARGET_TMPDIR").into();
    let file = |path: &TestFile| Some(path.0.clone().into_os_string());
    let latin_text = OsString::from_vec(b"secr\xe9t".to_vec());
    // Variable, file and message. The capitals stand for words of the kind of secret.
    let cases = [
        (None, None, "no NAME: set VARIABLE, or use OPTION-file PATH"),
        (Some("".into()), None, "VARIABLE is empty"),
        (Some(latin_text), None, "VARIABLE is not UTF-8"),
        (None, file(&empty), "the file of OPTION-file is empty"),
        (None, file(&line_break), "the file of OPTION-file is empty"),
        (None, file(&latin), "the file of OPTION-file is not UTF-8"),
        (
            None,
            file(&long),
            "cannot read the file of OPTION-file: it is longer",
        ),
        (
            None,
            Some(folder),
            "cannot read the file of OPTION-file: Is a dir",
        ),
        (
            None,
            Some("no such file".into()),
            "cannot read the file of OPTION-file: No such",
        ),
        (None, Some("-".into()), "the file of OPTION-file is empty"),
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

/// Users may put a secret in any place.
#[test]
fn secrets_on_the_command_line_are_refused() {
    for (name, variable, option, more) in SECRETS {
        let mut minting = captoken(&MINT);
        let token = outcome(minting.args(more).env(variable, "secret"), "").printed();
        let token = token.trim_end();
        let mint = [&["mint", "--account=AC1"], more].concat().join(" ");
        let refused = |outcome: &Outcome| {
            assert_eq!(outcome.code, Some(2), "{outcome:?}");
            let said = format!(
                "error: Do not pass the {name} as an option: other users of this machine can read it.\n\
                 Set {variable}, or use {option}-file PATH.\n"
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
             unseen {mint} -vv
             unseen {mint} --verbose
             unseen {mint} frobnicate
             unseen --help
             unseen --version
             unseen mint --help
             unseen verify --help"
        );
        // Not UTF-8.
        let unknown = OsString::from_vec(b"\xff".to_vec());
        refused(&outcome(&mut captoken(&[unknown, option.into()]), ""));
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
