//! Mints, reads and verifies tokens in a terminal.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use captoken::error::Error;
use captoken::jws::Key;
use captoken::validity::{check, check_time};

use self::arguments::{Arguments, Command, Inspect, Verify};
use self::failure::Failure;
use self::mint::mint;
use self::report::{Parts, Report, Verdict, visible};

mod arguments;
mod failure;
mod mint;
mod report;
mod secret;
mod usage;

fn main() -> ExitCode {
    let command = match Arguments::read() {
        Ok(arguments) => arguments.command,
        // Help and the version are errors to clap, too.
        Err(error) => return usage::end(error),
    };
    let (result, as_json, verified) = match &command {
        Command::Mint(arguments) => (mint(arguments), arguments.common.json, None),
        Command::Inspect(arguments) => (inspect(arguments), arguments.common.json, Some(false)),
        Command::Verify(arguments) => (verify(arguments), arguments.common.json, Some(false)),
    };
    let Err(failure) = result else {
        return ExitCode::SUCCESS;
    };
    if let Some(message) = failure.message() {
        complain(message);
        if as_json {
            // Where this cannot be written either, the exit code says enough.
            let _ = json(&failure.json(message, verified)).and_then(|line| print(&line));
        }
    }
    ExitCode::from(failure.code())
}

fn inspect(arguments: &Inspect) -> Result<(), Failure> {
    let now = time(arguments.common.now)?;
    let token = token(&arguments.token)?;
    let parts = report::decode(&token)?;
    let problem = report::problem(&token, &parts)?;
    let verdict = Verdict::NotVerified(problem.as_ref());
    show(&Report::new(&parts, now, verdict)?, arguments.common.json)
}

fn verify(arguments: &Verify) -> Result<(), Failure> {
    let now = time(arguments.common.now)?;
    let token = token(&arguments.token)?;
    // What is wrong with a malformed one is the library's to say.
    let parts = report::decode(&token);
    let is_access_token = parts.as_ref().is_ok_and(Parts::has_access_header);
    let secret = secret::to_verify(&arguments.secret, is_access_token)?;
    let key = Key::new(secret.text()?);
    let place = secret.place;
    drop(secret);
    key.verify(&token)
        .and_then(|payload| check(&payload, now))
        .map_err(|error| match error {
            Error::TokenSignature => Failure::signature(place, is_access_token),
            _ => Failure::of_token(&token, error),
        })?;
    let parts = parts?;
    let report = Report::new(&parts, now, Verdict::Verified(place))?;
    show(&report, arguments.common.json)
}

fn show(report: &Report<'_>, as_json: bool) -> Result<(), Failure> {
    if as_json {
        print(&json(report)?)
    } else {
        print(&report.words())
    }
}

/// The time that is given, else the clock's.
fn time(now: Option<i64>) -> Result<i64, Failure> {
    let Some(now) = now else {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        let seconds = since_1970.map_err(|_| Error::InvalidTime)?.as_secs();
        return Ok(i64::try_from(seconds).map_err(|_| Error::InvalidTime)?);
    };
    check_time(now).map_err(|error| Failure::of("--now", error))?;
    Ok(now)
}

/// The token that is given, or what standard input holds.
fn token(argument: &str) -> Result<String, Failure> {
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let mut bytes = Vec::new();
    standard_input()
        .and_then(|mut input| input.read_to_end(&mut bytes))
        .map_err(|error| Failure::Outside(format!("cannot read standard input: {error}")))?;
    let text = String::from_utf8(bytes).map_err(|_| Failure::malformed("it is not UTF-8"))?;
    // No other white space: what the library would refuse is not dropped.
    Ok(text.trim_ascii().to_owned())
}

/// Standard input without the buffer that the standard library keeps for it, which
/// nobody would wipe of a secret.
fn standard_input() -> io::Result<File> {
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    let json = serde_json::to_string(value).map_err(|_| Error::Internal)?;
    Ok(visible(&json) + "\n")
}

fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let result = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    result.map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::Unread,
        _ => Failure::Outside(format!("cannot write to standard output: {error}")),
    })
}

/// Writes a line to standard error. If that cannot be, nobody is there to be told.
fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "captoken: {line}");
}
