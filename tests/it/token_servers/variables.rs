//! Wrong variables, and the documentation of all.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use super::server::{Host, Server};
use super::{error, get, settings, token, without_token};
use crate::support::install::root;

/// C and Go do not start. PHP logs the message, and every answer is 500.
#[test]
fn wrong_variables_are_named() {
    let hosts = "TOKEN_HOSTS: write hosts without ports, such as example.com,[::1]";
    let origins = "TOKEN_ORIGINS: write origins in lower case, such as \
                   https://example.com,http://localhost:3000";
    let limit = "TOKEN_LIMIT: write a number from 1 to 1000000";
    let connections = "TOKEN_CONNECTIONS: write a number from 1 to 500";
    let mut cases: Vec<(&str, &[u8], &str)> = Vec::new();
    for value in [
        "*",
        ",",
        "a,",
        "a b",
        "a:80",
        "https://a",
        "[::1",
        "[]",
        "é",
    ] {
        cases.push(("TOKEN_HOSTS", value.as_bytes(), hosts));
    }
    for value in [
        "*",
        "null",
        "example.com",
        "https://",
        "https://A",
        "HTTPS://a",
        "https://a/",
        "https://a:",
        "https://a:123456",
        "https://a,,https://b",
        "https://*.example.com",
        "ftp://a",
    ] {
        cases.push(("TOKEN_ORIGINS", value.as_bytes(), origins));
    }
    for value in [
        "0",
        "-1",
        "+1",
        "1x",
        " 1",
        "1000001",
        "18446744073709551617",
    ] {
        cases.push(("TOKEN_LIMIT", value.as_bytes(), limit));
    }
    for value in ["0", "501"] {
        cases.push(("TOKEN_CONNECTIONS", value.as_bytes(), connections));
    }
    cases.push(("TWILIO_AUTH_TOKEN", b"\xff", "not valid UTF-8"));
    cases.push(("TWILIO_ACCOUNT_SID", b"\xff", "not valid UTF-8"));
    cases.push(("TWILIO_APP_SID", b"\xff", "not valid UTF-8"));

    for (name, value, message) in cases {
        let mut settings = settings(&[]);
        settings.retain(|(other, _)| *other != name);
        settings.push((name, OsStr::from_bytes(value).to_owned()));
        for host in [Host::C, Host::Go] {
            let said = Server::try_start(host, &settings).err();
            let said = said.unwrap_or_else(|| panic!("{host:?} starts with {name}={value:?}"));
            assert!(
                said.contains(name) && said.contains(message),
                "{host:?}: {said}"
            );
        }
        // PHP leaves the limits to the web server.
        if message != limit && message != connections {
            let server = Server::start(Host::Php, &settings);
            let answer = server.ask(&get("/token?client=alice"));
            assert_eq!(
                answer,
                error(500, "the server is not set up"),
                "{name}={value:?}"
            );
            let said = server.end();
            assert!(
                said.contains("token.php: ") && said.contains(message),
                "{said}"
            );
        }
    }
}

/// Wrong spellings are in wrong_variables_are_named().
#[test]
fn leading_zeros_change_no_number() {
    for value in ["3", "003", "0000000000000000000000000000003"] {
        for host in [Host::C, Host::Go] {
            let server = Server::start(host, &settings(&[("TOKEN_CONNECTIONS", value)]));
            assert_eq!(
                without_token(server.ask(&get("/token?client=alice"))),
                token("alice", &[]),
                "{host:?}: {value}"
            );
        }
    }
}

/// The table of the documentation has each variable and each status.
#[test]
fn document_has_variables_and_statuses() {
    let file = root().join("docs/token-servers.md");
    let text = fs::read_to_string(file).expect("a document");
    for name in [
        "TOKEN_HOSTS",
        "TOKEN_ORIGINS",
        "TOKEN_LIMIT",
        "TOKEN_CONNECTIONS",
    ] {
        assert!(text.contains(&format!("`{name}`")), "{name}");
    }
    for status in [200, 204, 400, 403, 404, 405, 429, 500] {
        assert!(text.contains(&format!("| {status} |")), "{status}");
    }
}
