//! What clap ends the program with: help, the version, and complaints of wrong usage.

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::report::visible;

/// Prints it, and returns the exit code.
pub(crate) fn end(error: clap::Error) -> ExitCode {
    let code = if error.exit_code() != 0 || is_verify() {
        2
    } else {
        0
    };
    let printed = if error.use_stderr() {
        io::stderr().write_all(complaint(error).as_bytes())
    } else {
        error.print()
    };
    match printed {
        Err(_) if code == 0 => ExitCode::FAILURE,
        _ => ExitCode::from(code),
    }
}

/// Whoever passes a stranger's text to verify takes 0 for a valid token, and the text
/// may be `--help`: so help is no success there.
fn is_verify() -> bool {
    env::args_os()
        .nth(1)
        .is_some_and(|command| command == "verify")
}

/// What clap says, without what could change what a terminal shows, and without words
/// that nobody asked for: one of them may be a secret in the wrong place.
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
            // Here, too, as a line break in it would look like one of clap's below.
            visible(said)
        } else {
            is_hidden = true;
            "...".to_owned()
        };
        error.insert(context, ContextValue::String(shown));
    }
    // Clap's own repeat the argument.
    error.remove(ContextKind::Suggested);
    if is_hidden {
        let tip = "it is not shown, as it might be a secret".into();
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip]));
    }
    let text = error.render().to_string();
    let lines: Vec<String> = text.split('\n').map(visible).collect();
    lines.join("\n")
}

/// Names of options are, and what should be a number and is no longer than one; a missing
/// value is empty.
fn is_harmless(error: &clap::Error, context: ContextKind, said: &str) -> bool {
    match (context, error.get(ContextKind::InvalidArg)) {
        (ContextKind::InvalidArg, _) => {
            error.kind() != ErrorKind::UnknownArgument || is_name_of_option(said)
        }
        (ContextKind::InvalidValue, Some(ContextValue::String(option))) => {
            let longest = i64::MIN.to_string().len();
            said.is_empty() || option.ends_with("<SECONDS>") && said.len() <= longest
        }
        _ => false,
    }
}

/// A secret that stands where an option should has digits or capitals, and no option has.
fn is_name_of_option(said: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || b"-_".contains(&byte);
    said.starts_with('-') && (said.chars().count() == 2 || said.bytes().all(is_part))
}
