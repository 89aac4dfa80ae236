//! The commands and the output in the documents.

use std::path::Path;
use std::{env, fs, process};

use crate::support::document::document;
use crate::support::install::run;
use crate::support::scope::{pairs as scope_pairs, scopes};
use crate::support::token::decode;
use crate::{assert_signed, inspect, outcome, signing, without_credentials};

/// Runs the commands of a document in an empty folder. Returns the token that they write,
/// and their output.
fn run_documented(name: &str, start: &str, file: &str) -> (String, String) {
    let folder = format!("{}-{}-{file}", name.replace('/', "-"), process::id());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    fs::create_dir(&folder).expect("a folder");
    let programs = Path::new(env!("CARGO_BIN_EXE_captoken")).parent();
    let path = format!(
        "{}:{}",
        programs.expect("a folder").display(),
        env::var("PATH").expect("PATH")
    );
    let mut shell = without_credentials("sh");
    shell
        .args(["-euc", &document(name).block("sh", start)])
        .current_dir(&folder)
        .env("PATH", path);
    let out = run(&mut shell);
    let token = fs::read_to_string(folder.join(file)).expect("a token");
    fs::remove_dir_all(folder).expect("removed");
    (token.trim_end().to_owned(), out)
}

fn assert_shown_and_verified(out: &str) {
    let lines: Vec<&str> = out
        .lines()
        .filter(|line| line.contains("VERIFIED:"))
        .collect();
    assert!(lines[0].starts_with("NOT VERIFIED: ") && lines[1].starts_with("VERIFIED: "));
}

#[test]
fn documented_commands_work() {
    let start = "export TWILIO_AUTH_TOKEN=secret\ncaptoken mint";
    let (token, out) = run_documented("README.md", start, "token.jwt");
    let incoming = &scopes(&decode(&token, "secret"))[0].query;
    assert_eq!(*incoming, [("clientName".to_owned(), "Alice".to_owned())]);
    assert_shown_and_verified(&out);

    let (token, out) = run_documented("docs/cli.md", start, "token.jwt");
    let params = &scopes(&decode(&token, "secret"))[1].params;
    assert_eq!(*params, [("Foo".to_owned(), "Bar".to_owned())]);
    assert_shown_and_verified(&out);
}

#[test]
fn documented_request_works() {
    let start = "export TWILIO_AUTH_TOKEN=secret\ncat ";
    let (token, out) = run_documented("docs/cli.md", start, "requested.jwt");
    let [incoming, outgoing] = scopes(&decode(&token, "secret"))
        .try_into()
        .expect("two scopes");
    assert_eq!(incoming.query, scope_pairs(&[("clientName", "Alice")]));
    assert_eq!(outgoing.params, scope_pairs(&[("Foo", "Bar")]));
    assert!(out.starts_with("VERIFIED: "), "{out}");
}

#[test]
fn documents_show_the_output_of_inspect() {
    let now = "1400000000";
    let mut command = signing(&["mint", "--account=AC123123", "--allow-incoming=Alice"]);
    command.args(["--allow-outgoing=AP123123", "--param=Foo=Bar", "--ttl=600"]);
    let token = outcome(command.args(["--now", now]), "").printed();
    let said = inspect(token.trim_end(), now);
    assert_eq!(said, document("docs/cli.md").block("text", "NOT VERIFIED"));
    let beginning = document("README.md").block("text", "NOT VERIFIED");
    assert!(said.starts_with(&(beginning + "\nheader {\n")), "{said}");
}

#[test]
fn documented_access_commands_work() {
    let start = "export TWILIO_API_KEY_SECRET";
    let (token, out) = run_documented("docs/cli.md", start, "access.jwt");
    assert_signed(&token, "secret");
    assert!(out.starts_with("VERIFIED: "), "{out}");
    for line in [
        "kind        access token",
        "outgoing    to application AP123123, parameters: Foo=Bar",
        "video       in room standup",
    ] {
        assert!(out.lines().any(|other| other == line), "{out}");
    }
}
