//! The programs of examples-c.

use std::process::Command;

use super::install::{outcome, root, run};
use super::token::decode;

/// The files of token_server.c's folder `server`.
pub(crate) fn server_sources() -> [String; 6] {
    let folder = root().join("examples-c/server");
    [
        "answer",
        "connections",
        "hosts",
        "limit",
        "request",
        "settings",
    ]
    .map(|part| format!("{}/{part}.c", folder.display()))
}

/// Runs an example, which the command starts. token_server would not end.
pub(crate) fn assert_example_works(mut command: Command, name: &str) {
    command
        .env("TWILIO_ACCOUNT_SID", "AC123123")
        .env("TWILIO_AUTH_TOKEN", "secret");
    match name {
        "mint" => {
            let token = run(command.args(["-i", "Alice", "-t", "600"]));
            assert_eq!(decode(token.trim_end(), "secret")["iss"], "AC123123");
        }
        "check" => {
            let (code, _, err) = outcome(command.arg("no.token.here"));
            assert!(code == Some(1) && !err.is_empty(), "{code:?} {err}");
        }
        "voice_app" => assert!(run(&mut command).lines().count() > 1),
        _ => {
            let (code, _, err) = outcome(command.env_remove("TWILIO_ACCOUNT_SID"));
            assert!(
                code == Some(1) && err.contains("TWILIO_ACCOUNT_SID"),
                "{err}"
            );
        }
    }
}
