//! Mints, reads and verifies capability tokens in a terminal.

#![forbid(unsafe_code)]

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::process::ExitCode;

use captoken::capability::{Capability, check_client_name};
use captoken::error::Error;
use captoken::ffi;
use captoken::jws::Key;
use captoken::validity::{check, check_time};

use self::arguments::{Arguments, Command, Inspect, Mint, Verify};
use self::failure::Failure;
use self::report::{Minted, Report, visible};

mod arguments;
mod failure;
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

fn mint(arguments: &Mint) -> Result<(), Failure> {
    let now = time(arguments.common.now)?;
    let secret = secret::read(&arguments.secret)?;
    let mut capability = Capability::new(&arguments.account, Key::new(secret.text()?)?)?;
    drop(secret);

    // The name on outgoing calls comes second, so that it replaces the other there.
    if let Some(client_name) = &arguments.allow_incoming {
        warn_of_client_name("--allow-incoming", client_name);
        capability.allow_incoming(client_name)?;
    }
    if let Some(client_name) = &arguments.client_name {
        warn_of_client_name("--client-name", client_name);
        capability.set_client_name(client_name)?;
    }
    if let Some(application_sid) = &arguments.allow_outgoing {
        capability.allow_outgoing(application_sid)?;
    }
    for (key, value) in &arguments.param {
        capability.add_outgoing_param(key, value)?;
    }
    if arguments.event_stream {
        capability.allow_event_stream();
    }
    for (key, value) in &arguments.filter {
        capability.add_event_filter(key, value)?;
    }
    for (name, json) in &arguments.claim {
        let in_claim = |error| Failure::of(&format!("--claim {name:?}"), error);
        let claim_name = capability.claim_name(name).map_err(in_claim)?;
        capability.add_claim(claim_name, json).map_err(in_claim)?;
    }
    if let Some(not_before) = arguments.not_before {
        let in_option = |error| Failure::of("--not-before", error);
        capability.set_not_before(not_before).map_err(in_option)?;
    }

    let draft = capability.draft(now, arguments.ttl)?;
    let expires_at = now + arguments.ttl;
    if arguments.not_before.is_some_and(|from| from >= expires_at) {
        complain("warning: --not-before: the token expires before it begins to be valid");
    }
    let mut token = Vec::new();
    token
        .try_reserve_exact(draft.length())
        .map_err(Error::from)?;
    token.resize(draft.length(), 0);
    draft.write(&mut token)?;
    let token = String::from_utf8(token).map_err(|_| Error::Internal)?;
    if arguments.common.json {
        print(&json(&Minted { token, expires_at })?)
    } else {
        print(&format!("{token}\n"))
    }
}

fn inspect(arguments: &Inspect) -> Result<(), Failure> {
    let now = time(arguments.common.now)?;
    let token = token(&arguments.token)?;
    report(&token, now, false, arguments.common.json)
}

fn verify(arguments: &Verify) -> Result<(), Failure> {
    let now = time(arguments.common.now)?;
    let secret = secret::read(&arguments.secret)?;
    let key = Key::new(secret.text()?)?;
    drop(secret);
    let token = token(&arguments.token)?;
    key.verify(&token)
        .and_then(|payload| check(&payload, now))
        .map_err(|error| Failure::of_token(&token, error))?;
    report(&token, now, true, arguments.common.json)
}

fn report(token: &str, now: i64, verified: bool, as_json: bool) -> Result<(), Failure> {
    let parts = report::decode(token)?;
    // A token that was verified has none.
    let problem = if verified {
        None
    } else {
        report::problem(token, &parts)?
    };
    let report = Report::new(&parts, now, verified, problem.as_ref())?;
    if as_json {
        print(&json(&report)?)
    } else {
        print(&report.words())
    }
}

/// The time that is given, else the clock's.
fn time(now: Option<i64>) -> Result<i64, Failure> {
    let Some(now) = now else {
        return Ok(ffi::now()?);
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
    Ok(text.trim().to_owned())
}

/// Standard input without the buffer that the standard library keeps for it, which
/// nobody would wipe of a secret.
fn standard_input() -> io::Result<File> {
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

fn warn_of_client_name(option: &str, client_name: &str) {
    if let Err(error) = check_client_name(client_name) {
        let reason = failure::in_words(error.into());
        complain(&format!(
            "warning: {option}: {reason}; calls may fail with Twilio's error 31105"
        ));
    }
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
