//! The help, its examples and its tables.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use captoken::ffi::Status;

use crate::support::document::document;
use crate::{captoken, mint, outcome, without_credentials};

/// The statuses that are exit codes.
const STATUSES: [Status; 13] = [
    Status::InvalidTtl,
    Status::InvalidTime,
    Status::ReservedName,
    Status::InvalidJson,
    Status::Unsupported,
    Status::OutOfMemory,
    Status::Internal,
    Status::TokenMalformed,
    Status::TokenAlgorithm,
    Status::TokenSignature,
    Status::TokenExpired,
    Status::TokenNotYetValid,
    Status::InvalidRequest,
];

#[test]
fn help_lists_examples_and_exit_codes() {
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
    for status in STATUSES {
        let message = status.message().to_str().expect("ASCII");
        assert!(
            rows.contains(&(status as i32, message)),
            "write into src/help/captoken.txt: {message}"
        );
    }
    let guide = document("docs/cli.md");
    let [documented] = guide
        .tables_below("Exit codes")
        .try_into()
        .expect("a table");
    let documented: Vec<(i32, &str)> = documented[1..]
        .iter()
        .map(|row| (row[0].parse().expect("a number"), row[1]))
        .collect();
    // The codes below 4 are not statuses; the guide has more words for them.
    let messages = |rows: &[(i32, &str)]| {
        let rows = rows.iter().filter(|(code, _)| *code >= 4);
        rows.map(|(_, message)| (*message).to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(messages(&documented), messages(&rows));
    let documented: Vec<i32> = documented.iter().map(|(code, _)| *code).collect();
    assert_eq!(documented, codes);
    assert!(main.lines().all(|line| line.len() <= 90), "{main}");
    // Scripts depend on these.
    assert!(rows[0].1.contains("for verify, only a valid token"));
    assert!(rows[2].1.contains("--json prints nothing"), "{table}");
    let verify = help(&["help", "verify"]);
    assert!(verify.contains("Exits with 0 only for a valid token"));
}

/// Runs the examples that fit on a line, except those that need a secret file or a certain time.
#[test]
fn help_examples_work() {
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
    let help = help.replace("\\\n", " ");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("help-examples");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("token.jwt"), &token).expect("written");
    let mut run = 0;
    for line in help.lines().map(str::trim_start) {
        let is_command = line.starts_with("captoken ") || line.starts_with("printf ");
        let is_left_out = ["/run/secrets/", "--now", "| jq"];
        if is_command && !is_left_out.iter().any(|part| line.contains(part)) {
            let mut shell = without_credentials("sh");
            shell
                .args(["-euc", line])
                .current_dir(&folder)
                .env("TWILIO_AUTH_TOKEN", "secret")
                .env("TWILIO_API_KEY_SECRET", "key secret")
                .env("token", &token)
                .env("PATH", path.as_ref().expect("a path"));
            outcome(&mut shell, "").printed();
            run += 1;
        }
    }
    assert_eq!(run, 13);
    // Without a terminal, stty only complains.
    let help = outcome(&mut captoken(&["--help"]), "").printed();
    let reads = help.lines().find(|line| line.contains("stty"));
    let script = format!("{}; printenv TWILIO_AUTH_TOKEN", reads.expect("a line"));
    let outcome = outcome(Command::new("sh").args(["-c", &script]), "se\\cret\n");
    assert_eq!(
        (outcome.code, outcome.out.as_str()),
        (Some(0), "se\\cret\n")
    );
}

#[test]
fn version_equals_the_library_version() {
    let expected = format!("captoken {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        outcome(&mut captoken(&["--version"]), "").printed(),
        expected
    );
}
