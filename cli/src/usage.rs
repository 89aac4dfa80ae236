//! Ends the program for clap: with help, the version, or a complaint about wrong usage.

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::text::visible;
use crate::{complain, print};

/// Prints clap's error, and returns the exit code.
///
/// `verify --help` is not a success: scripts treat exit code 0 of verify as a valid token, and
/// an attacker may send `--help` as a token.
pub(crate) fn end(error: clap::Error) -> ExitCode {
    let is_verify = env::args_os().nth(1).is_some_and(|name| name == "verify");
    let is_success = error.exit_code() == 0 && !is_verify;
    let failure = if error.use_stderr() {
        let _ = io::stderr().write_all(complaint(error).as_bytes());
        None
    } else {
        print(&error.render().to_string()).err()
    };
    if let Some(message) = failure
        .as_ref()
        .and_then(|failure| failure.message.as_ref())
    {
        complain(message);
    }
    match (is_success, failure) {
        (true, None) => ExitCode::SUCCESS,
        (true, Some(_)) => ExitCode::FAILURE,
        (false, _) => ExitCode::from(2),
    }
}

/// clap's message, without characters that could change what a terminal shows. Unexpected
/// arguments are hidden, because one of them may be a misplaced secret.
fn complaint(mut error: clap::Error) -> String {
    let mut is_hidden = false;
    for context in [
        ContextKind::InvalidArg,
        ContextKind::InvalidSubcommand,
        ContextKind::InvalidValue,
    ] {
        let Some(ContextValue::String(said)) = error.get(context) else {
            continue;
        };
        let shown = if is_harmless(&error, context, said) {
            // Before the lines are split, so that a line break in it forges no line.
            visible(said)
        } else {
            is_hidden = true;
            "...".to_owned()
        };
        error.insert(context, ContextValue::String(shown));
    }
    // clap's suggestions repeat the argument.
    error.remove(ContextKind::Suggested);
    if is_hidden {
        let tip = "it is not shown, because it might be a secret".into();
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    }
    let text = error.render().to_string();
    let lines: Vec<String> = text.split('\n').map(visible).collect();
    lines.join("\n")
}

/// Whether an argument cannot be a secret. It cannot if it is the name of an option, an empty
/// value, or the value of an option for numbers and no longer than the longest number.
fn is_harmless(error: &clap::Error, context: ContextKind, said: &str) -> bool {
    match (context, error.get(ContextKind::InvalidArg)) {
        (ContextKind::InvalidArg, _) if error.kind() == ErrorKind::UnknownArgument => {
            // No option has digits or capitals, but secrets do.
            let is_part = |byte: u8| byte.is_ascii_lowercase() || b"-_".contains(&byte);
            said.starts_with('-') && (said.chars().count() == 2 || said.bytes().all(is_part))
        }
        (ContextKind::InvalidArg, _) => true,
        (ContextKind::InvalidValue, Some(ContextValue::String(option))) => {
            let longest = i64::MIN.to_string().len();
            said.is_empty() || option.ends_with("<SECONDS>") && said.len() <= longest
        }
        _ => false,
    }
}
