//! Tests of the command line, one module for each subject.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{fs, process};

use serde_json::Value;

use crate::support::token::{HEADER, parts, sign as sign_bytes};

mod support;

mod access;
mod build;
mod documents;
mod exit_codes;
mod grants;
mod help;
mod inspect;
mod malformed;
mod mint;
mod requests;
mod secrets;
mod streams;
mod verify;
mod warnings;

/// A secret that no output contains by accident.
const SECRET: &str = "5ecret-that-no-output-shows";

/// Mints without permissions, which most tests do not need, and without the warning about that.
const MINT: [&str; 4] = ["mint", "--account", "AC1", "--quiet"];

/// The exit code, standard output and standard error of the program.
#[derive(Debug)]
struct Outcome {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Outcome {
    /// The output of a run that succeeded without warnings.
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

    /// The output, which must be one line of JSON.
    fn json(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "{self:?}");
        assert!(self.out.ends_with('\n'), "{self:?}");
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

fn captoken<A: AsRef<OsStr>>(arguments: &[A]) -> Command {
    let mut command = without_credentials(env!("CARGO_BIN_EXE_captoken"));
    command.args(arguments);
    command
}

/// A command that does not see the credentials of the tests' environment.
fn without_credentials(program: &str) -> Command {
    let mut command = Command::new(program);
    for prefix in ["TWILIO", "CAPTOKEN"] {
        for name in ["AUTH_TOKEN", "API_KEY_SECRET", "ACCOUNT_SID"] {
            command.env_remove(format!("{prefix}_{name}"));
        }
    }
    command
}

/// The program, with the auth token "secret".
fn signing<A: AsRef<OsStr>>(arguments: &[A]) -> Command {
    let mut command = captoken(arguments);
    command.env("TWILIO_AUTH_TOKEN", "secret");
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
    // Fails if the program ends without reading.
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

/// A signed token with any header and payload.
fn sign(header: &str, payload: &str) -> String {
    sign_bytes(header.as_bytes(), payload.as_bytes(), "secret")
}

/// A token with this payload.
fn say(payload: &Value) -> String {
    sign(HEADER, &payload.to_string())
}

fn inspect(token: &str, now: &str) -> String {
    outcome(
        &mut captoken(&["inspect", "--quiet", "--now", now, token]),
        "",
    )
    .printed()
}

fn inspect_json(token: &str, now: &str) -> Value {
    let command = &mut captoken(&["inspect", "--json", "--quiet", "--now", now, token]);
    let outcome = outcome(command, "");
    assert_eq!((outcome.code, outcome.err.as_str()), (Some(0), ""));
    outcome.json()
}

fn verify(token: &str, now: &str) -> Outcome {
    outcome(&mut signing(&["verify", "--json", "--now", now, token]), "")
}

/// A file that is deleted on drop.
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

fn assert_signed(token: &str, secret: &str) {
    let [header, payload] = parts(token);
    let expected = sign_bytes(header.as_bytes(), payload.as_bytes(), secret);
    assert_eq!(token, expected);
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}
