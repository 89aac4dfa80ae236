//! Mints, shows and verifies tokens in a terminal.

#![forbid(unsafe_code)]

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
#[cfg(unix)]
use std::os::fd::AsFd;
#[cfg(windows)]
use std::os::windows::io::AsHandle;
use std::process::ExitCode;
use std::time::UNIX_EPOCH;

use captoken::error::Error;
use captoken::ffi::Status;
use captoken::jws::Key;
use captoken::validity::{check, check_time};

use self::arguments::Arguments;
use self::failure::Failure;
use self::json::object;
use self::mint::mint;
use self::report::{Parts, Report};
use self::text::{date, duration, visible};
use self::warning::{of_report, warn};

mod arguments;
mod failure;
mod json;
mod mint;
#[cfg(test)]
mod pages;
mod permission;
mod report;
mod secret;
mod text;
mod usage;
mod warning;

fn main() -> ExitCode {
    let (command, arguments) = match arguments::read() {
        Ok(read) => read,
        // Help and the version are errors to clap, too.
        Err(error) => return usage::end(error),
    };
    let result = match command.as_str() {
        "mint" => mint(&arguments),
        "inspect" => inspect(&arguments),
        _ => verify(&arguments),
    };
    let Err(failure) = result else {
        return ExitCode::SUCCESS;
    };
    let failure = with_hint(failure, &arguments);
    if let Some(message) = &failure.message {
        complain(message);
        if arguments.is_set("json") {
            // If this also fails, the exit code still tells the script.
            let _ = print_json(&failure.json(message, command != "mint"));
        }
    }
    ExitCode::from(failure.code)
}

fn inspect(arguments: &Arguments) -> Result<(), Failure> {
    let now = time(arguments)?;
    let token = token(arguments)?;
    let parts = Parts::decode(&token)?;
    // verify() compares the signature last, so the empty key finds every other error.
    let verified = Key::new("").verify(&token).err();
    let problem = verified.filter(|error| *error != Error::TokenSignature);
    let problem = problem.or_else(|| {
        let checked = check(&parts.payload, 0).err();
        checked.filter(|error| *error == Error::TokenMalformed)
    });
    let verdict = "NOT VERIFIED: the signature was not checked";
    let warnings = warned(arguments, &parts);
    show(
        arguments,
        verdict,
        &parts.report(now, false, problem, warnings),
    )
}

fn verify(arguments: &Arguments) -> Result<(), Failure> {
    let now = time(arguments)?;
    let leeway = arguments.seconds("leeway").unwrap_or_default();
    let token = token(arguments)?;
    // If the token is malformed, the library's error below counts.
    let parts = Parts::decode(&token);
    let is_access_token = parts.as_ref().is_ok_and(Parts::has_access_header);
    let secret = secret::to_verify(arguments, is_access_token)?;
    let key = Key::new(secret.text()?);
    let place = secret.place;
    let needs_leeway = key
        .verify(&token)
        .and_then(|payload| check_with_leeway(&payload, now, leeway))
        .map_err(|error| {
            let hint = match error {
                Error::TokenSignature if is_access_token => {
                    "; an access token is signed with the secret of its API key"
                }
                Error::TokenSignature => "",
                _ => return error.into(),
            };
            Failure::from(error).because(&format!("the secret in {place} did not sign it{hint}"))
        })?;
    let date = date(now as f64);
    let mut verdict = format!("VERIFIED: signed with the secret in {place}, valid at {date}");
    if needs_leeway {
        verdict += &format!(" with a leeway of {}", duration(leeway.unsigned_abs()));
    }
    let parts = parts?;
    let warnings = warned(arguments, &parts);
    show(
        arguments,
        &verdict,
        &parts.report(now, true, None, warnings),
    )
}

/// Checks the times as the comment of cap_verify() in captoken.h describes. Returns whether
/// the token is valid only because of the leeway.
fn check_with_leeway(payload: &str, now: i64, leeway: i64) -> Result<bool, Error> {
    let first = check(payload, now);
    let again = match first {
        Err(Error::TokenNotYetValid) => now + leeway,
        Err(Error::TokenExpired) => (now - leeway).max(0),
        _ => return first.map(|()| false),
    };
    match check(payload, again) {
        Ok(()) => Ok(true),
        // An expired token may have an nbf that is not a time.
        Err(Error::TokenMalformed) => Err(Error::TokenMalformed),
        // The token lives shorter than the leeway, or the time is too late to be checked.
        Err(_) => first.map(|()| false),
    }
}

/// The warnings about a token, which are also printed.
fn warned(arguments: &Arguments, parts: &Parts) -> Vec<String> {
    let warnings = of_report(parts);
    warn(arguments, &warnings);
    warnings
}

fn show(arguments: &Arguments, verdict: &str, report: &Report) -> Result<(), Failure> {
    if arguments.is_set("json") {
        print_json(&object(&report.members))
    } else {
        print(&format!("{verdict}\n\n{}", report.lines))
    }
}

/// The time of `--now`, else the clock's.
fn time(arguments: &Arguments) -> Result<i64, Failure> {
    let since_1970 = UNIX_EPOCH.elapsed();
    let (source, now) = match arguments.seconds("now") {
        Some(now) => ("--now", now),
        None => (
            "the clock",
            since_1970.map_or(-1, |time| time.as_secs() as i64),
        ),
    };
    check_time(now).map_err(|error| Failure::of(source, error))?;
    Ok(now)
}

/// Adds how to read a file to a malformed token that is the name of one.
fn with_hint(failure: Failure, arguments: &Arguments) -> Failure {
    // Only commands with this argument fail in this way.
    if failure.code != Status::TokenMalformed as u8 {
        return failure;
    }
    let argument = arguments.string("token").unwrap_or_default();
    if !fs::metadata(argument).is_ok_and(|file| !file.is_dir()) {
        return failure;
    }
    // A shell or a terminal could read other characters in another way.
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte);
    let name = if argument.bytes().all(is_plain) {
        argument
    } else {
        "PATH"
    };
    failure.because(&format!(
        "the argument is the name of a file; use - < {name}"
    ))
}

/// The token in the arguments, or in standard input.
fn token(arguments: &Arguments) -> Result<String, Failure> {
    let argument = arguments.string("token").unwrap_or_default();
    if argument != "-" {
        return Ok(argument.to_owned());
    }
    let text = standard_input().and_then(io::read_to_string);
    let text = text.map_err(|error| match error.kind() {
        ErrorKind::InvalidData => Error::TokenMalformed.into(),
        _ => Failure::outside(format!("cannot read standard input: {error}")),
    })?;
    // Not Unicode white space, because the library refuses it.
    Ok(text.trim_ascii().to_owned())
}

/// Standard input without the standard library's buffer, which is never wiped.
fn standard_input() -> io::Result<File> {
    let input = io::stdin();
    #[cfg(unix)]
    let input = input.as_fd();
    #[cfg(windows)]
    let input = input.as_handle();
    Ok(File::from(input.try_clone_to_owned()?))
}

fn print_json(json: &str) -> Result<(), Failure> {
    print(&(visible(json) + "\n"))
}

fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let result = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    result.map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::UNREAD,
        _ => Failure::outside(format!("cannot write to standard output: {error}")),
    })
}

/// Writes a line to standard error. There is no other place to report a failure of that.
fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "captoken: {line}");
}
