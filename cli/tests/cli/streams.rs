//! Standard input, and output that cannot be written.

use std::io::Write;
use std::process::{Command, Stdio};
use std::thread;

use crate::{MINT, Outcome, TestFile, captoken, mint, outcome, signing, without_credentials};

#[test]
fn standard_input_token_loses_surrounding_whitespace() {
    let token = mint(&["--now=1000", "--allow-incoming=Alice"]);
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

/// A pipe without a reader. A process that starts concurrently may keep it open for a
/// moment, so this waits until a write fails.
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
fn closed_output_exits_without_message() {
    let token = mint(&["--allow-incoming=Alice"]);
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
            assert!(err.starts_with("captoken: the token is malformed\n"));
        } else {
            assert_eq!(output.status.code(), Some(1), "{arguments:?}");
            assert_eq!(err, "", "{arguments:?}");
        }
        // Standard error has no reader either.
        let mut command = signing(&["verify", "a.b.c"]);
        let status = command.stdout(closed_pipe()).stderr(closed_pipe()).status();
        assert_eq!(status.expect("an end").code(), Some(16));
    }
}

/// The commands that print something, without the token that `inspect` and `verify` need.
const PRINTING: [&[&str]; 5] = [
    &MINT,
    &["inspect"],
    &["verify"],
    &["--version"],
    &["mint", "--help"],
];

/// The program, with redirections of the shell.
fn redirected(arguments: &[&str], redirections: &str) -> Outcome {
    let mut command = without_credentials("sh");
    command
        .env("TWILIO_AUTH_TOKEN", "secret")
        .args(["-c", &format!("exec \"$0\" \"$@\" {redirections}")])
        .arg(env!("CARGO_BIN_EXE_captoken"))
        .args(arguments);
    outcome(&mut command, "")
}

#[test]
fn unwritable_output_is_an_error() {
    let token = mint(&["--allow-incoming=Alice"]);
    for arguments in PRINTING {
        let mut arguments = arguments.to_vec();
        if let ["inspect" | "verify"] = arguments[..] {
            arguments.push(&token);
        }
        let outcome = redirected(&arguments, "> /dev/full");
        assert_eq!(outcome.code, Some(1), "{arguments:?} {outcome:?}");
        let expected = "captoken: cannot write to standard output: No space left";
        assert!(outcome.err.starts_with(expected), "{outcome:?}");
    }
}

#[test]
fn closed_streams_that_are_unused_change_nothing() {
    let arguments = [&MINT[..], &["--now=1000"]].concat();
    let expected = outcome(&mut signing(&arguments), "").printed();
    assert_eq!(redirected(&arguments, "<&- 2>&-").printed(), expected);
    // A file of the program gets the lowest free descriptor.
    let file = TestFile::new("closed streams", b"secret\n");
    let path = file.0.to_str().expect("UTF-8");
    let with_file = [&arguments[..], &["--auth-token-file", path]].concat();
    assert_eq!(redirected(&with_file, "<&- 2>&-").printed(), expected);
    assert_eq!(
        redirected(&["verify", "a.b.c"], "<&- >&- 2>&-").code,
        Some(16)
    );
}
