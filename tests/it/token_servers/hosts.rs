//! Allowed hosts and origins.

use super::server::Answer;
use super::{answer, check, error, request, settings, token};

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
