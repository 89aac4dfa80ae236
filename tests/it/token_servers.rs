//! The token servers in C, Go and PHP answer the same requests alike. docs/token-servers.md has
//! what they do.

#![cfg(not(miri))]

mod hosts;
mod limits;
pub(crate) mod server;
mod variables;

use std::ffi::OsString;

use serde_json::{Value, json};

use crate::support::token::decode;
use server::{Answer, HOSTS, Server};

const NAME: &str = "client must be 1 to 256 ASCII letters, digits and underscores";

/// Working credentials, no limit that the tests could reach, and more variables.
pub(crate) fn settings<'a>(more: &[(&'a str, &str)]) -> Vec<(&'a str, OsString)> {
    let mut settings = vec![
        ("TWILIO_ACCOUNT_SID", "AC123123".into()),
        ("TWILIO_APP_SID", "AP123123".into()),
        ("TWILIO_AUTH_TOKEN", "secret".into()),
        ("TOKEN_LIMIT", "1000000".into()),
    ];
    for &(name, value) in more {
        settings.retain(|(other, _)| *other != name);
        settings.push((name, value.into()));
    }
    settings
}

/// A request for a target, with this Host and other lines.
fn request(method: &str, target: &str, host: &str, lines: &[&str]) -> String {
    let lines: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
    format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n")
}

fn get(target: &str) -> String {
    request("GET", target, "localhost", &[])
}

/// An answer with these headers in addition to those that every answer has.
fn answer(status: u16, body: String, more: &[(&str, &str)]) -> Answer {
    let mut headers = vec![
        ("cache-control", "no-store"),
        ("connection", "close"),
        ("vary", "Origin"),
        ("x-content-type-options", "nosniff"),
    ];
    if status != 204 {
        headers.push(("content-type", "application/json"));
    }
    headers.extend(more);
    headers.sort_unstable();
    Answer {
        status,
        headers: headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body,
    }
}

fn error(status: u16, error: &str) -> Answer {
    let body = format!("{}\n", json!({ "error": error }));
    let allow: &[(&str, &str)] = if status == 405 {
        &[("allow", "GET")]
    } else {
        &[]
    };
    answer(status, body, allow)
}

/// The answer with a token, as without_token() leaves it.
pub(crate) fn token(client: &str, more: &[(&str, &str)]) -> Answer {
    let scope = format!(
        "scope:client:incoming?clientName={client} scope:client:outgoing?appSid=AP123123\
         &appParams=client%3D{client}&clientName={client}"
    );
    let claims = json!({"scope": scope, "iss": "AC123123"});
    answer(200, format!("{client} {claims}"), more)
}

/// Replaces a token by its claims without the time; checks its signature.
pub(crate) fn without_token(mut answer: Answer) -> Answer {
    if answer.status == 200 {
        let body: Value = serde_json::from_str(&answer.body).expect("JSON");
        let object = body.as_object().expect("an object");
        assert_eq!(object.len(), 3, "{body}");
        let mut claims = decode(body["token"].as_str().expect("a string"), "secret");
        let exp = claims.as_object_mut().expect("an object").remove("exp");
        let [exp, expires_at] = [exp.expect("a time"), body["expires_at"].clone()]
            .map(|time| time.as_u64().expect("a whole number"));
        // A second may end between the two.
        assert!((expires_at..=expires_at + 60).contains(&exp), "{body}");
        answer.body = format!("{} {claims}", body["identity"].as_str().expect("a string"));
    }
    answer
}

/// Sends each request to each server, which must give this answer.
fn check(settings: &[(&str, OsString)], cases: &[(String, Answer)]) {
    for host in HOSTS {
        let server = Server::start(host, settings);
        for (request, expected) in cases {
            let answer = without_token(server.ask(request));
            assert_eq!(answer, *expected, "{host:?}: {request:?}");
        }
    }
}

#[test]
fn same_requests_get_same_answers() {
    let alice = || token("alice", &[]);
    let long = "x".repeat(256);
    let many = "client is given more than once";
    let mut cases = vec![(get(&format!("/token?client={long}")), token(&long, &[]))];
    for target in [
        "/token?client=alice",
        "/token?x=1&client=alice&y",
        "/token?x=%zz&client=alice",
        "/token?&&client=alice&",
        "/token?%63lient=%61lice",
        // Other names.
        "/token?Client=bob&client=alice",
        "/token?client=alice&CLIENT=bob",
        "/token?client[]=bob&client=alice",
        "/token?%20client=bob&client=alice",
        "/token?client%00=bob&client=alice",
    ] {
        cases.push((get(target), alice()));
    }
    for query in ["client=alice&client=bob", "client=alice&client=alice"] {
        cases.push((get(&format!("/token?{query}")), error(400, many)));
    }
    for query in ["client&client=alice", "client=alice&%63lient=bob"] {
        cases.push((get(&format!("/token?{query}")), error(400, many)));
    }
    let too_long = format!("?client=x{long}");
    for query in [
        "",
        "?",
        "?client",
        "?client=",
        "?Client=alice",
        "?client[]=alice",
        "?client[a]=alice",
        "?client=a%20b",
        "?client=a+b",
        "?client=a-b",
        "?client=alice%0A",
        "?client=a%00b",
        "?client=%00",
        "?client=%zz",
        "?client=%C3%A9",
        "?client=alice=",
        "?client=alice;client=bob",
        "?x=1;client=alice",
        &too_long,
    ] {
        cases.push((get(&format!("/token{query}")), error(400, NAME)));
    }
    for target in [
        "/",
        "/token/",
        "/token/?client=alice",
        "/tokens?client=alice",
        "//token?client=alice",
        "/x/../token?client=alice",
        "/%74oken?client=alice",
        "/token%00?client=alice",
        "/TOKEN?client=alice",
        "/token.php?client=alice",
        "http://localhost/token?client=alice",
    ] {
        cases.push((get(target), error(404, "not found")));
    }
    let target = "/token?client=alice";
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let expected = error(405, "only GET is allowed");
        cases.push((request(method, target, "localhost", &[]), expected));
    }
    let mut without_body = error(405, "only GET is allowed");
    without_body.body.clear();
    cases.push((request("HEAD", target, "localhost", &[]), without_body));
    check(&settings(&[]), &cases);
}

#[test]
fn ambiguous_requests_get_400() {
    let get = "GET /token?client=alice HTTP/1.";
    let host = "Host: localhost\r\n";
    let requests = [
        format!("{get}1\r\n\r\n"),
        format!("{get}0\r\n\r\n"),
        format!("{get}1\r\nHost:\r\n\r\n"),
        format!("{get}1\r\nHost : localhost\r\n\r\n"),
        format!("{get}1\r\n{host}{host}\r\n"),
        format!("{get}1\r\n{host}Host: evil.example\r\n\r\n"),
        format!("{get}1\r\n{host}Content-Length: 5\r\n\r\n12345"),
        format!("{get}1\r\n{host}Content-Length: 5\r\nContent-Length: 5\r\n\r\n12345"),
        format!("{get}1\r\n{host}Content-Length: 5\r\nContent-Length: 6\r\n\r\n123456"),
        format!("{get}1\r\n{host}Content-Length : 5\r\n\r\n12345"),
        format!("{get}1\r\n{host}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        format!("{get}1\r\n{host}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ];
    for host in HOSTS {
        let server = Server::start(host, &settings(&[]));
        for request in &requests {
            let answer = server.ask(request);
            // Go's library sends some of these answers itself, as text.
            assert_eq!(answer.status, 400, "{host:?}: {request:?}: {answer:?}");
            // HTTP/1.0 closes the connection without this header.
            let close = request.contains("HTTP/1.0")
                || answer.headers.iter().any(|(_, value)| value == "close");
            assert!(close, "{host:?}: {request:?}: {answer:?}");
            assert!(!answer.body.contains("token"), "{answer:?}");
        }
    }
}
