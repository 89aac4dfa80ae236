//! The token servers in C, Go and PHP answer the same requests alike. docs/token-servers.md has
//! what they do.

#![cfg(not(miri))]

mod server;

use std::ffi::{OsStr, OsString};
use std::io::{ErrorKind, Read, Write};
use std::net::Ipv4Addr;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::install::root;
use crate::support::token::decode;
use server::{Answer, HOSTS, Host, PATIENCE, Server};

const NAME: &str = "client must be 1 to 256 ASCII letters, digits and underscores";
const ANOTHER_CLIENT: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// Working credentials, no limit that the tests could reach, and more variables.
fn settings<'a>(more: &[(&'a str, &str)]) -> Vec<(&'a str, OsString)> {
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
fn token(client: &str, more: &[(&str, &str)]) -> Answer {
    let scope = format!(
        "scope:client:incoming?clientName={client} scope:client:outgoing?appSid=AP123123\
         &appParams=client%3D{client}&clientName={client}"
    );
    let claims = json!({"scope": scope, "iss": "AC123123"});
    answer(200, format!("{client} {claims}"), more)
}

/// Replaces a token by its claims without the time; checks its signature.
fn without_token(mut answer: Answer) -> Answer {
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
fn only_allowed_hosts_are_answered() {
    let target = "/token?client=alice";
    let cases = |allowed: &[&str], refused: &[&str]| -> Vec<(String, Answer)> {
        let allowed = allowed.iter().map(|host| (*host, token("alice", &[])));
        let forbidden = || error(403, "this host is not in TOKEN_HOSTS");
        let refused = refused.iter().map(|host| (*host, forbidden()));
        allowed
            .chain(refused)
            .map(|(host, answer)| (request("GET", target, host, &[]), answer))
            .collect()
    };
    let mut default = cases(
        &[
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1",
            "127.0.0.1:8080",
            "[::1]",
            "[::1]:65535",
        ],
        &[
            "evil.example",
            "evil.example:8080",
            "localhost.evil.example",
            "evil.localhost",
            "localhost.",
            "localhost:",
            "localhost:80:80",
            "localhost:123456",
            "127.0.0.2",
            "::1",
            "[::1",
            "[::1]x",
            "[::2]",
        ],
    );
    // A stranger's page cannot learn anything by another method.
    default.push((
        request("POST", target, "evil.example", &[]),
        error(403, "this host is not in TOKEN_HOSTS"),
    ));
    check(&settings(&[]), &default);
    check(&settings(&[("TOKEN_HOSTS", "")]), &default);

    let hosts = [("TOKEN_HOSTS", "Example.com , [2001:DB8::1],a_b")];
    let chosen = cases(
        &["example.com", "example.COM:443", "[2001:db8::1]:80", "a_b"],
        &[
            "localhost",
            "127.0.0.1",
            "www.example.com",
            "example.com,a_b:1x",
            "a",
        ],
    );
    // A comma means two Host headers to PHP.
    let chosen: Vec<_> = chosen
        .into_iter()
        .filter(|(request, _)| !request.contains(','))
        .collect();
    check(&settings(&hosts), &chosen);
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
            let close = answer.headers.iter().any(|(_, value)| value == "close");
            assert!(close, "{host:?}: {request:?}: {answer:?}");
            assert!(!answer.body.contains("token"), "{answer:?}");
        }
    }
}

#[test]
fn only_allowed_origins_may_read_tokens() {
    let target = "/token?client=alice";
    let origin = |origin: &str| format!("Origin: {origin}");
    let with = |method: &str, from: &str| request(method, target, "localhost", &[&origin(from)]);
    let page = "https://www.example.com";
    let refused = || error(405, "only GET is allowed");

    // By default, none.
    let mut cases = vec![
        (with("GET", page), token("alice", &[])),
        (with("GET", "http://localhost"), token("alice", &[])),
        (with("OPTIONS", page), refused()),
    ];
    check(&settings(&[]), &cases);

    cases.clear();
    for page in [page, "http://localhost:3000", "http://[::1]:3000"] {
        let allow = ("access-control-allow-origin", page);
        let preflight = [
            (
                "access-control-allow-headers",
                "Authorization, Content-Type",
            ),
            ("access-control-allow-methods", "GET"),
            allow,
        ];
        cases.push((with("GET", page), token("alice", &[allow])));
        cases.push((
            with("OPTIONS", page),
            answer(204, String::new(), &preflight),
        ));
        // A page may read errors too.
        let mut not_found = error(404, "not found");
        not_found
            .headers
            .insert(0, (allow.0.into(), allow.1.into()));
        let request = request("GET", "/", "localhost", &[&origin(page)]);
        cases.push((request, not_found));
    }
    for page in [
        "https://www.example.com:443",
        "http://www.example.com",
        "https://example.com",
        "https://www.example.com.evil.example",
        "https://www.example.co",
        "http://localhost",
        "http://localhost:30000",
        "null",
        "*",
        "",
    ] {
        cases.push((with("GET", page), token("alice", &[])));
        cases.push((with("OPTIONS", page), refused()));
    }
    let list = "https://www.example.com, http://localhost:3000,http://[::1]:3000";
    check(&settings(&[("TOKEN_ORIGINS", list)]), &cases);
}

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

#[test]
fn requests_beyond_limit_wait() {
    for host in [Host::C, Host::Go] {
        let server = Server::start(host, &settings(&[("TOKEN_LIMIT", "3")]));
        let request = get("/token?client=alice");
        let refused = loop {
            let begun = Instant::now();
            let answers: Vec<Answer> = (0..4).map(|_| server.ask(&request)).collect();
            let allowed = answers.iter().filter(|answer| answer.status == 200).count();
            let last = answers.into_iter().next_back().expect("four answers");
            if last.status == 429 {
                assert_eq!(allowed, 3, "{host:?}");
                break last;
            }
            // A busy machine took so long that another minute began.
            assert!(
                begun.elapsed() >= Duration::from_secs(59),
                "{host:?}: {last:?}"
            );
        };
        let wait = refused
            .headers
            .iter()
            .find(|(name, _)| name == "retry-after");
        let (_, wait) = wait.expect("a header").clone();
        assert!(
            (1..=60).contains(&wait.parse::<u32>().expect("seconds")),
            "{wait}"
        );
        let body = "{\"error\":\"too many requests\"}\n".to_owned();
        assert_eq!(refused, answer(429, body, &[("retry-after", &wait)]));

        let other = server.ask_from(ANOTHER_CLIENT, &request);
        assert_eq!(other.status, 200, "{host:?}: {other:?}");
    }
}

#[test]
fn slow_request_is_cut_off() {
    for host in [Host::C, Host::Go] {
        let server = Server::start(host, &settings(&[]));
        let mut connection = server.connect_from(Ipv4Addr::LOCALHOST);
        // The pace of the client: a byte at each end of this wait, so it is never idle.
        let pace = Some(Duration::from_millis(500));
        connection.set_read_timeout(pace).expect("set");
        let _ = connection.write_all(get("/token?client=alice").trim_end().as_bytes());
        let _ = connection.write_all(b"\r\nX: ");
        let begun = Instant::now();
        loop {
            match connection.read(&mut [0; 1024]) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
                    break;
                }
            }
            let _ = connection.write_all(b"x");
            assert!(
                begun.elapsed() < PATIENCE,
                "{host:?} still waits for the request"
            );
        }
    }
}

#[test]
fn connections_of_one_client_are_limited() {
    for host in [Host::C, Host::Go] {
        let server = Server::start(host, &settings(&[("TOKEN_CONNECTIONS", "2")]));
        let request = get("/token?client=alice");
        loop {
            let begun = Instant::now();
            let open = [(); 2].map(|()| server.connect_from(Ipv4Addr::LOCALHOST));
            let refused = server.bytes_for(Ipv4Addr::LOCALHOST, &request);
            let other = server.ask_from(ANOTHER_CLIENT, &request);
            assert_eq!(other.status, 200, "{host:?}: {other:?}");
            drop(open);
            if refused.is_empty() {
                break;
            }
            // A busy machine took so long that the server has closed the two.
            assert!(
                begun.elapsed() >= Duration::from_secs(4),
                "{host:?}: {refused}"
            );
        }
    }
}

/// The table of the documentation has each variable and each status.
#[test]
fn document_has_variables_and_statuses() {
    let file = root().join("docs/token-servers.md");
    let text = std::fs::read_to_string(file).expect("a document");
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
