//! Wrong variables, and the documentation of all.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::time::UNIX_EPOCH;

use serde_json::Value;

use super::server::{HOSTS, Host, Server};
use super::{error, get, request, settings, token, without_token};
use crate::support::install::root;
use crate::support::token::decode;

/// C and Go do not start. PHP logs the message, and every answer is 500.
#[test]
fn wrong_variables_are_named() {
    let hosts = "TOKEN_HOSTS: write hosts without ports, such as example.com,[::1]";
    let origins = "TOKEN_ORIGINS: write origins in lower case, such as \
                   https://example.com,http://localhost:3000";
    let ttl = "TOKEN_TTL: write a number from 1 to 86400";
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
    let long = "1".repeat(400);
    for value in [
        "0",
        "000",
        "-1",
        "+60",
        "60x",
        "0x60",
        "6e1",
        "6_0",
        "60.0",
        " 60",
        "60 ",
        "60\n",
        "\u{666}\u{660}",
        " ",
        "1000001",
        "4294967356",
        "18446744073709551676",
        &long,
    ] {
        cases.push(("TOKEN_TTL", value.as_bytes(), ttl));
        cases.push(("TOKEN_LIMIT", value.as_bytes(), limit));
    }
    for value in [&b"86401"[..], b"60\xff"] {
        cases.push(("TOKEN_TTL", value, ttl));
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

/// The variable alone decides, and no request.
#[test]
fn ttl_sets_expiry_of_tokens() {
    let clock = || UNIX_EPOCH.elapsed().expect("a time after 1970").as_secs();
    let with_header = ["TOKEN_TTL: 5", "Token-Ttl: 5"];
    let requests = [
        get("/token?client=alice"),
        get("/token?client=alice&ttl=5"),
        get("/token?client=alice&TOKEN_TTL=5"),
        get("/token?TOKEN_TTL=5&client=alice"),
        get("/token?client=alice&expires_at=5"),
        request("GET", "/token?client=alice", "localhost", &with_header),
    ];
    let zeros = format!("{}60", "0".repeat(400));
    for (value, ttl) in [
        (None, 3600),
        (Some(""), 3600),
        (Some("1"), 1),
        (Some("60"), 60),
        (Some("060"), 60),
        (Some(&zeros), 60),
        (Some("86399"), 86399),
        (Some("86400"), 86400),
    ] {
        let more: Vec<_> = value
            .map(|value| ("TOKEN_TTL", value))
            .into_iter()
            .collect();
        for host in HOSTS {
            let server = Server::start(host, &settings(&more));
            for request in &requests {
                let before = clock();
                let answer = server.ask(request);
                let after = clock();
                let case = format!("{host:?}: {value:?}: {request:?}: {answer:?}");
                assert_eq!(answer.status, 200, "{case}");
                let body: Value = serde_json::from_str(&answer.body).expect("JSON");
                let claims = decode(body["token"].as_str().expect("a string"), "secret");
                let [exp, expires_at] = [&claims["exp"], &body["expires_at"]]
                    .map(|time| time.as_u64().expect("a whole number"));
                assert!((before + ttl..=after + ttl).contains(&exp), "{case}");
                // The servers in C and PHP use time(), which can be milliseconds late.
                assert!((before + ttl - 1..=exp).contains(&expires_at), "{case}");
            }
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
        "TOKEN_TTL",
        "TOKEN_LIMIT",
        "TOKEN_CONNECTIONS",
    ] {
        assert!(text.contains(&format!("`{name}`")), "{name}");
    }
    for status in [200, 204, 400, 403, 404, 405, 429, 500] {
        assert!(text.contains(&format!("| {status} |")), "{status}");
    }
}
