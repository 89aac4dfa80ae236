//! inspect: the report for people and for scripts.

use serde_json::{Value, json};

use crate::support::scope::{Scope, scopes};
use crate::support::token::HEADER;
use crate::support::vectors::{cases, official, pairs, text};
use crate::{captoken, inspect, inspect_json, mint, outcome, say, sign, verify};

#[test]
fn inspect_describes_capability_tokens() {
    let token = mint(&[
        "--now=1400000000",
        "--allow-incoming=Alice",
        "--allow-outgoing=AP1",
        "--client-name=Bob",
        "--param=Foo=Bar",
        "--param=a b=c, d=\u{1f600}",
        "--event-stream",
        "--filter=type=call",
        "--not-before=1400000030",
    ]);
    let expected = "\
NOT VERIFIED: the signature was not checked

kind        capability token, for browsers; phones need an access token
account     AC1
incoming    as client Alice
outgoing    to application AP1 as client Bob, parameters: Foo=Bar, \"a b\"=\"c, d=\u{1f600}\"
events      of /2010-04-01/Events, filters: type=call
expires     2014-05-13T17:53:20Z, in 59 minutes 30 seconds
valid since 2014-05-13T16:53:50Z, 0 seconds ago

header {
  \"typ\": \"JWT\",
  \"alg\": \"HS256\"
}

payload {
  \"scope\": \"scope:client:incoming?clientName=Alice \
        scope:client:outgoing?appSid=AP1&appParams=\
        Foo%3DBar%26a%2520b%3Dc%252C%2520d%253D%25F0%259F%2598%2580\
        &clientName=Bob \
        scope:stream:subscribe?path=%2F2010-04-01%2FEvents&params=type%3Dcall\",
  \"iss\": \"AC1\",
  \"exp\": 1400003600,
  \"nbf\": 1400000030
}
";
    assert_eq!(inspect(&token, "1400000030"), expected);
}

#[test]
fn inspect_shows_times_relative_to_now() {
    let token = say(&json!({"exp": 1_400_003_600, "nbf": 1_400_000_000, "iat": 1_400_000_000}));
    let lines = |now| {
        let said = inspect(&token, now);
        let times = said.lines().skip(5).take(3).map(str::to_owned);
        times.collect::<Vec<_>>()
    };
    assert_eq!(
        lines("1399999999"),
        [
            "expires     2014-05-13T17:53:20Z, in 1 hour 1 second",
            "valid from  2014-05-13T16:53:20Z, in 1 second",
            "issued      2014-05-13T16:53:20Z, in 1 second",
        ]
    );
    assert_eq!(
        lines("1400003600")[0],
        "expired     2014-05-13T17:53:20Z, 0 seconds ago"
    );
    assert_eq!(
        lines("1400273599"),
        [
            "expired     2014-05-13T17:53:20Z, 3 days 2 hours ago",
            "valid since 2014-05-13T16:53:20Z, 3 days 3 hours ago",
            "issued      2014-05-13T16:53:20Z, 3 days 3 hours ago",
        ]
    );
}

#[test]
fn inspect_names_problems_of_unverifiable_tokens() {
    let shown = |token: &str| {
        let said = inspect(token, "1000");
        let line = said.lines().find(|line| line.starts_with("problem"));
        line.expect("a problem").to_owned()
    };
    let problem = |what| format!("problem     the token is {what}");
    for header in [r#"{"alg":"none"}"#, r#"{"alg":"RS256","kid":"x"}"#, "{}"] {
        let token = sign(header, r#"{"exp":1}"#);
        assert_eq!(shown(&token), problem("not signed with HS256"));
        assert_eq!(
            inspect_json(&token, "1")["problem"],
            "the token is not signed with HS256"
        );
    }
    let token = mint(&[]);
    let (signing_input, _) = token.rsplit_once('.').expect("a signature");
    assert!(inspect(&format!("{signing_input}."), "1").contains("account     AC1"));

    for payload in [
        "{}",
        r#"{"exp":null}"#,
        r#"{"exp":"soon"}"#,
        r#"{"exp":"+5"}"#,
        r#"{"exp":1,"exp":2}"#,
        r#"{"exp":[[[]]]}"#,
        r#"{"exp":1e400}"#,
        r#"{"exp":{"$serde_json::private::RawValue":"5"}}"#,
    ] {
        let token = sign(HEADER, payload);
        assert_eq!(shown(&token), problem("malformed"), "{payload}");
        let said = inspect(&token, "0");
        assert!(said.contains("\nexpires     unknown"), "{said}");
        let code = verify(&token, "0").code;
        assert_eq!(code, Some(16), "{payload}");
    }
    let said = inspect(&say(&json!({"iss": 5, "scope": []})), "1000");
    for line in [
        "issuer      unknown",
        "permissions none",
        "expires     unknown (no valid exp)",
    ] {
        assert!(said.lines().any(|other| other == line), "{said}");
    }
}

#[test]
fn inspect_ignores_white_space_around_objects() {
    let token = sign(" {\"alg\":\"HS256\"}\n", "\n\t{ \"iss\":\"AC1\"} ");
    let said = inspect(&token, "0");
    let objects = "\n\nheader {\n  \"alg\": \"HS256\"\n}\n\npayload {\n  \"iss\": \"AC1\"\n}\n";
    assert!(said.ends_with(objects), "{said}");
    let json = inspect_json(&token, "0");
    assert_eq!(json["payload"], json!({"iss": "AC1"}));
}

/// Both commands must agree about every token.
#[test]
fn inspect_reads_times_like_verify() {
    for (exp, expires_at, words) in [
        (
            r#""1400000600""#,
            "1400000600",
            "2014-05-13T17:03:20Z, in 10 minutes",
        ),
        (
            "1400000000.5",
            "1400000000.5",
            "2014-05-13T16:53:20Z, in 0 seconds",
        ),
        ("1e300", "1e300", "1e300 seconds after 1970"),
        (
            "253402300799",
            "253402300799",
            "9999-12-31T23:59:59Z, in 7985 years 5 months",
        ),
        (
            "253402300800",
            "253402300800",
            "2.534023008e11 seconds after 1970",
        ),
        (
            r#""99999999999999999999""#,
            "1e20",
            "1e20 seconds after 1970",
        ),
        (
            "9007199254740992.0",
            "9007199254740992",
            "9.007199254740992e15 seconds after 1970",
        ),
        (
            "9007199254740994",
            "9007199254740994.0",
            "9.007199254740994e15 seconds after 1970",
        ),
        (
            "14000006e2",
            "1400000600",
            "2014-05-13T17:03:20Z, in 10 minutes",
        ),
    ] {
        let token = sign(HEADER, &format!("{{\"exp\":{exp}}}"));
        let json = inspect_json(&token, "1400000000");
        let expires_at: Value = serde_json::from_str(expires_at).expect("JSON");
        assert_eq!(json["expires_at"], expires_at);
        assert_eq!(json["expired"], false);
        assert_eq!(json["problem"], Value::Null);
        assert_eq!(verify(&token, "1400000000").code, Some(0), "{exp}");
        let said = inspect(&token, "1400000000");
        assert!(said.contains(&format!("\nexpires     {words}\n")), "{said}");
    }
    for (time, read) in [
        (r#""99999999999999999999""#, json!(1e20)),
        ("60.0", json!(60)),
        ("-1.5", json!(-1.5)),
        (r#""+60""#, Value::Null),
        (r#""60.0""#, Value::Null),
        (r#""""#, Value::Null),
        (r#""1e400""#, Value::Null),
        ("null", Value::Null),
    ] {
        let payload = format!("{{\"exp\":{time},\"nbf\":{time},\"iat\":{time}}}");
        let json = inspect_json(&sign(HEADER, &payload), "0");
        for member in ["expires_at", "not_before", "issued_at"] {
            assert_eq!(json[member], read, "{member} {time}");
        }
    }
    let json = inspect_json(&say(&json!({"exp": -1})), "0");
    assert_eq!(
        (&json["expires_at"], &json["expired"]),
        (&json!(-1), &json!(true))
    );
}

#[test]
fn unknown_scopes_are_shown_unchanged() {
    let others = [
        "scope:client:incoming",
        "scope:client:incoming?clientname=Alice",
        "scope:client:incoming?clientName=Alice&clientName=Bob",
        "scope:client:outgoing?appSid=AP1&more=1",
        "scope:stream:publish?path=x",
        "all",
        // Not UTF-8: in a value, in a key, in a pair, next to its replacement character.
        "scope:client:incoming?clientName=%FF",
        "scope:client:incoming?clientName=Alice&%C3=",
        "scope:client:outgoing?appSid=AP1&appParams=a%3D%25e2%2582",
        "scope:stream:subscribe?path=%F0%EF%BF%BD",
    ];
    let json = inspect_json(&say(&json!({"scope": others.join(" ")})), "0");
    let expected: Vec<_> = others
        .iter()
        .map(|scope| json!({"kind": "other", "scope": scope}))
        .collect();
    assert_eq!(json["scopes"], json!(expected));
    let said = inspect(&say(&json!({"scope": others.join(" ")})), "0");
    assert!(
        said.contains("other       \"scope:client:incoming?clientname=Alice\"\n"),
        "{said}"
    );
    assert!(said.contains("other       all\n"), "{said}");

    // A replacement character that was signed is no error.
    let scope = "scope:client:incoming?clientName=%ef%bf%BD\u{fffd}%C3%A9";
    let json = inspect_json(&say(&json!({"scope": scope})), "0");
    assert_eq!(json["scopes"][0]["client_name"], "\u{fffd}\u{fffd}é");
}

#[test]
fn json_scopes_match_recorded_tokens() {
    for case in &cases() {
        let token = official(case, text(&case["tokens"][0]["sdks"][0]));
        let json = inspect_json(token, "0");
        let claims = &json["payload"];
        let mut expected = scopes(claims);
        let mut read: Vec<_> = json["scopes"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|scope| {
                let mut query = Vec::new();
                for (key, member) in [
                    ("appSid", "application_sid"),
                    ("clientName", "client_name"),
                    ("path", "path"),
                ] {
                    if let Some(value) = scope[member].as_str() {
                        query.push((key.to_owned(), value.to_owned()));
                    }
                }
                let (name, params) = match text(&scope["kind"]) {
                    "incoming" => ("scope:client:incoming", &json!([])),
                    "outgoing" => ("scope:client:outgoing", &scope["params"]),
                    "events" => ("scope:stream:subscribe", &scope["filters"]),
                    other => panic!("{}: {other}", case["name"]),
                };
                Scope {
                    name: name.to_owned(),
                    query,
                    params: pairs(params),
                }
            })
            .collect();
        expected.sort();
        read.sort();
        assert_eq!(read, expected, "{}", case["name"]);
    }
}

#[test]
fn inspect_json_has_documented_members() {
    let header = r#"{ "typ":"JWT", "alg":"HS256","x":1.50 }"#;
    let payload = "{\"iss\":\"AC1\",\n\"scope\":\"scope:client:incoming?clientName=Alice\",\"exp\":60,\
                   \"nbf\":30,\"iat\":10,\"a\":1,\"a\":1e2}";
    let token = sign(header, payload);
    let outcome = outcome(
        &mut captoken(&["inspect", "--json", "--now=60", &token]),
        "",
    );
    // Spelled as in the token, except for line breaks.
    assert_eq!(
        outcome.out,
        format!(
            "{{\"verified\":false,\"kind\":\"capability\",\"account\":\"AC1\",\"api_key\":null,\
             \"issuer\":\"AC1\",\"region\":null,\"identity\":null,\
             \"scopes\":[{{\"kind\":\"incoming\",\"client_name\":\"Alice\"}}],\"grants\":[],\
             \"expires_at\":60,\"expired\":true,\"not_before\":30,\"issued_at\":10,\"problem\":null,\
             \"warnings\":[],\"header\":{header},\"payload\":{}}}\n",
            payload.replace('\n', " ")
        )
    );
    outcome.json();
}

/// An attacker's token may try to make the terminal hide it, or show something else.
#[test]
fn inspect_escapes_control_characters() {
    let bad = "\u{1b}[2J\u{7}\u{8}\r\n\u{7f}\u{85}\u{9b}31m\u{9d}\u{202e}\u{2066}\u{200f}\u{2028}\u{feff}\u{e0041}x";
    let encoded: String = bad.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let twice = encoded.replace('%', "%25");
    let scope = format!(
        "scope:client:incoming?clientName={encoded} \
         scope:client:outgoing?appSid={encoded}&appParams={twice}%3D{twice}&clientName={encoded} \
         scope:stream:subscribe?path={encoded}&params={twice}%3D{twice} {bad}"
    );
    // In the payload as characters, in the scope also percent-encoded.
    let payload = json!({"iss": bad, "scope": scope, bad: [bad], "exp": bad}).to_string();
    let header = format!("{{\r\n\t\"alg\":\"HS256\",\"kid\":{}}}", json!(bad));
    let token = sign(&header, &payload);
    let inspect = ["inspect", "--quiet", &token];
    for arguments in [&inspect[..], &[&inspect[..], &["--json"]].concat()] {
        let said = outcome(&mut captoken(arguments), "").printed();
        for character in said.chars() {
            let is_harmless = character == '\n'
                || character.escape_debug().len() == 1
                || matches!(character, '"' | '\'' | '\\');
            assert!(is_harmless, "{character:?}: {said}");
        }
        if arguments.len() == 3 {
            assert_eq!(said.lines().count(), 24, "{said}");
            assert!(
                said.contains(r#"incoming    as client "\u{1b}[2J\u{7}"#),
                "{said}"
            );
        } else {
            let json: Value = serde_json::from_str(&said).expect("JSON");
            assert_eq!(json["issuer"], bad);
            assert_eq!(json["payload"][bad], json!([bad]));
            assert_eq!(json["scopes"][0]["client_name"], bad);
        }
    }
    // Errors are harmless, too.
    let outcome = outcome(&mut captoken(&["inspect", "\u{1b}[2J.\u{9b}.\u{202e}"]), "");
    assert_eq!(outcome.code, Some(16));
    assert!(
        outcome
            .err
            .trim_end()
            .bytes()
            .all(|byte| (b' '..=b'~').contains(&byte)),
        "{outcome:?}"
    );
}

#[test]
fn json_output_keeps_every_character() {
    let all: String = ('\0'..=char::MAX).collect();
    let payload = json!({"all": all, "some": "\u{202e}\u{9b}\u{e0001}é"}).to_string();
    let token = sign("{\r\n\t\"alg\" : \"HS256\"\n}", &payload);
    let said = outcome(&mut captoken(&["inspect", "--json", "-"]), token).printed();
    let line = said.strip_suffix('\n').expect("a line");
    assert!(!line.chars().any(char::is_control));
    assert!(line.contains(r#""some":"\u202e\u009b\udb40\udc01é""#));
    assert!(line.contains(r#""header":{   "alg" : "HS256" }"#));
    let json: Value = serde_json::from_str(line).expect("JSON");
    assert!(json["payload"]["all"] == all);
}

#[test]
fn ambiguous_words_are_quoted() {
    for (issuer, word) in [
        ("AC123", "AC123"),
        ("", r#""""#),
        ("a, b=c", r#""a, b=c""#),
        (
            "a\u{1b}\n\"\u{202e}\u{85}",
            r#""a\u{1b}\n\"\u{202e}\u{85}""#,
        ),
    ] {
        let said = inspect(&say(&json!({"iss": issuer, "scope": ""})), "0");
        assert!(said.contains(&format!("\naccount     {word}\n")), "{said}");
    }
}
